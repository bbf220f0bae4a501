#include "unit/test.h"

#include "api/path.h"

static void values_by_their_path(void **state)
{
	static const char object[] = "{\"id\":7,\"net\":\"2026-11-24T00:00:00Z\",\"none\":null,"
				     "\"pad\":{\"list\":[{\"name\":\"x\"}],\"name\":\"SLC-40\","
				     "\"location\":{\"id\":12}},\"net\":\"second\",\"\":true}";
	static const struct {
		const char *path;
		enum json_kind kind;
		const char *raw;
	} rows[] = {
		{ "id", TOKEN_NUMBER, "7" },
		{ "net", TOKEN_STRING, "2026-11-24T00:00:00Z" },
		{ "none", TOKEN_NULL, "null" },
		{ "pad.name", TOKEN_STRING, "SLC-40" },
		{ "pad.location.id", TOKEN_NUMBER, "12" },
		{ "pad", TOKEN_OBJECT, "{" },
		{ "pad.list", TOKEN_ARRAY, "[" },
		{ "pad.list[].name", TOKEN_ERROR, "" },
		{ "pad.list.name", TOKEN_ERROR, "" },
		{ "id.x", TOKEN_ERROR, "" },
		{ "none.x", TOKEN_ERROR, "" },
		{ "name", TOKEN_ERROR, "" },
		{ "pad.", TOKEN_OBJECT, "{" },
		{ "pad..name", TOKEN_ERROR, "" },
		{ "", TOKEN_ERROR, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct json_token t = path_value(str_from(object), str_from(rows[i].path));

		if (t.kind != rows[i].kind || !str_eq(t.raw, str_from(rows[i].raw)))
			fail_msg("%s: %d `%.*s`", rows[i].path, t.kind, STR_ARG(t.raw));
	}
}

/* As it is stored: a mark in place of what links begin with. Nothing else becomes JSON by that. */
static void values_behind_neutral_links(void **state)
{
	const struct str object = STR("{\"id\":7,\"url\":\"\x01pads/7/\",\"net\":\"now\"}");
	const struct str other = STR("{\"id\":7,\"url\":\"\x02pads/7/\",\"net\":\"now\"}");
	const struct str outside = STR("{\"id\":7,\x01 \"net\":\"now\"}");

	(void)state;
	assert_view(path_value(object, STR("net")).raw, "now");
	assert_int_equal(path_value(other, STR("net")).kind, TOKEN_ERROR);
	assert_int_equal(path_value(outside, STR("net")).kind, TOKEN_ERROR);
}

static void what_is_no_object_has_none(void **state)
{
	static const char *const texts[] = { "",	"7",	      "[{\"a\":1}]",
					     "{\"a\"}", "{\"a\":\"x", "{\"b\":[,\"a\":1}",
					     "null",	"{a:1}" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(path_value(str_from(texts[i]), STR("a")).kind, TOKEN_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_by_their_path),
		cmocka_unit_test(values_behind_neutral_links),
		cmocka_unit_test(what_is_no_object_has_none),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
