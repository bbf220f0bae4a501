#include "unit/service.h"

#include "app/warm.h"

#define LIST   "/2.3.0/spacecraft/?limit=5"
#define OTHER  "/2.3.0/spacecraft/?limit=5&ordering=id"
#define HOUR   (3600 * 1000LL)
#define MINUTE (60 * 1000LL)

static void no_fault(void *ctx, int line, const char *what)
{
	(void)ctx;
	fail_msg("line %d: %s", line, what);
}

static struct warm_list *list_of(struct service *s, const char *text)
{
	struct warm_list *list =
		warm_list_read(str_from(text), s->rig->catalog, &s->gw.canon, no_fault, NULL);

	assert_non_null(list);
	return list;
}

static struct warm *begin(struct service *s, const char *text)
{
	struct warm *w =
		warm_new(&s->gw, fake_store_open(&s->rig->store), text ? list_of(s, text) : NULL);

	assert_non_null(w);
	return w;
}

/* Time passes, second by second, with a round in each. */
static void pass(struct service *s, struct warm *w, int64_t seconds)
{
	for (int64_t i = 0; i < seconds; i++) {
		warm_round(w);
		rig_advance(s->rig, 1000);
	}
}

static void what_is_listed_is_there_before_anybody_asks(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, "# two\n" LIST "\n" OTHER "\n");

	pass(s, w, 5);
	assert_int_equal(calls(s), 2);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_HIT);
	assert_int_equal(ask(s, OTHER), 200);
	assert_result(s, RESULT_HIT);
	/* In the background: what is kept for demand is not touched. */
	assert_int_equal(s->rig->store.background_reserves, 2);
	warm_free(w);
}

static void it_is_kept_fresh_with_one_call_each_time_it_is_not(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, LIST);

	pass(s, w, 3);
	for (int i = 2; i < 5; i++) {
		/* Fresh for 6 hours. */
		rig_advance(s->rig, 6 * HOUR);
		pass(s, w, 3 * 60);
		assert_int_equal(calls(s), i);
		assert_int_equal(ask(s, LIST), 200);
		assert_result(s, RESULT_HIT);
	}
	warm_free(w);
}

static void off_the_list_it_is_forgotten_like_all_else(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, LIST);

	pass(s, w, 3);
	warm_replace(w, list_of(s, OTHER));
	pass(s, w, 3);
	assert_int_equal(calls(s), 2);
	rig_advance(s->rig, 7 * HOUR);
	pass(s, w, 180);
	assert_int_equal(calls(s), 3);
	warm_replace(w, NULL);
	rig_advance(s->rig, 7 * HOUR);
	pass(s, w, 180);
	assert_int_equal(calls(s), 3);
	warm_free(w);
}

static void it_waits_for_a_budget_that_is_spent(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, LIST);

	s->rig->store.refuses_ms = 10 * MINUTE;
	s->rig->store.refuses = true;
	pass(s, w, 5 * 60);
	assert_int_equal(s->rig->store.reserves, 1);
	s->rig->store.refuses = false;
	pass(s, w, 6 * 60);
	assert_int_equal(calls(s), 1);
	warm_free(w);
}

static void one_worker_of_all_does_it(void **state)
{
	struct service *s = *state;
	struct warm *first = begin(s, LIST);
	struct warm *second = begin(s, OTHER);

	for (int i = 0; i < 10; i++) {
		warm_round(first);
		warm_round(second);
		rig_advance(s->rig, 1000);
	}
	assert_int_equal(calls(s), 1);
	/* It dies; within seconds the other one is in office. */
	warm_free(first);
	pass(s, second, 8);
	assert_int_equal(calls(s), 2);
	warm_free(second);
}

static void in_another_mode_nothing_is_kept_warm(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, LIST);

	assert_true(origin_set(&s->rig->mode, s->store, MODE_NEVER));
	pass(s, w, 120);
	assert_int_equal(calls(s), 0);
	/* What is missing costs a call, as for anybody; what is old costs none. */
	assert_true(origin_set(&s->rig->mode, s->store, MODE_AVOID));
	pass(s, w, 120);
	rig_advance(s->rig, 7 * HOUR);
	pass(s, w, 120);
	assert_true(calls(s) <= 1);
	warm_free(w);
}

static void a_mode_that_is_in_doubt_is_read(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, NULL);

	fake_store_note(&s->rig->store, "", "origin", "avoid");
	origin_doubt(&s->rig->mode);
	warm_round(w);
	assert_int_equal(origin_mode(&s->rig->mode), MODE_AVOID);
	warm_free(w);
}

static void without_the_store_nothing_is_done(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, LIST);

	s->rig->store.broken = true;
	pass(s, w, 10);
	assert_int_equal(calls(s), 0);
	s->rig->store.broken = false;
	pass(s, w, 10);
	assert_int_equal(calls(s), 1);
	warm_free(w);
}

static void the_thread_goes_round_when_it_is_woken_and_ends_when_it_is_told(void **state)
{
	struct service *s = *state;
	struct warm *w = begin(s, NULL);

	assert_true(warm_start(w));
	warm_replace(w, list_of(s, LIST));
	assert_true(fake_origin_await(s->rig->origin, 1));
	warm_stop(w);
	warm_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)
		TEST(what_is_listed_is_there_before_anybody_asks),
		TEST(it_is_kept_fresh_with_one_call_each_time_it_is_not),
		TEST(off_the_list_it_is_forgotten_like_all_else),
		TEST(it_waits_for_a_budget_that_is_spent),
		TEST(one_worker_of_all_does_it),
		TEST(in_another_mode_nothing_is_kept_warm),
		TEST(a_mode_that_is_in_doubt_is_read),
		TEST(without_the_store_nothing_is_done),
		TEST(the_thread_goes_round_when_it_is_woken_and_ends_when_it_is_told),
	};

	return cmocka_run_group_tests_name("warm", tests, NULL, NULL);
}
