#include "unit/test.h"

#include "base/fault.h"

static void every_row_can_be_answered_with(void **state)
{
	(void)state;
	for (enum fault f = FAULT_NONE; f < FAULT_COUNT; f++) {
		struct str word = str_from(fault_word(f));

		assert_in_range(fault_status(f), f ? 400 : 200, 599);
		assert_true(word.n > 0);
		assert_true(str_from(fault_title(f)).n > 0);
		/* The word becomes part of a URN and a token of Cache-Status. */
		for (size_t i = 0; i < word.n; i++)
			assert_true((word.p[i] >= 'a' && word.p[i] <= 'z') || word.p[i] == '-');
		for (enum fault g = FAULT_NONE; g < f; g++)
			assert_string_not_equal(fault_word(f), fault_word(g));
	}
}

static void statuses_that_clients_know(void **state)
{
	(void)state;
	assert_int_equal(fault_status(FAULT_MALFORMED), 400);
	assert_int_equal(fault_status(FAULT_PARAMETERS), 400);
	assert_int_equal(fault_status(FAULT_NOT_FOUND), 404);
	assert_int_equal(fault_status(FAULT_METHOD), 405);
	assert_int_equal(fault_status(FAULT_TOO_LONG), 414);
	assert_int_equal(fault_status(FAULT_NO_BUDGET), 429);
	assert_int_equal(fault_status(FAULT_UPSTREAM_DOWN), 502);
	assert_int_equal(fault_status(FAULT_STORE_DOWN), 503);
	assert_int_equal(fault_status(FAULT_UPSTREAM_SLOW), 504);
}

static void a_failure_is_filled_whole(void **state)
{
	struct fail f;

	(void)state;
	memset(&f, 0xFF, sizeof(f));
	assert_false(fail(&f, FAULT_NOT_FOUND, "no %s, %d", "such thing", 7));
	assert_int_equal(f.fault, FAULT_NOT_FOUND);
	assert_int_equal(f.retry_after_s, 0);
	assert_string_equal(f.text, "no such thing, 7");
}

static void a_long_text_is_cut(void **state)
{
	struct fail f;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail_set(&f, FAULT_INTERNAL, "%s", text);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_can_be_answered_with),
		cmocka_unit_test(statuses_that_clients_know),
		cmocka_unit_test(a_failure_is_filled_whole),
		cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
