#include "unit/service.h"

#include "app/ahead.h"

static int set_up(void **state)
{
	struct service *s;

	service_set_up(state);
	s = *state;
	s->gw.ahead = ahead_new();
	assert_non_null(s->gw.ahead);
	return 0;
}

static int tear_down(void **state)
{
	struct service *s = *state;

	ahead_free(s->gw.ahead);
	return service_tear_down(state);
}

static void ask_page(struct service *s, int64_t offset, int64_t limit)
{
	char target[128];

	snprintf(target, sizeof(target), "/2.3.0/spacecraft/?limit=%lld&offset=%lld&ordering=id",
		 (long long)limit, (long long)offset);
	assert_int_equal(ask(s, target), 200);
	rig_advance(s->rig, 1000);
}

static void who_walks_never_waits_after_the_first_window(void **state)
{
	struct service *s = *state;

	for (int64_t offset = 0; offset < 596; offset += 20) {
		ask_page(s, offset, 20);
		assert_result(s, offset ? RESULT_HIT : RESULT_MISS);
	}
	/* And that costs what it would have cost anyway. */
	assert_int_equal(calls(s), 6);
	assert_int_equal(s->rig->store.spare_reserves, 5);
}

static void who_stops_has_cost_one_window(void **state)
{
	struct service *s = *state;

	for (int64_t offset = 0; offset < 100; offset += 10)
		ask_page(s, offset, 10);
	for (int i = 0; i < 3; i++)
		ask_page(s, 90, 10);
	assert_int_equal(calls(s), 2);
	/* What was fetched ahead and nobody asked for is not refreshed. */
	rig_advance(s->rig, 7LL * 3600 * 1000);
	ask_page(s, 90, 10);
	ask_page(s, 0, 10);
	assert_int_equal(calls(s), 3);
}

static void nobody_is_helped_where_that_is_turned_off(void **state)
{
	struct service *s = *state;

	ahead_free(s->gw.ahead);
	s->gw.ahead = NULL;
	for (int64_t offset = 0; offset < 100; offset += 10)
		ask_page(s, offset, 10);
	assert_int_equal(calls(s), 1);
}

static void two_clients_on_one_page_each_are_no_walk(void **state)
{
	struct service *s = *state;

	ask_page(s, 70, 10);
	ask_page(s, 70, 10);
	ask_page(s, 80, 10);
	assert_int_equal(calls(s), 1);
}

static void nothing_is_fetched_ahead_while_upstream_is_avoided(void **state)
{
	struct service *s = *state;

	assert_true(origin_set(&s->rig->mode, s->store, MODE_AVOID));
	for (int64_t offset = 60; offset < 100; offset += 10)
		ask_page(s, offset, 10);
	assert_int_equal(calls(s), 1);
}

static void a_budget_that_is_short_gives_it_none(void **state)
{
	struct service *s = *state;

	for (int64_t offset = 60; offset < 80; offset += 10)
		ask_page(s, offset, 10);
	s->rig->store.refuses_ms = 60000;
	s->rig->store.refuses = true;
	ask_page(s, 80, 10);
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
	/* Nobody waits for it, and half an hour later nobody wants it. */
	s->rig->store.refuses = false;
	fake_clock_advance(&s->rig->clock, 31LL * 60 * 1000);
	rig_rest(s->rig);
	assert_int_equal(calls(s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(who_walks_never_waits_after_the_first_window),
		TEST(who_stops_has_cost_one_window),
		TEST(nobody_is_helped_where_that_is_turned_off),
		TEST(two_clients_on_one_page_each_are_no_walk),
		TEST(nothing_is_fetched_ahead_while_upstream_is_avoided),
		TEST(a_budget_that_is_short_gives_it_none),
	};

	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
