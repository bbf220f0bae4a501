#include "unit/test.h"

#include "api/window.h"

static void windows_begin_at_multiples(void **state)
{
	(void)state;
	assert_int_equal(window_start(0, 100), 0);
	assert_int_equal(window_start(99, 100), 0);
	assert_int_equal(window_start(100, 100), 100);
	assert_int_equal(window_start(326, 100), 300);
	assert_true(window_start(1000000000000000, 100) == 1000000000000000);
	assert_int_equal(window_start(1500, 500), 1500);
}

static void pages_are_cut_at_the_count(void **state)
{
	static const struct {
		int64_t offset, limit, count, from, to;
	} cases[] = {
		{ 0, 10, 596, 0, 10 },	    { 326, 10, 596, 326, 336 }, { 590, 10, 596, 590, 596 },
		{ 595, 10, 596, 595, 596 }, { 596, 10, 596, 596, 596 }, { 700, 10, 596, 596, 596 },
		{ 0, 10, 0, 0, 0 },	    { 5, 10, 0, 0, 0 },		{ 0, 100, 7, 0, 7 },
		{ 95, 10, 1000, 95, 105 },
	};
	struct span far = window_page(1000000000000000, 100, 596);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct span page = window_page(cases[i].offset, cases[i].limit, cases[i].count);

		if (page.from != cases[i].from || page.to != cases[i].to)
			fail_msg("row %zu: %lld to %lld", i, (long long)page.from,
				 (long long)page.to);
	}
	assert_int_equal(far.to - far.from, 0);
}

static void a_window_holds_what_its_count_says(void **state)
{
	(void)state;
	assert_int_equal(window_expected(0, 100, 596), 100);
	assert_int_equal(window_expected(500, 100, 596), 96);
	assert_int_equal(window_expected(500, 100, 600), 100);
	assert_int_equal(window_expected(500, 100, 500), 0);
	assert_int_equal(window_expected(600, 100, 596), 0);
	assert_int_equal(window_expected(0, 100, 0), 0);
	assert_int_equal(window_expected(0, 100, 7), 7);
	assert_int_equal(window_expected(0, 100, INT64_MAX), 100);
	assert_int_equal(window_expected(1000000000000000, 100, INT64_MAX), 100);
}

static void ids_in_both_windows(void **state)
{
	(void)state;
	assert_true(window_ids_overlap(STR("1,2,3"), STR("3,4")));
	assert_true(window_ids_overlap(STR("1"), STR("1")));
	assert_true(window_ids_overlap(STR("7,1"), STR("9,8,7")));
	assert_false(window_ids_overlap(STR("1,2,3"), STR("4,5")));
	assert_false(window_ids_overlap(STR("1,12"), STR("2,121")));
	assert_false(window_ids_overlap(STR(""), STR("")));
	assert_false(window_ids_overlap(STR("1"), STR("")));
	/* Objects without an id have an empty one, which says nothing. */
	assert_false(window_ids_overlap(STR(",,"), STR(",,")));
	assert_true(window_ids_overlap(STR(",5,"), STR(",,5")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_begin_at_multiples),
		cmocka_unit_test(pages_are_cut_at_the_count),
		cmocka_unit_test(a_window_holds_what_its_count_says),
		cmocka_unit_test(ids_in_both_windows),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
