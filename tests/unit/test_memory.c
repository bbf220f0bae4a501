#include "unit/test.h"

#include "app/memory.h"

#include <pthread.h>

static struct entry *make_entry(const char *target, int64_t fetched_ms, size_t bytes)
{
	static char body[100000];
	struct entry *e = entry_new(&(struct entry){ .kind = ENTRY_OBJECT,
						     .status = 200,
						     .target = str_from(target),
						     .fetched = { fetched_ms },
						     .body = { body, bytes } });

	assert_non_null(e);
	return e;
}

static void put(struct memory *m, const char *target, int64_t fetched_ms, size_t bytes)
{
	struct entry *e = make_entry(target, fetched_ms, bytes);

	memory_put(m, e);
	entry_unref(e);
}

/* When what is kept was fetched, below 0 if it is in doubt; 0: nothing is. */
static int64_t fetched(struct memory *m, const char *target)
{
	bool in_doubt;
	struct entry *e = memory_get(m, str_from(target), &in_doubt);
	int64_t ms = e ? e->fetched.ms : 0;

	entry_unref(e);
	return in_doubt ? -ms : ms;
}

static void the_newest_is_kept(void **state)
{
	struct memory *m = memory_new(1 << 20);

	(void)state;
	assert_int_equal(fetched(m, "/a"), 0);
	put(m, "/a", 10, 100);
	put(m, "/b", 5, 100);
	assert_int_equal(fetched(m, "/a"), 10);
	put(m, "/a", 9, 100);
	assert_int_equal(fetched(m, "/a"), 10);
	put(m, "/a", 11, 100);
	assert_int_equal(fetched(m, "/a"), 11);
	assert_int_equal(fetched(m, "/b"), 5);
	assert_int_equal(memory_stats(m).entries, 2);
	memory_clear(m);
	assert_int_equal(fetched(m, "/a"), 0);
	assert_int_equal(memory_stats(m).entries, 0);
	memory_free(m);
	memory_free(NULL);
}

/* Until the store has confirmed it, or brought a newer one. */
static void what_is_in_doubt_is_there_all_the_same(void **state)
{
	struct memory *m = memory_new(1 << 20);

	(void)state;
	put(m, "/a", 10, 100);
	memory_doubt(m, STR("/a"));
	memory_doubt(m, STR("/b"));
	assert_int_equal(fetched(m, "/a"), -10);
	put(m, "/a", 9, 100);
	assert_int_equal(fetched(m, "/a"), -10);
	put(m, "/a", 10, 100);
	assert_int_equal(fetched(m, "/a"), 10);
	memory_doubt(m, STR("/a"));
	put(m, "/a", 11, 100);
	assert_int_equal(fetched(m, "/a"), 11);
	memory_free(m);
}

static void it_takes_no_more_than_it_was_given(void **state)
{
	const size_t caps[] = { 0, 1, 1000, 10000, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(caps); i++) {
		struct memory *m = memory_new(caps[i]);
		size_t empty = memory_stats(m).bytes;

		for (int k = 0; k < 1000; k++) {
			char target[32];

			snprintf(target, sizeof(target), "/%d", k);
			put(m, target, 1, (size_t)k);
			assert_true(memory_stats(m).bytes <= caps[i] ||
				    memory_stats(m).bytes == empty);
		}
		assert_int_equal(memory_stats(m).entries > 0, caps[i] >= 1000);
		memory_free(m);
	}
}

static void a_huge_one_drives_out_nobody(void **state)
{
	struct memory *m = memory_new(100000);

	(void)state;
	put(m, "/a", 1, 1000);
	put(m, "/huge", 1, 50000);
	assert_int_equal(fetched(m, "/a"), 1);
	assert_int_equal(fetched(m, "/huge"), 0);
	memory_free(m);
}

static void *work(void *ctx)
{
	struct memory *m = ctx;
	uint64_t random = (uint64_t)(uintptr_t)&random;

	for (int i = 0; i < 3000; i++) {
		char target[32];

		snprintf(target, sizeof(target), "/%d", (int)(next_random(&random) % 50));
		put(m, target, i + 1, 500);
		fetched(m, target);
		if (i % 7 == 0)
			memory_doubt(m, str_from(target));
		if (i % 500 == 0)
			memory_clear(m);
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct memory *m = memory_new(20000);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, m), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_true(memory_stats(m).bytes <= 20000);
	assert_true(memory_stats(m).evicted > 0);
	memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_is_kept),
		cmocka_unit_test(what_is_in_doubt_is_there_all_the_same),
		cmocka_unit_test(it_takes_no_more_than_it_was_given),
		cmocka_unit_test(a_huge_one_drives_out_nobody),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
