#include "unit/table.h"

#include "policy/repeat.h"

static void the_table(void **state)
{
	struct repeats repeats = { 0 };
	struct table t;

	(void)state;
	table_open(&t, "repeat.tsv", 6);
	while (table_next(&t)) {
		struct repeat told;
		char got[300] = "nothing";
		int64_t ms;
		int64_t level = 0;
		struct mono now;

		assert_true(str_to_i64(t.field[0], &ms));
		now = (struct mono){ ms };
		if (str_eq(t.field[1], STR("line"))) {
			char event[40];
			char reason[100];

			assert_true(str_to_i64(t.field[4], &level));
			snprintf(event, sizeof(event), "%.*s", STR_ARG(t.field[2]));
			snprintf(reason, sizeof(reason), "%.*s", STR_ARG(t.field[3]));
			snprintf(got, sizeof(got), "%s",
				 repeats_allow(&repeats, event, reason, (int)level, now) ? "yes"
											 : "no");
		} else if (repeats_take(&repeats, now, str_eq(t.field[1], STR("all")), &told)) {
			snprintf(got, sizeof(got), "%s/%s %u level %d", told.event, told.reason,
				 told.held, told.level);
		}
		table_expect(&t, "step", t.field[5], str_from(got));
	}
	assert_in_range(t.rows, 20, 100);
	table_close(&t);
}

/* With more kinds at once than there is room for, the further ones are written. */
static void too_many_kinds(void **state)
{
	struct repeats repeats = { 0 };
	const struct mono now = { 5 };
	struct repeat told;
	unsigned int held = 0;

	(void)state;
	for (int round = 0; round < REPEAT_FREE + 3; round++) {
		for (int i = 0; i < REPEAT_KINDS + 10; i++) {
			char event[20];
			bool written;

			snprintf(event, sizeof(event), "event%d", i);
			written = repeats_allow(&repeats, event, "", 1, now);
			assert_int_equal(written, round < REPEAT_FREE || i >= REPEAT_KINDS);
		}
	}
	while (repeats_take(&repeats, now, true, &told))
		held += told.held;
	assert_int_equal(held, 3 * REPEAT_KINDS);
	/* What is over makes room. */
	assert_true(repeats_allow(&repeats, "new", "", 1, (struct mono){ 5 + REPEAT_MS }));
}

/* Every line is written or counted, whatever comes when. */
static void none_is_lost(void **state)
{
	struct repeats repeats = { 0 };
	struct mono now = { 0 };
	struct repeat told;
	uint64_t seed = 7;
	unsigned int written = 0;
	unsigned int counted = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char event[20];

		now.ms += next_random(&seed) % 50;
		snprintf(event, sizeof(event), "event%d", (int)(next_random(&seed) % 100));
		while (repeats_take(&repeats, now, false, &told))
			counted += told.held;
		written += repeats_allow(&repeats, event, i % 3 ? "a" : "b", 1, now);
	}
	while (repeats_take(&repeats, now, true, &told))
		counted += told.held;
	assert_int_equal(written + counted, 20000);
	assert_in_range(counted, 1, 20000);
}

static void long_names_are_kinds_too(void **state)
{
	struct repeats repeats = { 0 };
	char event[200];
	char reason[200];

	(void)state;
	memset(event, 'e', sizeof(event) - 1);
	memset(reason, 'r', sizeof(reason) - 1);
	event[sizeof(event) - 1] = reason[sizeof(reason) - 1] = '\0';
	for (int i = 0; i < REPEAT_FREE; i++)
		assert_true(repeats_allow(&repeats, event, reason, 1, (struct mono){ 0 }));
	assert_false(repeats_allow(&repeats, event, reason, 1, (struct mono){ 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(too_many_kinds),
		cmocka_unit_test(none_is_lost),
		cmocka_unit_test(long_names_are_kinds_too),
	};

	return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
