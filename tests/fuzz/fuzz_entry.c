/*
 * Stored entries, as they may come back from Redis. The input is one as a
 * person would write it down, a line for each field and the body last:
 *
 *     v 1
 *     target /2.3.0/spacecraft/?limit=100
 *     kind window
 *     sum right
 *     body {"id":1},{"id":2}
 *
 * `sum right` stands for the sum that these fields have, which no mutation
 * would ever hit. What is read must be whole, and be the same when it is
 * written and read again; with any byte of any field changed it must be the
 * same still, or nothing.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "policy/entry.h"

#define CAP (4UL * 1024 * 1024)

static void read_lines(struct str text, struct str fields[static ENTRY_FIELDS])
{
	while (text.n) {
		struct str line = text;
		struct str name = fuzz_word(&line);

		if (str_eq(name, STR("body"))) {
			/* To the end, but for an editor's last newline. */
			fields[ENTRY_FIELD_BODY] = line;
			if (str_ends(line, STR("\n")))
				fields[ENTRY_FIELD_BODY].n--;
			return;
		}
		line = fuzz_line(&text);
		name = fuzz_word(&line);
		for (size_t i = 0; i < ENTRY_FIELDS; i++)
			if (str_eq(name, str_from(entry_field_names[i])))
				fields[i] = line;
	}
}

/* The sum as policy/entry.c makes it: over all fields but itself, the body by its own hash. */
static void right_sum(const struct str fields[static ENTRY_FIELDS], char sum[static HASH_HEX_BYTES])
{
	struct buf all = buf_init(CAP);
	char body[HASH_HEX_BYTES];

	for (size_t i = 0; i < ENTRY_FIELD_SUM; i++) {
		buf_put(&all, fields[i]);
		buf_put_char(&all, '\n');
	}
	hash_hex(fields[ENTRY_FIELD_BODY], body);
	buf_put(&all, (struct str){ body, sizeof(body) });
	hash_hex(buf_str(&all), sum);
	buf_release(&all);
}

static bool same(const struct entry *a, const struct entry *b)
{
	return a->kind == b->kind && a->status == b->status && a->again == b->again &&
	       str_eq(a->target, b->target) && a->fetched.ms == b->fetched.ms &&
	       a->fresh_until.ms == b->fresh_until.ms && a->usable_until.ms == b->usable_until.ms &&
	       a->count == b->count && a->n == b->n &&
	       (a->n == 0 || memcmp(a->ends, b->ends, a->n * sizeof(*a->ends)) == 0) &&
	       str_eq(a->ids, b->ids) && str_eq(a->body, b->body);
}

static void check_whole(const struct entry *e)
{
	size_t from = 0;

	must(e->status >= 200 && e->status <= 599, "a status is one of HTTP's");
	must(e->count >= 0, "a count is not negative");
	must(e->kind == ENTRY_WINDOW || e->n == 0, "only windows hold objects");
	must(e->n <= LIMIT_WINDOW_OBJECTS, "the cap on objects holds");
	for (uint32_t i = 0; i < e->n; i++) {
		struct str object = entry_slice(e, i, i + 1);

		must(object.p == e->body.p + from, "objects follow one another");
		must(str_starts(object, STR("{")) && str_ends(object, STR("}")),
		     "a slice is an object");
		from += object.n + 1;
		must(from == e->body.n + 1 || e->body.p[from - 1] == ',',
		     "a comma stands between objects");
	}
	must(e->n == 0 || from == e->body.n + 1, "the objects are the body");
	if (e->n)
		must(str_eq(entry_slice(e, 0, e->n), e->body), "all objects are the body");
}

static void check_round_trip(const struct entry *e, struct buf *scratch,
			     struct str fields[static ENTRY_FIELDS])
{
	struct entry *again;

	must(entry_write(e, scratch, fields), "an entry can be written");
	again = entry_read(fields);
	must(again && same(e, again), "an entry reads back the same");
	entry_unref(again);
}

static void check_changed(const struct entry *e, const struct str fields[static ENTRY_FIELDS],
			  size_t field, size_t at)
{
	struct str changed[ENTRY_FIELDS];
	struct entry *other;
	char *copy = strndup(fields[field].p, fields[field].n);

	memcpy(changed, fields, sizeof(changed));
	if (copy && strlen(copy) == fields[field].n) {
		copy[at] ^= 1;
		changed[field].p = copy;
		other = entry_read(changed);
		must(!other || same(e, other), "a changed field is noticed");
		entry_unref(other);
		changed[field].n = at;
		other = entry_read(changed);
		must(!other, "a field that was cut is noticed");
		entry_unref(other);
	}
	free(copy);
}

static void check(const struct entry *e, uint64_t seed)
{
	struct buf scratch = buf_init(CAP);
	struct str fields[ENTRY_FIELDS];

	check_whole(e);
	check_round_trip(e, &scratch, fields);
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		if (fields[i].n)
			check_changed(e, fields, i, seed % fields[i].n);
	buf_release(&scratch);
}

/* If the sum were made in another way than here, every input would be refused and nothing tested.
 */
static void check_right_sum(void)
{
	const struct entry e = { .kind = ENTRY_OBJECT, .status = 200, .body = STR("{}") };
	struct buf scratch = buf_init(CAP);
	struct str fields[ENTRY_FIELDS];
	char sum[HASH_HEX_BYTES];

	must(entry_write(&e, &scratch, fields), "an entry can be written");
	right_sum(fields, sum);
	must(str_eq(fields[ENTRY_FIELD_SUM], (struct str){ sum, sizeof(sum) }),
	     "the sum is made as this target makes it");
	buf_release(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str fields[ENTRY_FIELDS] = { { NULL, 0 } };
	struct str text = fuzz_input(data, size);
	char sum[HASH_HEX_BYTES];
	struct entry *e;

	check_right_sum();
	read_lines(text, fields);
	if (str_eq(fields[ENTRY_FIELD_SUM], STR("right"))) {
		right_sum(fields, sum);
		fields[ENTRY_FIELD_SUM] = (struct str){ sum, sizeof(sum) };
	}
	e = entry_read(fields);
	if (e)
		check(e, hash64(text));
	entry_unref(e);
	return 0;
}
