/* Boards of several workers as one: nothing is listed twice, nothing is trusted. */

#include "unit/test.h"

#include "policy/board.h"

#include <string.h>

static struct board board_of(const char *name, double weight, int64_t largest)
{
	struct board b = { .wanted_n = 1, .slow_n = 1 };

	snprintf(b.wanted[0].name, sizeof(b.wanted[0].name), "%s", name);
	b.wanted[0].weight = weight;
	b.wanted[0].times = (uint64_t)weight;
	b.slow[0] = b.wanted[0];
	b.slow[0].largest = largest;
	return b;
}

static void add_fill(struct board *b, const char *target, bool calling, bool background,
		     uint64_t waiting)
{
	struct board_fill *fill = &b->fills[b->fills_n++];

	snprintf(fill->target, sizeof(fill->target), "%s", target);
	fill->calling = calling;
	fill->background = background;
	fill->waiting = waiting;
	b->fills_all++;
}

static void the_same_target_has_one_row(void **state)
{
	struct board a = board_of("/x/", 3, 100);
	struct board b = board_of("/x/", 4, 70);

	(void)state;
	board_merge(&a, &b);
	assert_int_equal(a.wanted_n, 1);
	assert_true(a.wanted[0].weight == 7);
	assert_int_equal(a.wanted[0].times, 7);
	assert_int_equal(a.slow[0].largest, 100);
}

static void the_heaviest_are_kept(void **state)
{
	struct board all = { .wanted_n = 0 };

	(void)state;
	for (int i = 1; i <= 3 * BOARD_ROWS; i++) {
		char name[16];
		struct board b;

		snprintf(name, sizeof(name), "/%d/", i);
		b = board_of(name, i, i);
		board_merge(&all, &b);
	}
	assert_int_equal(all.wanted_n, BOARD_ROWS);
	for (int i = 0; i < BOARD_ROWS; i++)
		assert_true(all.wanted[i].weight == 3 * BOARD_ROWS - i);
}

static void a_call_is_shown_once_with_all_who_wait(void **state)
{
	struct board all = { .wanted_n = 0 };
	struct board one = { .wanted_n = 0 };
	struct board two = { .wanted_n = 0 };

	(void)state;
	add_fill(&one, "/a/", false, false, 2);
	add_fill(&one, "/b/", false, true, 0);
	add_fill(&two, "/a/", true, true, 1);
	one.fills_all = 30; /* 28 have no row */
	board_merge(&all, &one);
	board_merge(&all, &two);
	assert_int_equal(all.fills_n, 2);
	assert_int_equal(all.fills_all, 30);
	assert_string_equal(all.fills[0].target, "/a/");
	assert_true(all.fills[0].calling);
	assert_false(all.fills[0].background);
	assert_int_equal(all.fills[0].waiting, 3);
}

/* Another process, of another build even, may have written anything. */
static void whatever_stands_there(void **state)
{
	struct board all = board_of("/x/", 3, 100);
	struct board wild;

	(void)state;
	memset(&wild, 0xff,
	       sizeof(wild)); /* endless names, counts of billions, weights that are none */
	board_merge(&all, &wild);
	assert_int_equal(all.wanted_n, 1);
	assert_string_equal(all.wanted[0].name, "/x/");
	assert_int_equal(all.fills_n, 1); /* ten rows with the same name */

	wild = (struct board){ .wanted_n = 2 };
	memset(wild.wanted[0].name, 'n', BOARD_NAME_BYTES);
	wild.wanted[0].weight = -1;
	wild.wanted[1] = wild.wanted[0];
	wild.wanted[1].weight = 1e300;
	board_merge(&all, &wild);
	assert_int_equal(all.wanted_n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_target_has_one_row),
		cmocka_unit_test(the_heaviest_are_kept),
		cmocka_unit_test(a_call_is_shown_once_with_all_who_wait),
		cmocka_unit_test(whatever_stands_there),
	};

	return cmocka_run_group_tests_name("board", tests, NULL, NULL);
}
