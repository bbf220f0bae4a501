#include "unit/table.h"

#include "api/nearest.h"

static const struct str names[] = {
	STR("format"),
	STR("in_space"),
	STR("is_placeholder"),
	STR("limit"),
	STR("mode"),
	STR("name"),
	STR("offset"),
	STR("ordering"),
	STR("search"),
	STR("status"),
	STR("spacecraft_config"),
};

static void the_table_of_slips(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "nearest.tsv", 2);
	while (table_next(&t))
		table_expect(&t, "nearest", t.field[1], nearest(t.field[0], names, COUNT(names)));
	table_close(&t);
}

static void the_first_of_several(void **state)
{
	static const struct str words[] = { STR("bat"), STR("cat"), STR("rat") };

	(void)state;
	assert_view(nearest(STR("mat"), words, COUNT(words)), "bat");
	assert_view(nearest(STR("ratt"), words, COUNT(words)), "rat");
	assert_view(nearest(STR("mat"), words, 0), "");
}

static void words_of_any_length(void **state)
{
	static const struct str words[] = { STR("ordering"), STR("") };
	char text[5000];

	(void)state;
	memset(text, 'o', sizeof(text));
	for (size_t n = 0; n < sizeof(text); n += 47)
		assert_view(nearest((struct str){ text, n }, words, COUNT(words)), "");
}

static void every_word_is_nearest_to_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_ptr_equal(nearest(names[i], names, COUNT(names)).p, names[i].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_slips),
		cmocka_unit_test(the_first_of_several),
		cmocka_unit_test(words_of_any_length),
		cmocka_unit_test(every_word_is_nearest_to_itself),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
