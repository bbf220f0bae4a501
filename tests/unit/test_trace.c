#include "unit/table.h"

#include "http/trace.h"

static void the_table(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "trace.tsv", 3);
	while (table_next(&t))
		table_expect(&t, "trace", t.field[2], traceparent_id(t.field[1]));
	assert_in_range(t.rows, 25, 100);
	table_close(&t);
}

static void ids_that_would_do(void **state)
{
	(void)state;
	assert_true(trace_id_is_valid(STR("0af7651916cd43dd8448eb211c80319c")));
	assert_false(trace_id_is_valid(STR("00000000000000000000000000000000")));
	assert_false(trace_id_is_valid(STR("0AF7651916cd43dd8448eb211c80319c")));
	assert_false(trace_id_is_valid(STR("0af7651916cd43dd8448eb211c80319")));
	assert_false(trace_id_is_valid((struct str){ NULL, 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(ids_that_would_do),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
