#include "unit/catalog.h"

#include "app/gateway.h"

#include <stdlib.h>

/* What a configuration's texts lie in, as far as a test cares. */
struct owned {
	int number;
	struct catalog *catalog;
	atomic_int *released;
};

static void release(void *owned)
{
	struct owned *o = owned;

	atomic_fetch_add(o->released, 1);
	catalog_unref(o->catalog);
	free(o);
}

static bool replace(struct gateway *first, int number, atomic_int *released)
{
	struct owned *o = malloc(sizeof(*o));
	struct gateway next = { .time_step_us = number, .owned = o, .release = release };

	assert_non_null(o);
	*o = (struct owned){ number, test_catalog(), released };
	next.catalog = o->catalog;
	return gateway_replace(first, &next);
}

static void each_is_served_with_what_it_began_with(void **state)
{
	struct gateway first = { .time_step_us = 1, .catalog = test_catalog() };
	atomic_int released = 0;
	struct gateway *a;
	struct gateway *b;

	(void)state;
	gateway_init(&first);
	a = gateway_take(&first);
	assert_ptr_equal(a, &first);
	assert_true(replace(&first, 2, &released));
	b = gateway_take(&first);
	assert_int_equal(a->time_step_us, 1);
	assert_int_equal(b->time_step_us, 2);
	assert_ptr_equal(b->first, &first);
	gateway_give_back(a);
	/* Any of them leads to the one in force. */
	a = gateway_take(b);
	assert_ptr_equal(a, b);
	gateway_give_back(a);
	assert_true(replace(&first, 3, &released));
	assert_int_equal(released, 0);
	assert_view(b->catalog->apis[0].root, "/2.3.0/"); /* freed: the sanitizer tells */
	gateway_give_back(b);
	assert_int_equal(released, 1);
	gateway_end(&first);
	assert_int_equal(released, 2);
	catalog_unref(first.catalog);
	gateway_give_back(NULL);
}

static void what_is_shared_stays(void **state)
{
	struct gateway first = { .fills = (struct fills *)&first,
				 .memory = (struct memory *)&first,
				 .metrics = (struct metrics *)&first };
	atomic_int released = 0;
	struct gateway *now;

	(void)state;
	gateway_init(&first);
	assert_true(replace(&first, 2, &released));
	now = gateway_take(&first);
	assert_ptr_equal(now->fills, first.fills);
	assert_ptr_equal(now->memory, first.memory);
	assert_ptr_equal(now->metrics, first.metrics);
	gateway_give_back(now);
	gateway_end(&first);
	/* One that was never begun needs no end. */
	gateway_end(&(struct gateway){ .config = NULL });
}

#define READERS 3
#define CHANGES 300

struct race {
	struct gateway first;
	atomic_bool over;
	atomic_size_t taken;
};

static void *take_all_the_time(void *ctx)
{
	struct race *race = ctx;

	while (!atomic_load(&race->over)) {
		struct gateway *gw = gateway_take(&race->first);

		/* Its two halves belong together. */
		if (gw != &race->first && gw->time_step_us != ((struct owned *)gw->owned)->number)
			abort();
		gateway_give_back(gw);
		race->taken++;
	}
	return NULL;
}

static void it_can_change_at_any_time(void **state)
{
	struct race race = { .taken = 0 };
	pthread_t readers[READERS];
	atomic_int released = 0;

	(void)state;
	gateway_init(&race.first);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, take_all_the_time, &race), 0);
	for (int i = 0; i < CHANGES || race.taken < 1000; i++)
		assert_true(replace(&race.first, i, &released));
	race.over = true;
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	gateway_end(&race.first);
	assert_true(released >= CHANGES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_served_with_what_it_began_with),
		cmocka_unit_test(what_is_shared_stays),
		cmocka_unit_test(it_can_change_at_any_time),
	};

	return cmocka_run_group_tests_name("gateway", tests, NULL, NULL);
}
