#include "unit/table.h"

#include "http/condition.h"

static struct str answer(enum condition condition)
{
	switch (condition) {
	case CONDITION_HOLDS:
		return STR("200");
	case CONDITION_NOT_MODIFIED:
		return STR("304");
	case CONDITION_FAILED:
		return STR("412");
	}
	return STR("?");
}

static void the_table_of_conditions(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "condition.tsv", 3);
	while (table_next(&t)) {
		struct request req = { .if_match = t.field[0], .if_none_match = t.field[1] };

		table_expect(&t, "answer", t.field[2], answer(condition_of(&req, STR("\"abc\""))));
	}
	table_close(&t);
}

/* A field of any length is read once, from its beginning to its end. */
static void a_long_list(void **state)
{
	static char text[1000000];
	struct request req = { .if_none_match = { text, sizeof(text) } };
	size_t n = 0;

	(void)state;
	while (n + 10 < sizeof(text)) {
		memcpy(text + n, "\"x\",", 4);
		n += 4;
	}
	memset(text + n, ' ', sizeof(text) - n);
	assert_int_equal(condition_of(&req, STR("\"abc\"")), CONDITION_HOLDS);
	memcpy(text + sizeof(text) - 5, "\"abc\"", 5);
	assert_int_equal(condition_of(&req, STR("\"abc\"")), CONDITION_NOT_MODIFIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_conditions),
		cmocka_unit_test(a_long_list),
	};

	return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
