#include "unit/table.h"

#include "base/limits.h"
#include "http/encoding.h"

static void the_table_of_fields(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "encoding.tsv", 3);
	while (table_next(&t)) {
		table_expect(&t, "a page", t.field[1],
			     str_from(encoding_name(encoding_choose(t.field[0], true))));
		table_expect(&t, "a few bytes", t.field[2],
			     str_from(encoding_name(encoding_choose(t.field[0], false))));
	}
	table_close(&t);
}

static void every_coding_has_a_name(void **state)
{
	(void)state;
	for (enum coding c = 0; c < CODING_COUNT; c++)
		for (enum coding d = 0; d < CODING_COUNT; d++)
			assert_int_equal(strcmp(encoding_name(c), encoding_name(d)) == 0, c == d);
}

static void a_field_beyond_the_cap_is_not_read(void **state)
{
	char text[LIMIT_ACCEPT_BYTES + 1];

	(void)state;
	memset(text, ',', sizeof(text));
	memcpy(text, "gzip", 4);
	assert_int_equal(encoding_choose((struct str){ text, LIMIT_ACCEPT_BYTES }, true),
			 CODING_GZIP);
	assert_int_equal(encoding_choose((struct str){ text, sizeof(text) }, true),
			 CODING_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_fields),
		cmocka_unit_test(every_coding_has_a_name),
		cmocka_unit_test(a_field_beyond_the_cap_is_not_read),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
