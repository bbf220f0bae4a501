/* What counters said, minute by minute: by a clock moved by hand. */

#include "unit/test.h"

#include "policy/history.h"

#include <stdlib.h>

#define T0 (1000LL * HISTORY_MS) /* the beginning of minute 1000 */

static struct history *fresh(void)
{
	struct history *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	return h;
}

/* At the beginning of minute 1000 + i the counter says so much. */
static void note(struct history *h, int64_t i, uint64_t value)
{
	uint64_t values[2] = { value, 10 * value };

	history_note(h, (struct wall){ T0 + i * HISTORY_MS }, values, 2);
}

static uint64_t last_at(int64_t i)
{
	return history_last((struct wall){ T0 + i * HISTORY_MS });
}

static void each_minute_is_wanted_once(void **state)
{
	struct history *h = fresh();
	struct wall now = { T0 };

	(void)state;
	assert_true(history_wants(h, now));
	note(h, 0, 5);
	assert_false(history_wants(h, now));
	assert_false(history_wants(h, (struct wall){ T0 + HISTORY_MS - 1 }));
	assert_true(history_wants(h, (struct wall){ T0 + HISTORY_MS }));
	free(h);
}

static void growth_is_the_difference(void **state)
{
	struct history *h = fresh();
	int64_t grown[3];

	(void)state;
	note(h, 0, 5);
	note(h, 1, 7);
	note(h, 2, 7);
	note(h, 3, 17);
	assert_int_equal(last_at(3), 1002);
	history_growth(h, last_at(3), 0, 3, grown);
	assert_int_equal(grown[0], 2);
	assert_int_equal(grown[1], 0);
	assert_int_equal(grown[2], 10);
	history_growth(h, last_at(3), 1, 3, grown);
	assert_int_equal(grown[2], 100);
	free(h);
}

static void what_nobody_saw_is_not_known(void **state)
{
	struct history *h = fresh();
	int64_t grown[5];

	(void)state;
	note(h, 0, 5);
	note(h, 1, 6);
	/* 2 and 3 are missing: what came in them came before the end of minute 4. */
	note(h, 4, 9);
	history_growth(h, last_at(4), 0, 5, grown);
	assert_int_equal(grown[0], -1); /* nothing stands before it */
	assert_int_equal(grown[1], 1);
	assert_int_equal(grown[2], -1);
	assert_int_equal(grown[3], -1);
	assert_int_equal(grown[4], 3);
	free(h);
}

static void the_ring_holds_three_hours(void **state)
{
	struct history *h = fresh();
	int64_t grown[HISTORY_MINUTES];

	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		note(h, i, (uint64_t)(i * i));
	history_growth(h, last_at(999), 0, HISTORY_MINUTES, grown);
	for (int64_t i = 0; i < HISTORY_MINUTES; i++) {
		int64_t at = 1000 - HISTORY_MINUTES + i;

		assert_int_equal(grown[i], at * at - (at - 1) * (at - 1));
	}
	free(h);
}

static void a_counter_made_anew_has_not_grown(void **state)
{
	struct history *h = fresh();
	int64_t grown[1];

	(void)state;
	note(h, 0, 100);
	note(h, 1, 3);
	history_growth(h, last_at(1), 0, 1, grown);
	assert_int_equal(grown[0], 0);
	assert_int_equal(history_since(h, last_at(1), 0, 1, 3), 0);
	free(h);
}

static void since_counts_from_the_newest_row_that_is_old_enough(void **state)
{
	struct history *h = fresh();

	(void)state;
	/* Without a row it is all. */
	assert_int_equal(history_since(h, last_at(0), 0, 60, 42), 42);
	note(h, 0, 5);
	/* None is old enough: the oldest. */
	note(h, 1, 6);
	assert_int_equal(history_since(h, last_at(1), 0, 60, 42), 42 - 5);
	note(h, 59, 8);
	note(h, 60, 9);
	note(h, 61, 10);
	assert_int_equal(history_since(h, last_at(61), 0, 60, 42), 42 - 6);
	/* Nobody was there for hours: what stood before is what stood at the beginning. */
	assert_int_equal(history_since(h, last_at(500), 0, 60, 42), 42 - 10);
	/* Rows of a clock that was set back are none. */
	assert_int_equal(history_since(h, last_at(0), 0, 60, 42), 42 - 5);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_minute_is_wanted_once),
		cmocka_unit_test(growth_is_the_difference),
		cmocka_unit_test(what_nobody_saw_is_not_known),
		cmocka_unit_test(the_ring_holds_three_hours),
		cmocka_unit_test(a_counter_made_anew_has_not_grown),
		cmocka_unit_test(since_counts_from_the_newest_row_that_is_old_enough),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
