#include "unit/test.h"

#include "policy/mode.h"

static void every_word_reads_back(void **state)
{
	(void)state;
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		enum mode read = MODE_COUNT;

		assert_true(mode_parse(str_from(mode_word(mode)), &read));
		assert_int_equal(read, mode);
	}
	assert_string_equal(mode_word(MODE_NORMAL), "normal");
	assert_string_equal(mode_word(MODE_AVOID), "avoid");
	assert_string_equal(mode_word(MODE_NEVER), "never");
}

static void anything_else_is_none_and_changes_nothing(void **state)
{
	static const char *const others[] = { "", "Never", "neve", "nevers", "never ", "bypass" };
	enum mode mode = MODE_AVOID;

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(mode_parse(str_from(others[i]), &mode));
	assert_int_equal(mode, MODE_AVOID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_reads_back),
		cmocka_unit_test(anything_else_is_none_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("mode", tests, NULL, NULL);
}
