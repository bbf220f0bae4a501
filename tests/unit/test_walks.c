#include "unit/service.h"

#include "app/walks.h"

#define LIST "/2.3.0/spacecraft/?ordering=id"

struct seen {
	struct walk walk; /* of the last one that was visited */
	size_t n;
};

static void see(void *ctx, const struct walk *walk)
{
	struct seen *seen = ctx;

	seen->walk = *walk;
	seen->walk.target = STR("");
	seen->n++;
}

static struct walk only_walk(struct service *s)
{
	struct seen seen = { .n = 0 };

	assert_true(walks_visit(s->store, see, &seen));
	assert_int_equal(seen.n, 1);
	return seen.walk;
}

static bool go_round(struct service *s)
{
	struct arena *a = arena_new(LIMIT_REQUEST_BYTES);
	bool running;

	assert_non_null(a);
	running = walks_round(&s->gw, s->store, a);
	arena_free(a);
	rig_rest(s->rig);
	return running;
}

static void begin(struct service *s, const char *target)
{
	struct fail failure;

	if (!walks_begin(&s->gw, s->store, str_from(target), &failure))
		fail_msg("%s: %s", target, failure.text);
}

static void assert_refused(struct service *s, const char *target, enum fault fault)
{
	struct fail failure;

	assert_false(walks_begin(&s->gw, s->store, str_from(target), &failure));
	assert_string_equal(fault_word(failure.fault), fault_word(fault));
}

static void all_windows_are_stored_in_their_order(void **state)
{
	struct service *s = *state;

	/* As a client may write it, in the middle of a page. */
	begin(s, "/2.3.0/spacecraft?limit=7&offset=14&ordering=id");
	for (int i = 0; i < 6; i++) {
		assert_true(go_round(s));
		assert_int_equal(fake_origin_calls(s->rig->origin), i + 1);
		assert_int_equal(only_walk(s).next, 100LL * i);
	}
	assert_view(fake_origin_target(s->rig->origin, 0),
		    "/2.3.0/spacecraft/?limit=100&ordering=id");
	assert_view(fake_origin_target(s->rig->origin, 5),
		    "/2.3.0/spacecraft/?limit=100&offset=500&ordering=id");
	assert_false(go_round(s));
	assert_int_equal(only_walk(s).state, WALK_DONE);
	assert_int_equal(only_walk(s).count, 596);
	assert_int_equal(s->rig->store.spare_reserves, 6);
	/* And every page is a hit. */
	assert_int_equal(ask(s, "/2.3.0/spacecraft/?limit=50&offset=320&ordering=id"), 200);
	assert_result(s, RESULT_HIT);
}

static void what_is_stored_already_costs_nothing(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "&limit=1&offset=0"), 200);
	assert_int_equal(ask(s, LIST "&limit=1&offset=150"), 200);
	assert_int_equal(calls(s), 2);
	begin(s, LIST);
	go_round(s);
	assert_int_equal(only_walk(s).next, 200);
	assert_int_equal(calls(s), 3);
}

static void another_worker_goes_on_where_it_stands(void **state)
{
	struct service *s = *state;

	fake_store_note(&s->rig->store, "walks", LIST,
			"running 500 596 2026-11-20T00:00:00.000Z 2026-11-20T00:00:00.000Z none");
	go_round(s);
	assert_view(fake_origin_target(s->rig->origin, 0),
		    "/2.3.0/spacecraft/?limit=100&offset=500&ordering=id");
	assert_false(go_round(s));
	assert_int_equal(calls(s), 1);
}

static void one_that_runs_goes_on_and_one_that_is_over_begins_anew(void **state)
{
	struct service *s = *state;

	begin(s, LIST);
	go_round(s);
	go_round(s);
	assert_int_equal(only_walk(s).next, 100);
	begin(s, LIST "&limit=3");
	assert_int_equal(only_walk(s).next, 100);
	while (go_round(s))
		;
	begin(s, LIST);
	assert_int_equal(only_walk(s).next, 0);
	/* All of it is fresh. */
	assert_false(go_round(s));
	assert_int_equal(calls(s), 6);
}

static void trouble_is_said_and_it_goes_on_when_that_is_over(void **state)
{
	struct service *s = *state;

	begin(s, LIST);
	assert_true(origin_set(&s->rig->mode, s->store, MODE_AVOID));
	assert_true(go_round(s));
	assert_int_equal(only_walk(s).why, FAULT_ORIGIN_OFF);
	assert_int_equal(calls(s), 0);
	assert_true(origin_set(&s->rig->mode, s->store, MODE_NORMAL));
	go_round(s);
	go_round(s);
	assert_int_equal(only_walk(s).why, FAULT_NONE);
	assert_int_equal(only_walk(s).next, 100);
}

static void the_quota_that_is_spent_makes_it_wait(void **state)
{
	struct service *s = *state;

	begin(s, LIST);
	s->rig->store.refuses_ms = 60000;
	s->rig->store.refuses = true;
	for (int i = 0; i < 5; i++)
		assert_true(go_round(s));
	assert_int_equal(s->rig->store.reserves, 1);
	s->rig->store.refuses = false;
	rig_advance(s->rig, 60001);
	assert_int_equal(calls(s), 1);
}

static struct reply refuse_it(void *ctx, struct str target)
{
	(void)ctx;
	(void)target;
	return fake_json(404, STR("{\"detail\":\"Not found.\"}"));
}

static void a_list_that_upstream_refuses_ends_it(void **state)
{
	struct service *s = *state;

	s->rig->origin->script = refuse_it;
	begin(s, LIST);
	go_round(s);
	assert_false(go_round(s));
	assert_int_equal(only_walk(s).state, WALK_FAILED);
	assert_int_equal(only_walk(s).why, FAULT_NOT_FOUND);
	assert_int_equal(calls(s), 1);
}

static void only_a_list_is_walked_through(void **state)
{
	struct service *s = *state;

	assert_refused(s, "/2.3.0/spacecraft/430/", FAULT_PARAMETERS);
	assert_refused(s, "/2.3.0/spacecraft/?orderng=id", FAULT_PARAMETERS);
	assert_refused(s, "/2.3.0/nothing/", FAULT_NOT_FOUND);
	assert_refused(s, "nonsense", FAULT_NOT_FOUND);
	s->rig->store.broken = true;
	assert_refused(s, LIST, FAULT_STORE_DOWN);
}

static void one_is_forgotten_by_word_or_after_a_day(void **state)
{
	struct service *s = *state;
	struct seen seen = { .n = 0 };
	struct fail failure;

	begin(s, LIST);
	assert_true(walks_forget(&s->gw, s->store, STR(LIST "&limit=9"), &failure));
	assert_false(walks_forget(&s->gw, s->store, STR(LIST), &failure));
	assert_int_equal(failure.fault, FAULT_NOT_FOUND);
	assert_false(go_round(s));
	begin(s, LIST);
	while (go_round(s))
		;
	rig_advance(s->rig, 24LL * 3600 * 1000 - 5000);
	go_round(s);
	only_walk(s);
	rig_advance(s->rig, 10000);
	go_round(s);
	assert_true(walks_visit(s->store, see, &seen));
	assert_int_equal(seen.n, 0);
}

static void there_are_not_too_many(void **state)
{
	struct service *s = *state;
	char target[128];

	for (int i = 0; i < WALKS_MAX; i++) {
		snprintf(target, sizeof(target), "/2.3.0/spacecraft/?search=s%d", i);
		begin(s, target);
	}
	assert_refused(s, LIST, FAULT_OVERLOAD);
	/* What runs is none more. */
	begin(s, "/2.3.0/spacecraft/?search=s0");
}

static void a_note_that_is_no_walk_is_not_seen(void **state)
{
	struct service *s = *state;

	fake_store_note(&s->rig->store, "walks", "nonsense", "running");
	assert_false(go_round(s));
	fake_store_note(&s->rig->store, "walks", "nonsense",
			"running 0 -1 2026-11-20T00:00:00.000Z 2026-11-20T00:00:00.000Z none");
	assert_false(go_round(s));
	assert_int_equal(only_walk(s).state, WALK_FAILED);
	assert_int_equal(only_walk(s).why, FAULT_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)
		TEST(all_windows_are_stored_in_their_order),
		TEST(what_is_stored_already_costs_nothing),
		TEST(another_worker_goes_on_where_it_stands),
		TEST(one_that_runs_goes_on_and_one_that_is_over_begins_anew),
		TEST(trouble_is_said_and_it_goes_on_when_that_is_over),
		TEST(the_quota_that_is_spent_makes_it_wait),
		TEST(a_list_that_upstream_refuses_ends_it),
		TEST(only_a_list_is_walked_through),
		TEST(one_is_forgotten_by_word_or_after_a_day),
		TEST(there_are_not_too_many),
		TEST(a_note_that_is_no_walk_is_not_seen),
	};

	return cmocka_run_group_tests_name("walks", tests, NULL, NULL);
}
