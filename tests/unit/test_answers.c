#include "unit/test.h"

#include "app/answers.h"

#include <pthread.h>
#include <stdio.h>

#define BODY_BYTES 4000

/* Key number n. */
static struct answer_key key_of(int number)
{
	static _Thread_local char text[32];
	int n = snprintf(text, sizeof(text), "/x/?n=%d", number);

	return (struct answer_key){ { text, (size_t)n }, 0 };
}

/* An answer that says which one it is. */
static struct answer *make(int number)
{
	static _Thread_local char body[BODY_BYTES];
	struct answer facts = { .made_of = (uint64_t)number,
				.target = STR("/x/"),
				.etag = STR("\"tag\""),
				.head = STR("Content-Length: 4000\r\n\r\n"),
				.body = { body, sizeof(body) } };
	struct answer *a;

	memset(body, 'a' + number % 26, sizeof(body));
	a = answer_new(&facts);
	assert_non_null(a);
	return a;
}

static void put_by(struct answers *all, int number, bool at_once)
{
	struct answer_key key = key_of(number);
	struct answer *a = make(number);

	answers_put(all, &key, a, at_once);
	answer_unref(a);
}

/* Asks for it, and has it made and kept if it is not there. Was it? */
static bool ask_by(struct answers *all, int number, bool at_once)
{
	struct answer_key key = key_of(number);
	struct answer *a = answers_find(all, &key);

	if (a)
		assert_int_equal(a->made_of, number);
	else
		put_by(all, number, at_once);
	answer_unref(a);
	return a != NULL;
}

static bool ask(struct answers *all, int number)
{
	return ask_by(all, number, true);
}

static void what_was_put_is_found(void **state)
{
	struct answers *all = answers_new(1000000);
	struct answer_key key = key_of(1);
	struct answer *found;

	(void)state;
	assert_null(answers_find(all, &key));
	put_by(all, 1, true);
	found = answers_find(all, &key);
	assert_non_null(found);
	assert_int_equal(found->made_of, 1);
	assert_view(found->target, "/x/");
	assert_view(found->etag, "\"tag\"");
	assert_view(found->head, "Content-Length: 4000\r\n\r\n");
	assert_int_equal(found->body.n, BODY_BYTES);
	assert_int_equal(found->body.p[BODY_BYTES - 1], 'b');
	answer_unref(found);
	answer_unref(NULL);
	assert_int_equal(answers_stats(all).n, 1);
	answers_clear(all);
	assert_null(answers_find(all, &key));
	assert_int_equal(answers_stats(all).n, 0);
	answers_free(all);
	answers_free(NULL);
}

static void variants_are_others(void **state)
{
	struct answers *all = answers_new(1000000);
	struct answer_key key = key_of(1);

	(void)state;
	put_by(all, 1, true);
	key.variant = 1;
	assert_null(answers_find(all, &key));
	answers_free(all);
	/* Whoever may get something else has another one. */
	assert_int_equal(answer_variant(0, STR("")), answer_variant(0, STR("br")));
	assert_int_equal(answer_variant(0, STR("gzip")), answer_variant(0, STR("br, gzip")));
	assert_int_not_equal(answer_variant(0, STR("")), answer_variant(0, STR("gzip")));
	assert_int_not_equal(answer_variant(0, STR("gzip")),
			     answer_variant(0, STR("gzip, identity;q=0")));
	assert_int_not_equal(answer_variant(0, STR("gzip")), answer_variant(1, STR("gzip")));
	assert_int_not_equal(answer_variant(0, STR("gzip")), answer_variant(1, STR("")));
}

/* The new one takes the old one's place, and who has the old one keeps it. */
static void another_one_for_a_key(void **state)
{
	struct answers *all = answers_new(1000000);
	struct answer_key key = key_of(1);
	struct answer *second = make(2);
	struct answer *first;
	struct answer *found;

	(void)state;
	put_by(all, 1, true);
	first = answers_find(all, &key);
	answers_put(all, &key, second, false);
	found = answers_find(all, &key);
	assert_ptr_equal(found, second);
	assert_int_equal(answers_stats(all).n, 1);
	assert_int_equal(first->body.p[0], 'b');
	answer_unref(found);
	answer_unref(first);
	answer_unref(second);
	answers_free(all);
}

/* Unless it has to be, what comes once is not kept; what comes twice is. */
static void strangers(void **state)
{
	struct answers *all = answers_new(1000000);

	(void)state;
	assert_false(ask_by(all, 1, false));
	assert_int_equal(answers_stats(all).n, 0);
	assert_false(ask_by(all, 1, false));
	assert_int_equal(answers_stats(all).n, 1);
	assert_true(ask_by(all, 1, false));
	for (int i = 100; i < 20000; i++)
		assert_false(ask_by(all, i, false));
	assert_int_equal(answers_stats(all).n, 1);
	answers_free(all);
}

static void what_is_held_outlives_its_eviction(void **state)
{
	struct answers *all = answers_new(100000);
	struct answer_key key = key_of(1);
	struct answer *held = make(1);

	(void)state;
	answers_put(all, &key, held, true);
	for (int i = 2; i < 200; i++)
		put_by(all, i, true);
	assert_true(answers_stats(all).evicted > 0);
	key = key_of(1);
	assert_null(answers_find(all, &key));
	answers_free(all);
	assert_int_equal(held->body.p[0], 'b');
	answer_unref(held);
}

static void the_bytes_are_bounded(void **state)
{
	static const size_t caps[] = { 0, 1, 600, 5000, 20000, 100000, 5000000 };

	(void)state;
	for (size_t i = 0; i < COUNT(caps); i++) {
		struct answers *all = answers_new(caps[i]);
		struct answers_stats empty = answers_stats(all);

		for (int number = 0; number < 2000; number++) {
			struct answers_stats full;

			put_by(all, number, true);
			full = answers_stats(all);
			assert_true(full.bytes <= caps[i] || !full.n);
			assert_true(full.bytes >= empty.bytes + full.n * BODY_BYTES);
		}
		/* An answer may take a quarter of a shard. */
		assert_int_equal(answers_stats(all).n > 0, caps[i] >= 20000);
		answers_free(all);
	}
}

/* Who is asked for stays, whoever passes by once goes: SIEVE stands a scan. */
static void what_is_asked_for_stays(void **state)
{
	struct answers *all = answers_new(100000);
	int popular = 0;

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 5; i++)
			popular += ask(all, i);
		for (int i = 0; i < 10; i++)
			ask(all, 1000 + round * 10 + i);
	}
	assert_int_equal(popular, 5 * 49);
	assert_true(answers_stats(all).evicted > 400);
	answers_free(all);
}

/* Every answer is the one that was asked for. NULL if so. */
static void *ask_many(void *ctx)
{
	struct answers *all = ctx;
	uint64_t random = (uint64_t)(uintptr_t)&random;

	for (int i = 0; i < 3000; i++) {
		int number = (int)(next_random(&random) % 24);
		struct answer_key key = key_of(number);
		struct answer *a = answers_find(all, &key);
		bool wrong = a && (a->made_of != (uint64_t)number ||
				   a->body.p[BODY_BYTES - 1] != 'a' + number);

		answer_unref(a);
		if (wrong)
			return all;
		if (!a)
			put_by(all, number, number % 2);
		if (i % 500 == 499)
			answers_clear(all);
	}
	return NULL;
}

static void many_threads(void **state)
{
	struct answers *all = answers_new(80000);
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_many, all), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *failed;

		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_true(answers_stats(all).bytes <= 80000);
	assert_true(answers_stats(all).evicted > 0);
	answers_free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_put_is_found),
		cmocka_unit_test(variants_are_others),
		cmocka_unit_test(another_one_for_a_key),
		cmocka_unit_test(strangers),
		cmocka_unit_test(what_is_held_outlives_its_eviction),
		cmocka_unit_test(the_bytes_are_bounded),
		cmocka_unit_test(what_is_asked_for_stays),
		cmocka_unit_test(many_threads),
	};

	return cmocka_run_group_tests_name("answers", tests, NULL, NULL);
}
