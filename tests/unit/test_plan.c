#include "unit/table.h"

#include "policy/plan.h"

static const char *const states[] = {
	[ENTRY_ABSENT] = "absent",
	[ENTRY_STALE] = "stale",
	[ENTRY_FRESH] = "fresh",
};

static const char *const plans[] = {
	[PLAN_HIT] = "hit",	[PLAN_STALE] = "stale",	  [PLAN_LAST_GOOD] = "last-good",
	[PLAN_FETCH] = "fetch", [PLAN_REFUSE] = "refuse",
};

static void the_truth_table(void **state)
{
	bool seen[COUNT(states)][2][2][2][MODE_COUNT] = { 0 };
	struct table t;

	(void)state;
	table_open(&t, "plan.tsv", 6);
	while (table_next(&t)) {
		struct situation s = {
			.agrees = str_eq(t.field[1], STR("yes")),
			.may_fetch = str_eq(t.field[2], STR("yes")),
			.fetch_failed = str_eq(t.field[3], STR("yes")),
		};
		size_t i = 0;

		while (i < COUNT(states) && !str_eq(str_from(states[i]), t.field[0]))
			i++;
		assert_true(i < COUNT(states));
		s.state = (enum entry_state)i;
		assert_true(mode_parse(t.field[4], &s.mode));
		seen[i][s.agrees][s.may_fetch][s.fetch_failed][s.mode] = true;
		table_expect(&t, "plan", t.field[5], str_from(plans[plan_choose(&s)]));
	}
	assert_int_equal(t.rows, COUNT(states) * 8 * MODE_COUNT);
	for (size_t i = 0; i < COUNT(states) * 8; i++)
		for (size_t mode = 0; mode < MODE_COUNT; mode++)
			assert_true(seen[i / 8][i >> 2 & 1][i >> 1 & 1][i & 1][mode]);
	table_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_table),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
