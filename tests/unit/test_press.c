#include "unit/test.h"

#include "app/press.h"

#include <pthread.h>

#define BODY_BYTES 4000

/* A body that is like no other, and its hash. */
struct body {
	char text[BODY_BYTES];
	char hash[HASH_HEX_BYTES];
};

static struct body *make_body(int number)
{
	static _Thread_local struct body b;
	uint64_t random = (uint64_t)number;

	for (size_t i = 0; i < sizeof(b.text); i++)
		b.text[i] = (char)('a' + next_random(&random) % 26);
	hash_hex((struct str){ b.text, sizeof(b.text) }, b.hash);
	return &b;
}

static struct pressed *press_number(struct press *p, int number)
{
	const struct body *b = make_body(number);

	return press(p, STR("/x"), b->hash, CODING_GZIP, (struct str){ b->text, BODY_BYTES });
}

static void ask(struct press *p, int number)
{
	struct pressed *pressed = press_number(p, number);

	assert_non_null(pressed);
	pressed_unref(pressed);
}

/* Is it kept? Asking makes it wanted, and brings it in if it was not. */
static bool is_hit(struct press *p, int number)
{
	uint64_t before = press_stats(p).hits;

	ask(p, number);
	return press_stats(p).hits > before;
}

static void compressed_once(void **state)
{
	struct press *p = press_new(1000000);
	struct pressed *first;
	struct pressed *second;

	(void)state;
	first = press_number(p, 1);
	second = press_number(p, 1);
	assert_ptr_equal(first, second);
	assert_int_equal(press_stats(p).misses, 1);
	assert_int_equal(press_stats(p).hits, 1);
	assert_int_equal(press_stats(p).bodies, 1);
	assert_memory_equal(pressed_bytes(first).p, "\x1F\x8B", 2);
	assert_in_range(pressed_bytes(first).n, 100, BODY_BYTES);
	pressed_unref(first);
	pressed_unref(second);
	pressed_unref(NULL);
	press_free(p);
	press_free(NULL);
}

/* One hash for two bodies can be made on purpose; another target's answer is safe from it. */
static void another_target_is_another_body(void **state)
{
	struct press *p = press_new(1000000);
	struct body b = *make_body(1);
	struct pressed *mine;
	struct pressed *theirs;

	(void)state;
	mine = press(p, STR("/mine"), b.hash, CODING_GZIP, STR("mine"));
	theirs = press(p, STR("/theirs"), b.hash, CODING_GZIP, STR("theirs, with the same hash"));
	assert_ptr_not_equal(mine, theirs);
	assert_int_equal(press_stats(p).bodies, 2);
	pressed_unref(mine);
	pressed_unref(theirs);
	press_free(p);
}

static void what_is_held_outlives_its_eviction(void **state)
{
	struct press *p = press_new(30000);
	struct pressed *held = press_number(p, 1);
	char first[2];

	(void)state;
	for (int i = 2; i < 100; i++)
		ask(p, i);
	assert_true(press_stats(p).evicted > 0);
	assert_false(is_hit(p, 1));
	press_free(p);
	memcpy(first, pressed_bytes(held).p, sizeof(first));
	assert_memory_equal(first, "\x1F\x8B", 2);
	pressed_unref(held);
}

static void the_bytes_are_bounded(void **state)
{
	static const size_t caps[] = { 0, 1, 600, 5000, 20000, 50000 };

	(void)state;
	for (size_t i = 0; i < COUNT(caps); i++) {
		struct press *p = press_new(caps[i]);
		struct press_stats empty = press_stats(p);
		struct press_stats full;

		for (int number = 0; number < 100; number++) {
			ask(p, number);
			full = press_stats(p);
			assert_true(full.bytes <= caps[i] || !full.bodies);
			assert_true(full.bytes >= empty.bytes + full.bodies * BODY_BYTES / 2);
		}
		assert_int_equal(full.misses, 100);
		/* A body of 2.5 kB may take a quarter of all. */
		assert_int_equal(full.bodies > 0, caps[i] >= 20000);
		press_free(p);
	}
}

/* Who is asked for stays, whoever passes by once goes: SIEVE stands a scan. */
static void what_is_asked_for_stays(void **state)
{
	struct press *p = press_new(60000);
	int popular = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 5; i++)
			popular += is_hit(p, i);
		for (int i = 0; i < 10; i++)
			ask(p, 1000 + round * 10 + i);
	}
	assert_int_equal(popular, 5 * 49);
	assert_true(press_stats(p).evicted > 400);
	press_free(p);
}

static void everything_is_asked_for(void **state)
{
	struct press *p = press_new(30000);

	(void)state;
	/* The hand goes all the way round and still finds somebody. */
	for (int i = 0; i < 60; i++) {
		ask(p, i);
		ask(p, i);
	}
	assert_int_equal(press_stats(p).hits, 60);
	assert_int_equal(press_stats(p).evicted + press_stats(p).bodies, 60);
	press_free(p);
}

/* Every answer is the body that was asked for, as the first time. NULL if so. */
static void *ask_many(void *ctx)
{
	struct press *p = ctx;
	uint64_t random = (uint64_t)(uintptr_t)&random;
	char seen[24][HASH_HEX_BYTES] = { { 0 } };

	for (int i = 0; i < 1500; i++) {
		uint32_t number = next_random(&random) % COUNT(seen);
		struct pressed *pressed = press_number(p, (int)number);
		char hash[HASH_HEX_BYTES];

		if (!pressed)
			return p;
		hash_hex(pressed_bytes(pressed), hash);
		pressed_unref(pressed);
		if (!seen[number][0])
			memcpy(seen[number], hash, sizeof(hash));
		if (memcmp(seen[number], hash, sizeof(hash)) != 0)
			return p;
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct press *p = press_new(40000);
	struct press_stats stats;
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, p), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	stats = press_stats(p);
	assert_int_equal(stats.hits + stats.misses, 1500 * COUNT(threads));
	assert_true(stats.bytes <= 40000);
	assert_true(stats.hits > 0 && stats.evicted > 0);
	press_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compressed_once),
		cmocka_unit_test(another_target_is_another_body),
		cmocka_unit_test(what_is_held_outlives_its_eviction),
		cmocka_unit_test(the_bytes_are_bounded),
		cmocka_unit_test(what_is_asked_for_stays),
		cmocka_unit_test(everything_is_asked_for),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests_name("press", tests, NULL, NULL);
}
