#include "unit/service.h"

#include "app/health.h"
#include "app/metrics.h"

static void the_process_lives(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, "/healthz"), 200);
	assert_view(body_of(s), "ok\n");
	s->rig->store.broken = true;
	s->gw.stopping = true;
	assert_int_equal(ask(s, "/healthz?x=1"), 200);
	assert_result(s, RESULT_LOCAL);
}

static void it_can_answer(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, "/readyz"), 200);
	assert_view(body_of(s), "{\"ready\":true,\"draining\":false,\"redis\":true,"
				"\"upstream\":{\"ll2\":true},"
				"\"memory\":{\"entries\":0,\"bytes\":512}}\n");
	assert_header(s, "Content-Type", "application/json");
	assert_header(s, "Cache-Control", "no-store");
}

static void not_while_it_drains(void **state)
{
	struct service *s = *state;

	s->gw.stopping = true;
	assert_int_equal(ask(s, "/readyz"), 503);
	assert_holds(body_of(s), "{\"ready\":false,\"draining\":true,\"redis\":true,");
}

static void without_redis_if_something_is_remembered(void **state)
{
	struct service *s = *state;

	memory_free(s->gw.memory);
	s->gw.memory = memory_new(1 << 24);
	assert_non_null(s->gw.memory);
	s->rig->store.broken = true;
	assert_int_equal(ask(s, "/readyz"), 503);
	assert_holds(body_of(s), "{\"ready\":false,\"draining\":false,\"redis\":false,");
	s->rig->store.broken = false;
	assert_int_equal(ask(s, "/2.3.0/spacecraft/430/"), 200);
	assert_int_equal(ask(s, "/2.3.0/spacecraft/430/"), 200);
	s->rig->store.broken = true;
	assert_int_equal(ask(s, "/readyz"), 200);
	assert_holds(body_of(s), "{\"ready\":true,\"draining\":false,\"redis\":false,");
	assert_holds(body_of(s), "\"memory\":{\"entries\":1,");
}

static void without_upstream_too(void **state)
{
	struct service *s = *state;

	metrics_breaker(s->gw.metrics, STR("ll2"), true);
	assert_int_equal(ask(s, "/readyz"), 200);
	assert_holds(body_of(s), "\"upstream\":{\"ll2\":false}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_process_lives),    TEST(it_can_answer),
		TEST(not_while_it_drains),  TEST(without_redis_if_something_is_remembered),
		TEST(without_upstream_too),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
