#include "unit/test.h"

#include "policy/breaker.h"

#define PROBE_MS 20000

static struct breaker b;
static struct mono now;

static int set_up(void **state)
{
	(void)state;
	b = (struct breaker){ .failures = 0 };
	now = (struct mono){ 1000000 };
	return 0;
}

static void pass(int64_t ms)
{
	now = mono_after(now, ms);
}

static void call(bool answered)
{
	assert_true(breaker_wait_ms(&b, now) == 0);
	breaker_begin(&b, now, PROBE_MS);
	breaker_note(&b, answered, now);
}

static void open_it(void)
{
	for (int i = 0; i < BREAKER_FAILURES; i++)
		call(false);
	assert_true(breaker_wait_ms(&b, now) > 0);
}

/* No call is allowed before ms have passed, and one is then. */
static void assert_open_for(int64_t ms)
{
	assert_true(breaker_wait_ms(&b, now) == ms);
	pass(ms - 1);
	assert_true(breaker_wait_ms(&b, now) == 1);
	pass(1);
	assert_true(breaker_wait_ms(&b, now) == 0);
}

static void zeroed_it_is_closed(void **state)
{
	(void)state;
	assert_true(breaker_wait_ms(&b, now) == 0);
	assert_true(breaker_wait_ms(&b, (struct mono){ 0 }) == 0);
}

static void failures_in_a_row_open_it(void **state)
{
	(void)state;
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		call(false);
	assert_true(breaker_wait_ms(&b, now) == 0);
	call(false);
	assert_open_for(BREAKER_PAUSE_MS);
}

static void one_success_between_them_starts_the_row_anew(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BREAKER_FAILURES - 1; i++)
			call(false);
		call(true);
	}
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		call(false);
	assert_true(breaker_wait_ms(&b, now) == 0);
}

static void one_probe_at_a_time(void **state)
{
	(void)state;
	open_it();
	pass(BREAKER_PAUSE_MS);
	breaker_begin(&b, now, PROBE_MS);
	assert_true(breaker_wait_ms(&b, now) == PROBE_MS);
	pass(PROBE_MS - 1);
	assert_true(breaker_wait_ms(&b, now) == 1);
}

static void its_success_closes(void **state)
{
	(void)state;
	open_it();
	pass(BREAKER_PAUSE_MS);
	call(true);
	assert_true(breaker_wait_ms(&b, now) == 0);
	/* As if nothing had been. */
	for (int i = 0; i < BREAKER_FAILURES - 1; i++)
		call(false);
	assert_true(breaker_wait_ms(&b, now) == 0);
	call(false);
	assert_true(breaker_wait_ms(&b, now) == BREAKER_PAUSE_MS);
}

static void its_failure_opens_for_longer_each_time(void **state)
{
	static const int64_t pauses_ms[] = { 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000 };

	(void)state;
	open_it();
	for (size_t i = 0; i < COUNT(pauses_ms); i++) {
		assert_open_for(pauses_ms[i]);
		call(false);
	}
}

/* Nothing was heard of the probe: the next call is the probe, and so on for ever. */
static void a_probe_that_is_lost_is_forgotten(void **state)
{
	(void)state;
	open_it();
	pass(BREAKER_PAUSE_MS);
	for (int i = 0; i < 1000; i++) {
		breaker_begin(&b, now, PROBE_MS);
		assert_open_for(PROBE_MS);
	}
	call(true);
	assert_true(breaker_wait_ms(&b, now) == 0);
}

/* Calls that were under way when it opened say nothing new by failing, and all by succeeding. */
static void those_under_way_when_it_opened(void **state)
{
	(void)state;
	open_it();
	pass(BREAKER_PAUSE_MS / 2);
	for (int i = 0; i < 100; i++)
		breaker_note(&b, false, now);
	assert_true(breaker_wait_ms(&b, now) == BREAKER_PAUSE_MS / 2);
	breaker_note(&b, true, now);
	assert_true(breaker_wait_ms(&b, now) == 0);
}

static void failures_without_end_do_not_overflow(void **state)
{
	(void)state;
	open_it();
	b.failures = UINT32_MAX - 2;
	for (int i = 0; i < 2; i++) {
		pass(BREAKER_PAUSE_MAX_MS);
		call(false);
		assert_true(breaker_wait_ms(&b, now) == BREAKER_PAUSE_MAX_MS);
	}
}

/* Whatever happens in whatever order: a call is allowed again within the longest of its times. */
static void it_cannot_wedge(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		int64_t wait_ms = breaker_wait_ms(&b, now);

		assert_true(wait_ms >= 0 && wait_ms <= BREAKER_PAUSE_MAX_MS);
		switch (next_random(&random) % 4) {
		case 0:
			if (wait_ms == 0)
				breaker_begin(&b, now, PROBE_MS);
			break;
		case 1:
			breaker_note(&b, next_random(&random) % 8 == 0, now);
			break;
		default:
			pass(next_random(&random) % 5000);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zeroed_it_is_closed),
		TEST(failures_in_a_row_open_it),
		TEST(one_success_between_them_starts_the_row_anew),
		TEST(one_probe_at_a_time),
		TEST(its_success_closes),
		TEST(its_failure_opens_for_longer_each_time),
		TEST(a_probe_that_is_lost_is_forgotten),
		TEST(those_under_way_when_it_opened),
		TEST(failures_without_end_do_not_overflow),
		TEST(it_cannot_wedge),
	};

	return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
