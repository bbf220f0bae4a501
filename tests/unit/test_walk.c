#include "unit/test.h"

#include "policy/walk.h"

#define TARGET "/2.3.0/spacecraft/?ordering=id"
#define DAY    "2026-11-25T17:00:00.000Z"
#define LATER  "2026-11-25T17:10:00.000Z"

static const struct wall start = { 1795626000000 };

static void it_goes_window_by_window_to_the_end(void **state)
{
	struct walk walk = walk_begin(STR(TARGET), start);

	(void)state;
	assert_int_equal(walk.state, WALK_RUNNING);
	assert_int_equal(walk.count, -1);
	walk.why = FAULT_UPSTREAM_SLOW;
	walk_advance(&walk, 100, 201, wall_after(start, 1));
	assert_int_equal(walk.why, FAULT_NONE);
	assert_int_equal(walk.next, 100);
	walk_advance(&walk, 100, 201, wall_after(start, 2));
	assert_int_equal(walk.state, WALK_RUNNING);
	/* The list has become shorter meanwhile. */
	walk_advance(&walk, 100, 200, wall_after(start, 3));
	assert_int_equal(walk.state, WALK_DONE);
	assert_int_equal(walk.moved.ms, start.ms + 3);
}

static void an_empty_list_is_one_window(void **state)
{
	struct walk walk = walk_begin(STR(TARGET), start);

	(void)state;
	walk_advance(&walk, 100, 0, start);
	assert_int_equal(walk.state, WALK_DONE);
}

static void the_line_reads_as_the_header_says(void **state)
{
	struct walk walk = { .target = STR(TARGET),
			     .next = 300,
			     .count = 596,
			     .begun = start,
			     .moved = wall_after(start, 600000) };
	struct buf line = buf_init(WALK_LINE_BYTES);
	struct walk read;

	(void)state;
	walk_put(&line, &walk);
	assert_view(buf_str(&line), "running 300 596 " DAY " " LATER " none");
	assert_true(walk_parse(walk.target, buf_str(&line), &read));
	assert_memory_equal(&read, &walk, sizeof(walk));
	buf_release(&line);
}

static void a_line_that_is_none_is_not_believed(void **state)
{
	static const char *const lines[] = {
		"",
		"running",
		"Running 0 1 " DAY " " DAY " none",
		"running -1 1 " DAY " " DAY " none",
		"running 0 -2 " DAY " " DAY " none",
		"running 9000000000000000 1 " DAY " " DAY " none",
		"running 0 1 today " DAY " none",
		"running 0 1 " DAY " " DAY " nothing",
		"running 0 1 " DAY " " DAY,
		"running 0 1 " DAY " " DAY " none ",
	};
	struct walk walk;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		if (walk_parse(STR(TARGET), str_from(lines[i]), &walk))
			fail_msg("`%s` is believed", lines[i]);
	assert_true(walk_parse(STR(TARGET), STR("done 0 1 " DAY " " DAY " none"), &walk));
	assert_false(walk_parse(STR(""), STR("done 0 1 " DAY " " DAY " none"), &walk));
	assert_string_equal(walk_state_word(walk.state), "running");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_goes_window_by_window_to_the_end),
		cmocka_unit_test(an_empty_list_is_one_window),
		cmocka_unit_test(the_line_reads_as_the_header_says),
		cmocka_unit_test(a_line_that_is_none_is_not_believed),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
