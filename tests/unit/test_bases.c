#include "unit/test.h"

#include "http/bases.h"

static void a_list_is_read_in_its_order(void **state)
{
	struct bases b;

	(void)state;
	assert_null(bases_parse(STR(" https://api.example.org/ ,http://127.0.0.1:8080/space//, ,"),
				&b));
	assert_int_equal(b.n, 2);
	assert_view(b.list[0], "https://api.example.org");
	assert_view(b.list[1], "http://127.0.0.1:8080/space");
	assert_view(bases_authority(b.list[0]), "api.example.org");
	assert_view(bases_authority(b.list[1]), "127.0.0.1:8080");
}

static void what_cannot_be_a_base(void **state)
{
	static const char *const bad[] = {
		"",
		" , ",
		"api.example.org",
		"ftp://api.example.org",
		"//api.example.org",
		"https://",
		"https:///path",
		"https://a\"b",
		"https://a\\b",
		"https://a b",
		"https://a<b>",
		"https://a/?x=1",
		"https://a/#x",
		"https://a\x7F",
		"https://caf\xC3\xA9.example",
		"https://a\x01",
		"https://good.example, javascript:alert(1)",
	};
	struct bases b;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (!bases_parse(str_from(bad[i]), &b))
			fail_msg("`%s` is taken", bad[i]);
}

static void there_is_room_for_so_many(void **state)
{
	char list[BASES_MAX * 10 + 20];
	size_t n = 0;
	struct bases b;

	(void)state;
	for (int i = 0; i < BASES_MAX; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "http://%c,", 'a' + i);
	assert_null(bases_parse((struct str){ list, n }, &b));
	assert_int_equal(b.n, BASES_MAX);
	n += (size_t)snprintf(list + n, sizeof(list) - n, "http://z");
	assert_non_null(bases_parse((struct str){ list, n }, &b));
}

static void only_a_host_on_the_list_is_picked(void **state)
{
	struct bases b;

	(void)state;
	assert_null(bases_parse(
		STR("https://first.example, http://second.example:8080/space, http://third"), &b));
	assert_view(bases_pick(&b, STR(""), STR("")), "https://first.example");
	assert_view(bases_pick(&b, STR(""), STR("second.example:8080")),
		    "http://second.example:8080/space");
	assert_view(bases_pick(&b, STR(""), STR("SECOND.Example:8080")),
		    "http://second.example:8080/space");
	assert_view(bases_pick(&b, STR("third"), STR("second.example:8080")), "http://third");
	assert_view(bases_pick(&b, STR("evil.example"), STR("third")), "http://third");
	assert_view(bases_pick(&b, STR("evil.example"), STR("evil.example")),
		    "https://first.example");
	assert_view(bases_pick(&b, STR(""), STR("second.example")), "https://first.example");
	assert_view(bases_pick(&b, STR(""), STR("second.example:80800")), "https://first.example");
	assert_view(bases_pick(&b, STR(""), STR("first.example.evil.example")),
		    "https://first.example");
	assert_view(bases_pick(&b, STR("third, evil.example"), STR("")), "https://first.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_in_its_order),
		cmocka_unit_test(what_cannot_be_a_base),
		cmocka_unit_test(there_is_room_for_so_many),
		cmocka_unit_test(only_a_host_on_the_list_is_picked),
	};

	return cmocka_run_group_tests_name("bases", tests, NULL, NULL);
}
