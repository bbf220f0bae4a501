#include "unit/service.h"

#include "app/origin.h"

#define LIST "/2.3.0/spacecraft/?limit=3"

static struct service *begin(void **state, enum mode mode)
{
	struct service *s = *state;

	assert_true(origin_set(&s->rig->mode, s->store, mode));
	assert_int_equal(origin_mode(&s->rig->mode), mode);
	return s;
}

/* ---- the switch ---- */

static void nobody_to_decide_is_normal(void **state)
{
	(void)state;
	assert_int_equal(origin_mode(NULL), MODE_NORMAL);
}

static void others_find_what_was_set_once_they_look(void **state)
{
	struct service *s = *state;
	struct origin_switch other;

	origin_switch_init(&other, MODE_AVOID);
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_AVOID);
	begin(state, MODE_NEVER);
	assert_string_equal(s->rig->store.news, "origin");
	/* Without doubt nobody is asked. */
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_AVOID);
	origin_doubt(&other);
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_NEVER);
}

static void a_store_that_is_away_changes_nothing_and_is_asked_again(void **state)
{
	struct service *s = begin(state, MODE_NEVER);
	struct origin_switch other;

	origin_switch_init(&other, MODE_NORMAL);
	s->rig->store.broken = true;
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_NORMAL);
	assert_false(origin_set(&other, s->store, MODE_AVOID));
	assert_int_equal(origin_mode(&other), MODE_NORMAL);
	s->rig->store.broken = false;
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_NEVER);
}

static void a_store_that_lost_it_or_holds_another_word_means_what_is_configured(void **state)
{
	struct service *s = begin(state, MODE_NEVER);
	struct origin_switch other;

	origin_switch_init(&other, MODE_AVOID);
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_NEVER);
	fake_store_note(&s->rig->store, "", "origin", "sometimes");
	origin_doubt(&other);
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_AVOID);
	begin(state, MODE_NEVER);
	fake_store_note(&s->rig->store, "", "origin", "");
	origin_doubt(&other);
	origin_reread(&other, s->store);
	assert_int_equal(origin_mode(&other), MODE_AVOID);
}

/* ---- requests ---- */

static void never_asks_nobody_and_says_so(void **state)
{
	struct service *s = begin(state, MODE_NEVER);

	assert_int_equal(ask(s, LIST), 503);
	assert_holds(body_of(s), "urn:perigee:problem:upstream-off");
	assert_int_equal(calls(s), 0);
	/* One who did not want a call anyway is told as always. */
	struct request request = get(LIST);
	request.method = STR("HEAD");
	assert_int_equal(ask_request(s, request), 504);
}

static void never_answers_what_is_stored_at_any_age(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST), 200);
	begin(state, MODE_NEVER);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_HIT);
	assert_holds(header(s, "Cache-Status"), "; detail=origin-never");
	rig_advance(s->rig, 7LL * 3600 * 1000);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 1);
	begin(state, MODE_NORMAL);
	assert_int_equal(ask(s, LIST), 200);
	assert_lacks(header(s, "Cache-Status"), "detail");
	assert_int_equal(calls(s), 2);
}

static void avoid_fetches_what_is_missing_and_refreshes_nothing(void **state)
{
	struct service *s = begin(state, MODE_AVOID);

	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_MISS);
	assert_int_equal(calls(s), 1);
	rig_advance(s->rig, 7LL * 3600 * 1000);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(s, LIST), 200);
		assert_result(s, RESULT_STALE);
		assert_holds(header(s, "Cache-Status"), "; detail=origin-avoid");
	}
	assert_int_equal(calls(s), 1);
}

/* ---- fills ---- */

static void what_is_queued_when_the_mode_changes_is_not_called(void **state)
{
	struct service *s = *state;
	struct fail failure = { .fault = FAULT_NONE };
	const struct want want = { .api = &s->rig->catalog->apis[0],
				   .endpoint = rig_endpoint(s->rig),
				   .size = 100,
				   .target = STR("/2.3.0/spacecraft/?limit=100") };

	/* It is held back by the budget, and tried again later. */
	s->rig->store.refuses_ms = 60000;
	s->rig->store.refuses = true;
	assert_true(fills_join(s->rig->fills, &want, (struct wall){ 0 }, NULL, &failure));
	rig_rest(s->rig);
	assert_int_equal(s->rig->store.reserves, 1);
	begin(state, MODE_AVOID);
	assert_false(fills_spare(s->rig->fills, &want, (struct wall){ 0 }, &failure));
	assert_int_equal(failure.fault, FAULT_ORIGIN_OFF);
	s->rig->store.refuses = false;
	rig_advance(s->rig, 60001);
	assert_int_equal(calls(s), 0);
	/* Of the target that says nothing: it is had as soon as it may. */
	begin(state, MODE_NORMAL);
	rig_advance(s->rig, 1001);
	assert_true(fills_join(s->rig->fills, &want, (struct wall){ 0 }, NULL, &failure));
	assert_int_equal(calls(s), 1);
}

static void nobody_asks_for_upstreams_count_either(void **state)
{
	struct service *s = begin(state, MODE_NEVER);
	int counted;

	rig_rest(s->rig);
	counted = s->rig->origin->counted;
	s->rig->store.uncalibrated = true;
	assert_int_equal(ask(s, LIST), 503);
	assert_int_equal(s->rig->origin->counted, counted);
	begin(state, MODE_NORMAL);
	rig_advance(s->rig, 1001);
	assert_int_equal(ask(s, LIST), 200);
	assert_int_equal(s->rig->origin->counted, counted + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)
		cmocka_unit_test(nobody_to_decide_is_normal),
		TEST(others_find_what_was_set_once_they_look),
		TEST(a_store_that_is_away_changes_nothing_and_is_asked_again),
		TEST(a_store_that_lost_it_or_holds_another_word_means_what_is_configured),
		TEST(never_asks_nobody_and_says_so),
		TEST(never_answers_what_is_stored_at_any_age),
		TEST(avoid_fetches_what_is_missing_and_refreshes_nothing),
		TEST(what_is_queued_when_the_mode_changes_is_not_called),
		TEST(nobody_asks_for_upstreams_count_either),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
