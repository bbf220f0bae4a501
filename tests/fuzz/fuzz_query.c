/* Queries: sorting is stable and complete, and what is written reads back the same. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "http/query.h"

static bool same_pair(const struct pair *a, const struct pair *b)
{
	return str_eq(a->name, b->name) && str_eq(a->value, b->value);
}

static bool same(const struct query *a, const struct query *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_pair(&a->pairs[i], &b->pairs[i]))
			return false;
	return true;
}

/* The next pair of this name from `at` on; q->n when there is none. */
static size_t next_named(const struct query *q, struct str name, size_t at)
{
	while (at < q->n && !str_eq(q->pairs[at].name, name))
		at++;
	return at;
}

/* Every name's values stand in both in the same order. */
static void check_stable(const struct query *before, const struct query *after)
{
	for (size_t i = 0; i < before->n; i++) {
		struct str name = before->pairs[i].name;
		size_t from = next_named(before, name, 0);
		size_t to = next_named(after, name, 0);

		for (; from < i; from = next_named(before, name, from + 1))
			to = next_named(after, name, to + 1);
		must(to < after->n && same_pair(&before->pairs[from], &after->pairs[to]),
		     "sorting keeps the order of one name's values");
	}
}

static void check_sorted(const struct query *q)
{
	for (size_t i = 1; i < q->n; i++)
		must(str_cmp(q->pairs[i - 1].name, q->pairs[i].name) <= 0, "a sorted query is");
}

static struct query copy(const struct query *q, struct arena *a)
{
	struct query c = { arena_array(a, q->n, sizeof(struct pair)), q->n };

	if (q->n)
		memcpy(c.pairs, q->pairs, q->n * sizeof(struct pair));
	return c;
}

static void check(const struct query *q, struct arena *a)
{
	struct query sorted = copy(q, a);
	struct buf out = buf_init(LIMIT_REQUEST_BYTES);
	struct query again;
	struct fail why;

	must(q->n <= LIMIT_PARAMETERS, "the cap on parameters holds");
	query_sort(&sorted);
	must(sorted.n == q->n, "sorting loses nothing");
	check_sorted(&sorted);
	check_stable(q, &sorted);
	query_put(&out, &sorted);
	must(!out.failed, "there is room for the query");
	must(query_parse(buf_str(&out), a, &again, &why), "what was written is read");
	must(same(&sorted, &again), "what was written reads the same");
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(LIMIT_REQUEST_BYTES);
	struct query q;
	struct fail why;

	if (size <= LIMIT_TARGET_BYTES) {
		if (query_parse(fuzz_input(data, size), a, &q, &why))
			check(&q, a);
		else
			must(why.fault == FAULT_MALFORMED || why.fault == FAULT_TOO_LONG,
			     "a refused query is the client's fault");
	}
	arena_free(a);
	return 0;
}
