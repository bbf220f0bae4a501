#include "unit/test.h"

#include "base/histogram.h"

#include <pthread.h>

static const struct bins bins = { .n = 3, .upto = { 10, 100, 1000 } };

static void bounds_are_inclusive(void **state)
{
	static const struct {
		uint64_t value;
		size_t in;
	} cases[] = { { 0, 0 },	  { 9, 0 },    { 10, 0 },   { 11, 1 },	      { 100, 1 },
		      { 101, 2 }, { 1000, 2 }, { 1001, 3 }, { UINT64_MAX, 3 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct histogram h = { .sum = 0 };

		histogram_add(&h, &bins, cases[i].value);
		for (size_t j = 0; j <= bins.n; j++)
			assert_int_equal(counter_get(&h.in[j]), j == cases[i].in);
		assert_true(counter_get(&h.sum) == cases[i].value);
		assert_int_equal(histogram_count(&h, &bins), 1);
	}
}

static void without_bounds_all_is_above(void **state)
{
	const struct bins none = { .n = 0 };
	struct histogram h = { .sum = 0 };

	(void)state;
	histogram_add(&h, &none, 0);
	histogram_add(&h, &none, 7);
	assert_int_equal(counter_get(&h.in[0]), 2);
	assert_int_equal(counter_get(&h.sum), 7);
}

#define THREADS 4
#define ADDED	20000

static void *add_many(void *ctx)
{
	for (uint64_t i = 0; i < ADDED; i++)
		histogram_add(ctx, &bins, i % 2000);
	return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
	struct histogram h = { .sum = 0 };
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, &h), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(histogram_count(&h, &bins), THREADS * ADDED);
	/* Each block of 2000 adds up to 0 + 1 + ... + 1999. */
	assert_int_equal(counter_get(&h.sum), (uint64_t)THREADS * ADDED / 2000 * 1999 * 1000);
	assert_int_equal(counter_get(&h.in[0]), THREADS * ADDED / 2000 * 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_inclusive),
		cmocka_unit_test(without_bounds_all_is_above),
		cmocka_unit_test(nothing_is_lost_between_threads),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
