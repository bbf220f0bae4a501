#include "unit/test.h"

#include "app/pulse.h"

static void who_waits_lives(void **state)
{
	struct pulses pulses = { .n = 0 };
	struct pulse *a = pulse_new(&pulses);
	struct pulse *b = pulse_new(&pulses);

	(void)state;
	assert_true(pulses_beat(&pulses, (struct mono){ 1000 }));
	pulse_begin(a, (struct mono){ 900 });
	assert_true(pulses_beat(&pulses, (struct mono){ 900 }));
	assert_false(pulses_beat(&pulses, (struct mono){ 901 }));
	/* Another one's good health is no excuse. */
	pulse_begin(b, (struct mono){ 950 });
	pulse_end(b);
	assert_false(pulses_beat(&pulses, (struct mono){ 901 }));
	pulse_end(a);
	assert_true(pulses_beat(&pulses, (struct mono){ 901 }));
}

static void too_many_go_unwatched(void **state)
{
	struct pulses pulses = { .n = 0 };

	(void)state;
	for (size_t i = 0; i < PULSES_MAX; i++)
		assert_non_null(pulse_new(&pulses));
	assert_null(pulse_new(&pulses));
	assert_null(pulse_new(NULL));
	pulse_begin(NULL, (struct mono){ 1 });
	pulse_end(NULL);
	assert_true(pulses_beat(&pulses, (struct mono){ 100 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_lives),
		cmocka_unit_test(too_many_go_unwatched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
