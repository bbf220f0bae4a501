#include "unit/test.h"

#include "base/secret.h"

static void only_the_secret_matches(void **state)
{
	static const char secret[] = "correct horse battery";
	static const char *const wrong[] = {
		"",
		"c",
		"correct horse batter",
		"correct horse battery ",
		"Correct horse battery",
		"correct horse batterx",
		"correct horse batterycorrect horse battery",
	};

	(void)state;
	assert_true(secret_matches(str_from(secret), str_from(secret)));
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (secret_matches(str_from(secret), str_from(wrong[i])))
			fail_msg("taken for the secret: `%s`", wrong[i]);
}

/* Where there is none, nothing is it: an empty claim least of all. */
static void no_secret_is_matched_by_nothing(void **state)
{
	(void)state;
	assert_false(secret_matches(STR(""), STR("")));
	assert_false(secret_matches((struct str){ NULL, 0 }, (struct str){ NULL, 0 }));
	assert_false(secret_matches((struct str){ NULL, 0 }, STR("x")));
	assert_false(secret_matches(STR("x"), (struct str){ NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_secret_matches),
		cmocka_unit_test(no_secret_is_matched_by_nothing),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
