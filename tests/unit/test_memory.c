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

	memory_put(m, e, memory_purges(m));
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

/* And whoever has made something of it has to look again. */
static void all_of_it_can_be_in_doubt(void **state)
{
	struct memory *m = memory_new(1 << 20);
	uint64_t epoch;

	(void)state;
	put(m, "/a", 10, 100);
	put(m, "/b", 20, 100);
	epoch = memory_epoch(m);
	memory_doubt_all(m);
	assert_true(memory_epoch(m) > epoch);
	assert_int_equal(fetched(m, "/a"), -10);
	assert_int_equal(fetched(m, "/b"), -20);
	put(m, "/a", 10, 100);
	assert_int_equal(fetched(m, "/a"), 10);
	assert_int_equal(fetched(m, "/b"), -20);
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

/* ---- where others see the number ---- */

/* Whatever was put in the time of a memory of before is of another number. */
static void the_number_goes_on_where_it_is_shown(void **state)
{
	struct memory *m = memory_new(1 << 20);
	counter place = 41;

	(void)state;
	memory_show_epoch(m, &place);
	assert_int_equal(place, 42);
	assert_int_equal(memory_epoch(m), 42);
	memory_turn(m);
	assert_int_equal(place, 43);
	memory_doubt(m, STR("/a"));
	assert_int_equal(place, 44);
	memory_doubt_all(m);
	assert_int_equal(place, 45);
	memory_purge(m, &(struct purge){ PURGE_DELETE, PURGE_ALL, { NULL, 0 } });
	assert_int_equal(place, 46);
	put(m, "/a", 10, 100);
	assert_int_equal(place, 46); /* nobody can have made anything of it */
	put(m, "/a", 11, 100);
	assert_int_equal(place, 47);
	assert_int_equal(memory_epoch(m), 47);
	/* What it did last is seen, too. */
	memory_free(m);
	assert_true(place > 47);
}

static void who_keeps_nothing_shows_nothing(void **state)
{
	struct memory *m = memory_new(0);
	counter place = 41;

	(void)state;
	memory_show_epoch(m, &place);
	assert_int_equal(place, 0);
	memory_turn(m);
	assert_int_equal(place, 0);
	assert_int_equal(memory_epoch(m), 0);
	memory_free(m);
}

/* The place may be in a file that is cut short, or that somebody else writes into: a number that
 * has been is never again that of the memory. */
static void the_place_is_for_showing_only(void **state)
{
	struct memory *m = memory_new(1 << 20);
	counter place = 41;

	(void)state;
	memory_show_epoch(m, &place);
	counter_set(&place, 0);
	assert_int_equal(memory_epoch(m), 42);
	memory_turn(m);
	assert_int_equal(memory_epoch(m), 43);
	assert_int_equal(place, 43);
	counter_set(&place, 1000);
	memory_turn(m);
	assert_int_equal(memory_epoch(m), 44);
	assert_int_equal(place, 1000);
	memory_free(m);
}

/* What some threads have in hand. */
struct turning {
	struct memory *m;
	counter place;
};

/* When one has turned it, that is seen, whatever another one does in the same moment. */
static void *turn(void *ctx)
{
	struct turning *t = ctx;

	for (int i = 0; i < 20000; i++) {
		uint64_t before = memory_epoch(t->m);

		memory_turn(t->m);
		if (atomic_load(&t->place) <= before)
			return ctx;
	}
	return NULL;
}

static void many_threads_turn_it(void **state)
{
	struct turning t = { .m = memory_new(1 << 20), .place = 0 };
	pthread_t threads[4];

	(void)state;
	memory_show_epoch(t.m, &t.place);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, turn, &t), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *unseen;

		pthread_join(threads[i], &unseen);
		assert_null(unseen);
	}
	assert_int_equal(t.place, 1 + 20000 * COUNT(threads));
	assert_int_equal(memory_epoch(t.m), t.place);
	memory_free(t.m);
}

/* ---- many threads ---- */

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
		if (i % 100 == 0)
			memory_purge(m, &(struct purge){ i % 200 ? PURGE_DELETE : PURGE_INVALIDATE,
							 PURGE_TARGET, str_from(target) });
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

/* Put by somebody who read it when there had been so many purges. */
static void put_read_before(struct memory *m, const char *target, int64_t fetched_ms,
			    uint64_t purges)
{
	struct entry *e = make_entry(target, fetched_ms, 100);

	memory_put(m, e, purges);
	entry_unref(e);
}

static void what_is_deleted_is_gone(void **state)
{
	const struct purge object = { PURGE_DELETE, PURGE_OBJECT, STR("/2.3.0/a/1/") };
	const struct purge all = { PURGE_DELETE, PURGE_ALL, { NULL, 0 } };
	struct memory *m = memory_new(1 << 20);

	(void)state;
	put(m, "/2.3.0/a/1/", 10, 100);
	put(m, "/2.3.0/a/2/", 10, 100);
	memory_purge(m, &object);
	assert_int_equal(fetched(m, "/2.3.0/a/1/"), 0);
	assert_int_equal(fetched(m, "/2.3.0/a/2/"), 10);
	assert_int_equal(memory_stats(m).entries, 1);
	memory_purge(m, &all);
	assert_int_equal(memory_stats(m).entries, 0);
	memory_free(m);
}

static struct entry *make_fresh(const char *target, int64_t fetched_ms)
{
	return entry_new(&(struct entry){ .kind = ENTRY_OBJECT,
					  .status = 200,
					  .target = str_from(target),
					  .fetched = { fetched_ms },
					  .fresh_until = { fetched_ms + 1000 },
					  .usable_until = { fetched_ms + 5000 } });
}

static enum entry_state state_at(struct memory *m, const char *target, int64_t ms)
{
	bool in_doubt;
	struct entry *e = memory_get(m, str_from(target), &in_doubt);
	enum entry_state found = entry_state(e, (struct wall){ ms });

	entry_unref(e);
	return found;
}

/* It stays, and whoever still holds the fresh one cannot bring that back. */
static void what_is_invalidated_is_stale(void **state)
{
	const struct purge target = { PURGE_INVALIDATE, PURGE_TARGET, STR("/a") };
	struct memory *m = memory_new(1 << 20);
	struct entry *e = make_fresh("/a", 10);
	struct entry *newer = make_fresh("/a", 20);

	(void)state;
	memory_put(m, e, 0);
	assert_int_equal(state_at(m, "/a", 15), ENTRY_FRESH);
	memory_purge(m, &target);
	assert_int_equal(memory_purges(m), 1);
	assert_int_equal(state_at(m, "/a", 15), ENTRY_STALE);
	memory_put(m, e, memory_purges(m));
	assert_int_equal(state_at(m, "/a", 15), ENTRY_STALE);
	memory_put(m, newer, memory_purges(m));
	assert_int_equal(state_at(m, "/a", 25), ENTRY_FRESH);
	assert_int_equal(memory_stats(m).entries, 1);
	entry_unref(e);
	entry_unref(newer);
	memory_free(m);
}

/* A thread reads it from Redis, then it is purged, there and here, and then the thread puts it. */
static void what_was_read_before_a_purge_is_in_doubt(void **state)
{
	const struct purge all = { PURGE_INVALIDATE, PURGE_ALL, { NULL, 0 } };
	struct memory *m = memory_new(1 << 20);
	struct entry *fresh = make_fresh("/b", 10);
	struct entry *purged = entry_outdated(fresh);
	uint64_t before = memory_purges(m);

	(void)state;
	memory_purge(m, &all);
	put_read_before(m, "/a", 10, before);
	assert_int_equal(fetched(m, "/a"), -10);
	put_read_before(m, "/a", 10, memory_purges(m));
	assert_int_equal(fetched(m, "/a"), 10);
	/* What Redis has is the same one, purged: it takes the place of the other. */
	memory_put(m, fresh, before);
	memory_put(m, purged, memory_purges(m));
	assert_int_equal(fetched(m, "/b"), 10);
	assert_int_equal(state_at(m, "/b", 15), ENTRY_STALE);
	entry_unref(fresh);
	entry_unref(purged);
	memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_is_kept),
		cmocka_unit_test(what_is_in_doubt_is_there_all_the_same),
		cmocka_unit_test(all_of_it_can_be_in_doubt),
		cmocka_unit_test(it_takes_no_more_than_it_was_given),
		cmocka_unit_test(a_huge_one_drives_out_nobody),
		cmocka_unit_test(what_is_deleted_is_gone),
		cmocka_unit_test(what_is_invalidated_is_stale),
		cmocka_unit_test(what_was_read_before_a_purge_is_in_doubt),
		cmocka_unit_test(the_number_goes_on_where_it_is_shown),
		cmocka_unit_test(who_keeps_nothing_shows_nothing),
		cmocka_unit_test(the_place_is_for_showing_only),
		cmocka_unit_test(many_threads_turn_it),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
