#include "unit/table.h"

#include "policy/purge.h"

static void what_is_meant(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "purge.tsv", 4);
	while (table_next(&t)) {
		struct purge p;

		if (!purge_parse(t.field[0], &p)) {
			table_complain(&t, "this is no purge");
			continue;
		}
		table_expect(&t, "meant", t.field[3],
			     purge_hits(&p, t.field[1], t.field[2]) ? STR("yes") : STR("no"));
	}
	assert_true(t.rows > 30);
	table_close(&t);
}

static void lines_read_back(void **state)
{
	static const char *const lines[] = {
		"invalidate all",
		"delete all",
		"invalidate target /2.3.0/launches/?limit=100&name=a%20b",
		"delete target /a b \x01\xff",
		"delete endpoint /2.3.0/launches/upcoming/",
		"invalidate object /2.3.0/spacecraft/430/",
		"invalidate object /2.3.0/launches/e3df2ecd-c239-472f-95e4-2b89b4f75800/",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct buf out = buf_init(1000);
		struct purge p;

		if (!purge_parse(str_from(lines[i]), &p))
			fail_msg("not read: `%s`", lines[i]);
		purge_put(&out, &p);
		assert_view(buf_str(&out), lines[i]);
		buf_release(&out);
	}
}

static void what_is_no_purge_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"",
		"all",
		"delete",
		"delete ",
		"delete all ",
		"delete all /",
		" delete all",
		"delete  all",
		"Delete all",
		"remove all",
		"delete target",
		"delete target ",
		"delete target x",
		"delete endpoint /",
		"delete endpoint /2.3.0/launches",
		"delete endpoint /2.3.0/launches/?limit=3/",
		"delete object /2.3.0/launches/",
		"delete object /2.3.0/launches/upcoming/",
		"delete object /2.3.0/spacecraft/430",
		"delete object /430/",
		"delete object /2.3.0/spacecraft/430/?x=/1/",
		"delete object /2.3.0/launches/e3df2ecd-c239-472f-95e4-2b89b4f7580/",
		"delete object /2.3.0/launches/e3df2ecdxc239-472f-95e4-2b89b4f75800/",
	};
	struct purge p;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		if (purge_parse(str_from(lines[i]), &p))
			fail_msg("taken for a purge: `%s`", lines[i]);
	assert_false(purge_parse((struct str){ NULL, 0 }, &p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_meant),
		cmocka_unit_test(lines_read_back),
		cmocka_unit_test(what_is_no_purge_is_passed_over),
	};

	return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
