#include "unit/service.h"

#include "app/local.h"

static void other_paths_are_not_its_own(void **state)
{
	static const char *const paths[] = {
		"/", "/healthz/", "/health", "/readyz/x", "/HEALTHZ", "", "/2.3.0/spacecraft/"
	};
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(paths); i++) {
		exchange_reset(&s->x);
		s->x.catalog = catalog_ref(s->gw.catalog);
		s->x.request = get(paths[i]);
		assert_false(local_answer(&s->gw, s->store, &s->x));
		assert_int_equal(s->x.head.n, 0);
	}
}

static void the_root_lists_the_endpoints(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, "/2.3.0/?format=api"), 200);
	assert_view(body_of(s),
		    "{\"api-throttle\":\"https://api.example.org/2.3.0/api-throttle/\","
		    "\"dashboard/starship\":\"https://api.example.org/2.3.0/dashboard/starship/\","
		    "\"events\":\"https://api.example.org/2.3.0/events/\","
		    "\"events/previous\":\"https://api.example.org/2.3.0/events/previous/\","
		    "\"spacecraft\":\"https://api.example.org/2.3.0/spacecraft/\"}");
	assert_int_equal(ask(s, "/2.3.0"), 200);
	assert_int_equal(ask(s, "/2.3"), 404);
	assert_int_equal(calls(s), 0);
}

/* The rig's quota is 15 calls an hour. */
static void the_throttle_tells_the_budget(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, "/2.3.0/api-throttle/"), 200);
	assert_view(body_of(s), "{\"your_request_limit\":15,\"limit_frequency_secs\":3600,"
				"\"current_use\":0,\"next_use_secs\":0,\"ident\":\"perigee\"}");
	assert_header(s, "Cache-Control", "no-store");
	for (int i = 0; i < 15; i++) {
		char target[64];

		snprintf(target, sizeof(target), "/2.3.0/spacecraft/?name=n%d", i);
		assert_int_equal(ask(s, target), 200);
	}
	assert_int_equal(calls(s), 15);
	assert_int_equal(ask(s, "/2.3.0/api-throttle"), 200);
	assert_view(body_of(s), "{\"your_request_limit\":15,\"limit_frequency_secs\":3600,"
				"\"current_use\":15,\"next_use_secs\":3600,"
				"\"ident\":\"perigee\"}");
	s->rig->store.broken = true;
	assert_int_equal(ask(s, "/2.3.0/api-throttle/"), 503);
	assert_int_equal(ask(s, "/2.3.0/api-throttle/?x=1"), 400);
	assert_int_equal(ask(s, "/2.3.0/api-throttle/7/"), 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(other_paths_are_not_its_own),
		TEST(the_root_lists_the_endpoints),
		TEST(the_throttle_tells_the_budget),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
