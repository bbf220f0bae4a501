#include "unit/table.h"

#include "policy/crawl.h"

static int64_t number(struct str text)
{
	int64_t n = 0;

	assert_true(str_to_i64(text, &n));
	return n;
}

static void the_table_of_walks(void **state)
{
	struct crawls crawls = { 0 };
	int64_t now_ms = 1;
	struct table t;

	(void)state;
	table_open(&t, "crawl.tsv", 7);
	while (table_next(&t)) {
		struct crawl_page page = { .key = (uint64_t)number(t.field[1]),
					   .offset = number(t.field[3]),
					   .limit = number(t.field[4]),
					   .count = number(t.field[5]),
					   .window = 100 };
		char text[24] = "-";
		int64_t next;

		if (str_eq(t.field[0], STR("begin")))
			crawls = (struct crawls){ 0 };
		now_ms += number(t.field[2]) * 1000;
		next = crawl_note(&crawls, &page, (struct mono){ now_ms });
		if (next >= 0)
			snprintf(text, sizeof(text), "%lld", (long long)next);
		table_expect(&t, "next", t.field[6], str_from(text));
	}
	assert_true(t.rows > 30);
	table_close(&t);
}

/* Whatever the size of its pages: a walk of the whole list names each window once, before it is
 * needed; and one that stops anywhere has named one at most that it did not need. */
static void a_walk_names_each_window_once_and_at_most_one_too_many(void **state)
{
	(void)state;
	for (int64_t limit = 1; limit <= 100; limit++) {
		struct crawls crawls = { 0 };
		int64_t named = 0;

		for (int64_t offset = 0; offset < 1000; offset += limit) {
			const struct crawl_page page = { .key = 7,
							 .offset = offset,
							 .limit = limit,
							 .count = 1000,
							 .window = 100 };
			int64_t next = crawl_note(&crawls, &page, (struct mono){ offset });

			if (next < 0)
				continue;
			assert_true(next > named && next % 100 == 0 && next < 1000);
			/* It is the one right behind what the page itself needs. */
			assert_true(next - (offset + limit) >= 0 && next - (offset + limit) < 100);
			named = next;
		}
		assert_int_equal(named, 900);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_walks),
		cmocka_unit_test(a_walk_names_each_window_once_and_at_most_one_too_many),
	};

	return cmocka_run_group_tests_name("crawl", tests, NULL, NULL);
}
