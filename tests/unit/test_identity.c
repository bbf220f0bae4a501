#include "unit/test.h"

#include "policy/identity.h"

static void lines_read_as_the_header_says(void **state)
{
	struct identity_line l;

	(void)state;
	assert_null(identity_parse(STR("main - token_file=/etc/perigee/main.key"), &l));
	assert_view(l.identity.name, "main");
	assert_int_equal(l.identity.quota.calls, 0);
	assert_view(l.token_file, "/etc/perigee/main.key");
	assert_int_equal(l.identity.token.n, 0);
	assert_null(identity_parse(STR("  second\t60/3600   token=0123=abc  "), &l));
	assert_view(l.identity.name, "second");
	assert_int_equal(l.identity.quota.calls, 60);
	assert_int_equal(l.identity.quota.window_ms, 3600000);
	assert_view(l.identity.token, "0123=abc");
	assert_int_equal(l.token_file.n, 0);
	assert_null(identity_parse(STR("address 15/3600 anonymous"), &l));
	assert_int_equal(l.identity.token.n + l.token_file.n, 0);
}

static void what_cannot_be_is_refused_without_telling_the_key(void **state)
{
	static const char *const lines[] = {
		"main",
		"main -",
		"main - hunter2",
		"main - token=",
		"main - token",
		"main - token_file=",
		"main - token=hunter2\x01",
		"main - token=hunter2\xc3\xa9",
		"main - token=hunter2 more",
		"main 15 token=hunter2",
		"main 0/3600 token=hunter2",
		"ma/in - token=hunter2",
		"ma#in - token=hunter2",
		"a-name-that-is-longer-than-it-may-be - anonymous",
		"- - anonymous and more",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct identity_line l;
		const char *why = identity_parse(str_from(lines[i]), &l);

		if (!why)
			fail_msg("`%s` is taken", lines[i]);
		assert_lacks(str_from(why), "hunter2");
	}
}

static void names_are_known(void **state)
{
	const struct identities ids = { .list = { { .name = STR("a") }, { .name = STR("b") } },
					.n = 2 };

	(void)state;
	assert_true(identities_have(&ids, STR("b")));
	assert_false(identities_have(&ids, STR("c")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_read_as_the_header_says),
		cmocka_unit_test(what_cannot_be_is_refused_without_telling_the_key),
		cmocka_unit_test(names_are_known),
	};

	return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
