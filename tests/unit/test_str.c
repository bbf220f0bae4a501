#include "unit/test.h"

static void equality_is_of_bytes_and_length(void **state)
{
	(void)state;
	assert_true(str_eq(STR("ab"), STR("ab")));
	assert_true(str_eq((struct str){ NULL, 0 }, STR("")));
	assert_false(str_eq(STR("ab"), STR("aB")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_true(str_eq_nocase(STR("Host"), STR("hOST")));
	assert_false(str_eq_nocase(STR("Host"), STR("Hos")));
	assert_false(str_eq_nocase(STR("k"), STR("\xE2")));
}

static void order_is_of_unsigned_bytes(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR("a"), STR("a")), 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_true(str_cmp((struct str){ NULL, 0 }, STR("a")) < 0);
	assert_true(str_cmp(STR("z"), STR("\xC3\xA9")) < 0);
	assert_true(str_cmp(STR("Z"), STR("_")) < 0);
}

static void beginnings_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_true(str_starts(STR("abc"), STR("")));
	assert_true(str_starts((struct str){ NULL, 0 }, STR("")));
	assert_false(str_starts(STR("ab"), STR("abc")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_true(str_ends(STR("abc"), STR("")));
	assert_false(str_ends(STR("bc"), STR("abc")));
	assert_false(str_ends(STR("abc"), STR("ab")));
	assert_int_equal(str_find(STR("abcb"), 'b'), 1);
	assert_int_equal(str_find(STR("abc"), 'x'), 3);
	assert_int_equal(str_find((struct str){ NULL, 0 }, 'x'), 0);
}

static void words_are_cut_at_blanks(void **state)
{
	struct str rest = STR("  one two   three\t");

	(void)state;
	assert_view(str_cut_word(&rest), "one");
	assert_view(rest, "two   three");
	assert_view(str_cut_word(&rest), "two");
	assert_view(str_cut_word(&rest), "three");
	assert_int_equal(rest.n, 0);
	assert_view(str_cut_word(&rest), "");
	rest = (struct str){ NULL, 0 };
	assert_view(str_cut_word(&rest), "");
}

static void cut_takes_pieces_off_the_front(void **state)
{
	struct str rest = STR("a,,b,");

	(void)state;
	assert_view(str_cut(&rest, ','), "a");
	assert_view(str_cut(&rest, ','), "");
	assert_view(str_cut(&rest, ','), "b");
	assert_int_equal(rest.n, 0);
	rest = STR("whole");
	assert_view(str_cut(&rest, ','), "whole");
	assert_int_equal(rest.n, 0);
	rest = (struct str){ NULL, 0 };
	assert_view(str_cut(&rest, ','), "");
	assert_int_equal(rest.n, 0);
}

static void trim_takes_ascii_blanks(void **state)
{
	(void)state;
	assert_view(str_trim(STR(" \t\r\n a b \n")), "a b");
	assert_view(str_trim(STR(" \t ")), "");
	assert_view(str_trim(STR("\xC2\xA0x")), "\xC2\xA0x");
	assert_view(str_trim((struct str){ NULL, 0 }), "");
}

static void numbers_up_to_the_edges(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "007", true, 7 },
		{ "-12", true, -12 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775809", false, 0 },
		{ "92233720368547758070", false, 0 },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "--1", false, 0 },
		{ "+1", false, 0 },
		{ " 1", false, 0 },
		{ "1 ", false, 0 },
		{ "1.0", false, 0 },
		{ "0x10", false, 0 },
		{ "1e3", false, 0 },
		{ "\xD9\xA1", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = 4711;
		bool good = str_to_i64(str_from(cases[i].text), &got);

		if (good != cases[i].good || got != (good ? cases[i].value : 4711))
			fail_msg("`%s`: %d, %lld", cases[i].text, good, (long long)got);
	}
}

static void globs_end_in_a_star_or_not(void **state)
{
	(void)state;
	assert_true(str_glob(STR("utm_*"), STR("utm_source")));
	assert_true(str_glob(STR("utm_*"), STR("utm_")));
	assert_false(str_glob(STR("utm_*"), STR("utm")));
	assert_true(str_glob(STR("*"), STR("")));
	assert_true(str_glob(STR("_"), STR("_")));
	assert_false(str_glob(STR("_"), STR("_t")));
	assert_false(str_glob(STR("a*b"), STR("axb")));
	assert_false(str_glob(STR(""), STR("a")));
}

static void digits_of_numbers(void **state)
{
	char text[STR_U64_BYTES];

	(void)state;
	assert_view(str_of_u64(0, text), "0");
	assert_view(str_of_u64(1090, text), "1090");
	assert_view(str_of_u64(UINT64_MAX, text), "18446744073709551615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_is_of_bytes_and_length),
		cmocka_unit_test(order_is_of_unsigned_bytes),
		cmocka_unit_test(beginnings_and_ends),
		cmocka_unit_test(cut_takes_pieces_off_the_front),
		cmocka_unit_test(words_are_cut_at_blanks),
		cmocka_unit_test(trim_takes_ascii_blanks),
		cmocka_unit_test(numbers_up_to_the_edges),
		cmocka_unit_test(digits_of_numbers),
		cmocka_unit_test(globs_end_in_a_star_or_not),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
