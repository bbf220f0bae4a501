#include "unit/table.h"

#include "policy/agree.h"

/* The window that stands in four columns of the row. */
static struct entry window(struct table *t, size_t column)
{
	return (struct entry){ .kind = ENTRY_WINDOW,
			       .fetched = { table_number(t, column) },
			       .count = table_number(t, column + 1),
			       .again = str_eq(t->field[column + 2], STR("yes")),
			       .ids = t->field[column + 3] };
}

static void the_table_of_windows(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "agree.tsv", 9);
	while (table_next(&t)) {
		struct entry a = window(&t, 0);
		struct entry b = window(&t, 4);

		table_expect(&t, "agree", t.field[8], agree(&a, &b, 1000) ? STR("yes") : STR("no"));
		table_expect(&t, "agree, in the other order", t.field[8],
			     agree(&b, &a, 1000) ? STR("yes") : STR("no"));
	}
	table_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_windows),
	};

	return cmocka_run_group_tests_name("agree", tests, NULL, NULL);
}
