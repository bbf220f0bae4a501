#include "unit/service.h"

#include "app/local.h"

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
	assert_view(body_of(s), "{\"ready\":true,\"redis\":true}\n");
	assert_header(s, "Content-Type", "application/json");
	assert_header(s, "Cache-Control", "no-store");
	s->rig->store.broken = true;
	assert_int_equal(ask(s, "/readyz"), 503);
	assert_view(body_of(s), "{\"ready\":false,\"redis\":false}\n");
	s->rig->store.broken = false;
	s->gw.stopping = true;
	assert_int_equal(ask(s, "/readyz"), 503);
	assert_view(body_of(s), "{\"ready\":false,\"redis\":true}\n");
}

static void other_paths_are_not_its_own(void **state)
{
	static const char *const paths[] = {
		"/", "/healthz/", "/health", "/readyz/x", "/HEALTHZ", "", "/2.3.0/spacecraft/"
	};
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		s->x.request = get(paths[i]);
		assert_false(local_answer(&s->gw, s->store, &s->x));
		assert_int_equal(s->x.head.n, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_process_lives),
		TEST(it_can_answer),
		TEST(other_paths_are_not_its_own),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
