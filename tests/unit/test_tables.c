#include "unit/catalog.h"

#include "app/tables.h"

#include <pthread.h>
#include <stdatomic.h>

static void a_catalog_lives_while_it_is_used(void **state)
{
	struct tables *t = tables_new(test_catalog());
	struct catalog *old;
	struct catalog *next = test_catalog();

	(void)state;
	assert_non_null(t);
	old = tables_take(t);
	tables_replace(t, next);
	assert_view(old->apis[0].root, "/2.3.0/"); /* freed: the sanitizer tells */
	assert_ptr_equal(old->apis[0].catalog, old);
	catalog_unref(old);
	old = tables_take(t);
	assert_ptr_equal(old, next);
	tables_free(t);
	assert_view(old->apis[0].root, "/2.3.0/");
	catalog_unref(old);
	tables_free(NULL);
}

struct race {
	struct tables *tables;
	atomic_bool over;
	atomic_size_t taken;
};

static void *read_all_the_time(void *ctx)
{
	struct race *race = ctx;

	while (!atomic_load(&race->over)) {
		struct catalog *c = tables_take(race->tables);

		atomic_fetch_add(&race->taken, c->apis[0].root.n > 0);
		catalog_unref(c);
	}
	return NULL;
}

static void readers_see_one_or_the_other(void **state)
{
	struct race race = { .tables = tables_new(test_catalog()) };
	pthread_t reader;

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, &race), 0);
	while (atomic_load(&race.taken) < 1000)
		tables_replace(race.tables, test_catalog());
	atomic_store(&race.over, true);
	pthread_join(reader, NULL);
	tables_free(race.tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_catalog_lives_while_it_is_used),
		cmocka_unit_test(readers_see_one_or_the_other),
	};

	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
