#include "unit/canon.h"
#include "unit/table.h"

#include "policy/cut.h"

#define LIST "/2.3.0/events/"

static uint32_t ends[LIMIT_WINDOW_OBJECTS];

static void understand(struct str query, struct canon *ret)
{
	struct buf target = buf_init(LIMIT_TARGET_BYTES);
	struct refusal refusal;

	buf_putf(&target, LIST "?%.*s", STR_ARG(query));
	if (!canon_request(catalog, &options, arena_dup(arena, buf_str(&target)), arena, ret,
			   &refusal))
		fail_msg("%.*s is refused", STR_ARG(query));
	buf_release(&target);
}

/* A window with an object for each of the moments: `24T09:00`. */
static struct entry *window_of(struct str moments, int64_t count)
{
	struct buf body = buf_init(100000);
	struct entry facts = { .kind = ENTRY_WINDOW, .count = count, .ends = ends };
	struct entry *e;

	while (moments.n) {
		struct str moment = str_cut(&moments, ' ');

		buf_putf(&body,
			 "%s{\"url\":\"\x01"
			 "events/%u/\",\"date\":",
			 facts.n ? "," : "", facts.n);
		if (str_eq(moment, STR("-")))
			buf_putf(&body, "null");
		else
			buf_putf(&body, "\"2026-11-%.*sZ\"", STR_ARG(moment));
		/* It was changed together with its date. */
		buf_putf(&body, ",\"last_updated\":\"2026-11-%.*sZ\"}", STR_ARG(moment));
		ends[facts.n++] = (uint32_t)body.n;
	}
	facts.body = buf_str(&body);
	e = entry_new(&facts);
	assert_non_null(e);
	buf_release(&body);
	return e;
}

static void describe(const struct cut *cut, struct buf *b)
{
	if (cut->kept) {
		buf_putf(b, "keep");
		for (uint32_t i = 0; i < cut->kept_n; i++)
			buf_putf(b, "%c%u", i ? ',' : ' ', cut->kept[i]);
	} else {
		buf_putf(b, "drop %u", cut->dropped);
	}
	if (cut->is_exact)
		buf_putf(b, " exact");
	if (cut->is_open)
		buf_putf(b, " open");
}

static void what_is_cut_off(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "cut.tsv", 4);
	while (table_next(&t)) {
		struct buf got = buf_init(1000);
		struct entry *e = window_of(t.field[0], table_number(&t, 1));
		struct canon c;
		struct cut cut;

		arena_reset(arena);
		understand(t.field[2], &c);
		assert_true(cut_find(e, &c.bounds, arena, &cut));
		describe(&cut, &got);
		if (str_eq(t.field[3], STR("none")))
			table_expect(&t, "cut", STR("drop 0"), buf_str(&got));
		else
			table_expect(&t, "cut", t.field[3], buf_str(&got));
		buf_release(&got);
		entry_unref(e);
	}
	table_close(&t);
}

static void what_is_cut_off_at_the_end(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "cut_end.tsv", 3);
	while (table_next(&t)) {
		struct str windows = t.field[0];
		struct buf got = buf_init(1000);
		struct cut cut = { .is_open = true };
		struct canon c;

		arena_reset(arena);
		understand(t.field[1], &c);
		while (windows.n) {
			struct str moments = str_trim(str_cut(&windows, '|'));
			struct entry *e = window_of(moments, 100);

			cut_end(e, &c.bounds, &cut);
			entry_unref(e);
		}
		buf_putf(&got, "%u %s", cut.trimmed,
			 cut.is_exact  ? "exact"
			 : cut.is_open ? "open"
				       : "none");
		table_expect(&t, "trimmed", t.field[2], buf_str(&got));
		buf_release(&got);
	}
	table_close(&t);
}

static void assert_span(struct span got, int64_t from, int64_t to)
{
	assert_int_equal(got.from, from);
	assert_int_equal(got.to, to);
}

static void pages_of_what_is_left(void **state)
{
	static const uint32_t kept[] = { 1, 3, 4 };
	const struct cut nothing = { .is_exact = true };
	const struct cut dropped = { .is_exact = true, .dropped = 4 };
	const struct cut both = { .is_exact = true, .dropped = 4, .trimmed = 6 };
	const struct cut some = { .is_exact = true, .kept = kept, .kept_n = 3 };
	const struct cut none = { .is_exact = true, .kept = kept, .kept_n = 0 };

	(void)state;
	assert_int_equal(cut_count(&nothing, 596), 596);
	assert_int_equal(cut_count(&dropped, 596), 592);
	/* Another window, fetched later, may know of fewer. */
	assert_int_equal(cut_count(&dropped, 3), 0);
	assert_int_equal(cut_count(&both, 596), 586);
	assert_span(cut_page(&both, 580, 10, 596), 584, 590);
	assert_span(cut_page(&both, 586, 10, 596), 590, 590);
	assert_span(cut_page(&both, 0, 10, 8), 2, 2);
	assert_int_equal(cut_count(&some, 5), 3);
	assert_int_equal(cut_count(&none, 5), 0);
	assert_span(cut_page(&nothing, 90, 10, 596), 90, 100);
	assert_span(cut_page(&dropped, 90, 10, 596), 94, 104);
	assert_span(cut_page(&dropped, 586, 10, 596), 590, 596);
	assert_span(cut_page(&dropped, 592, 10, 596), 596, 596);
	assert_span(cut_page(&dropped, LIMIT_OFFSET, 10, 596), 596, 596);
	assert_span(cut_page(&dropped, 0, 10, 3), 3, 3);
	assert_span(cut_page(&some, 0, 2, 5), 0, 2);
	assert_span(cut_page(&some, 2, 2, 5), 2, 3);
	assert_span(cut_page(&some, 4, 2, 5), 3, 3);
	assert_span(cut_page(&none, 0, 10, 5), 0, 0);
}

static void without_memory_it_says_so(void **state)
{
	struct arena *little = arena_new(0);
	struct entry *e = window_of(STR("24T08:00"), 1);
	struct canon c;
	struct cut cut;

	(void)state;
	assert_non_null(little);
	arena_reset(arena);
	understand(STR("date__gte=2026-11-24T09:35Z"), &c);
	assert_false(cut_find(e, &c.bounds, little, &cut));
	entry_unref(e);
	arena_free(little);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_cut_off),
		cmocka_unit_test(what_is_cut_off_at_the_end),
		cmocka_unit_test(pages_of_what_is_left),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests_name("cut", tests, set_up, tear_down);
}
