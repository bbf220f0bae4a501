#include "unit/test.h"

#include "http/request.h"

static void methods_are_case_sensitive(void **state)
{
	static const struct {
		const char *text;
		enum method method;
	} cases[] = {
		{ "GET", METHOD_GET },	   { "HEAD", METHOD_HEAD }, { "OPTIONS", METHOD_OPTIONS },
		{ "POST", METHOD_OTHER },  { "get", METHOD_OTHER }, { "GETT", METHOD_OTHER },
		{ "PURGE", METHOD_OTHER }, { "", METHOD_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request req = { .method = str_from(cases[i].text) };

		assert_int_equal(request_method(&req), cases[i].method);
	}
}

static void only_if_cached_among_directives(void **state)
{
	static const struct {
		const char *text;
		bool held;
	} cases[] = {
		{ "only-if-cached", true },
		{ "Only-If-Cached", true },
		{ "max-age=0, only-if-cached", true },
		{ "no-cache,only-if-cached ,x", true },
		{ "", false },
		{ "no-cache", false },
		{ "only-if-cached=1", false },
		{ "x-only-if-cached", false },
		{ "only-if-cache", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request req = { .cache_control = str_from(cases[i].text) };

		if (request_only_if_cached(&req) != cases[i].held)
			fail_msg("`%s`", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(methods_are_case_sensitive),
		cmocka_unit_test(only_if_cached_among_directives),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
