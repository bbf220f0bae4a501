#include "unit/service.h"

#include "app/metrics.h"
#include "app/report.h"

/* The log is not for here. */
static struct config config;

static void report_it(struct service *s)
{
	s->gw.config = &config;
	report(&s->gw, &s->x);
}

static int ask_and_report(struct service *s, const char *target)
{
	int status = ask(s, target);

	report_it(s);
	return status;
}

static struct str page(struct service *s)
{
	assert_int_equal(ask(s, "/metrics"), 200);
	assert_result(s, RESULT_LOCAL);
	return body_of(s);
}

/* How often `name` is told, whatever its labels, added up. */
static unsigned long long sum_of(struct service *s, const char *name)
{
	struct str rest = page(s);
	unsigned long long sum = 0;

	while (rest.n) {
		struct str line = str_cut(&rest, '\n');
		struct str value = line;

		if (str_starts(line, str_from(name))) {
			int64_t number;

			while (str_find(value, ' ') < value.n)
				str_cut(&value, ' ');
			assert_true(str_to_i64(value, &number));
			sum += (unsigned long long)number;
		}
	}
	return sum;
}

static void it_is_what_prometheus_reads(void **state)
{
	struct service *s = *state;

	assert_holds(page(s), "\nperigee_redis_up 1\n");
	assert_header(s, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	assert_header(s, "Cache-Control", "no-store");
	assert_int_equal(calls(s), 0);
}

static void every_request_is_counted_once(void **state)
{
	static const char *const targets[] = {
		"/2.3.0/spacecraft/?limit=3",
		"/2.3.0/spacecraft/?limit=3",
		"/2.3.0/spacecraft/430/",
		"/2.3.0/spacecraft/?x=1",
		"/2.3.0/spacecraft/x/",
		"/nowhere",
		"/2.3.0/",
		"/2.3.0/api-throttle/",
		"",
	};
	static const char *const pages[] = { "/healthz", "/readyz", "/openapi.json", "/metrics" };
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(targets); i++)
		ask_and_report(s, targets[i]);
	for (size_t i = 0; i < COUNT(pages); i++)
		assert_int_equal(ask_and_report(s, pages[i]), 200);
	ask_request(s, (struct request){ .method = STR("OPTIONS"), .target = STR("/x") });
	report_it(s);
	ask_request(s,
		    (struct request){ .method = STR("DELETE"), .target = STR("/2.3.0/events/") });
	report_it(s);
	assert_int_equal(sum_of(s, "perigee_requests_total{"), COUNT(targets) + 1);
	assert_int_equal(sum_of(s, "perigee_pages_total{"), COUNT(pages) + 1);
	assert_int_equal(sum_of(s, "perigee_request_methods_total{"), COUNT(targets) + 1);
	assert_holds(page(s), "{endpoint=\"/2.3.0/spacecraft/\",result=\"miss\"} 1\n");
	assert_holds(page(s), "{endpoint=\"/2.3.0/spacecraft/\",result=\"hit\"} 1\n");
	/* The endpoint was understood, what was asked of it not. */
	assert_holds(page(s), "{endpoint=\"/2.3.0/spacecraft/\",result=\"invalid\"} 1\n");
	assert_holds(page(s), "{endpoint=\"/2.3.0/spacecraft/{id}/\",result=\"miss\"} 1\n");
	assert_holds(page(s), "{endpoint=\"/2.3.0/\",result=\"hit\"} 1\n");
	assert_holds(page(s), "{endpoint=\"/2.3.0/api-throttle/\",result=\"hit\"} 1\n");
	assert_holds(page(s), "{endpoint=\"(unmatched)\",result=\"invalid\"} 4\n");
	/* Never a path as it was written. */
	assert_lacks(page(s), "nowhere");
	assert_lacks(page(s), "430");
	assert_holds(page(s), "{class=\"demand\",code=\"200\"} 2\n");
}

static void a_budget_that_is_used(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, "/2.3.0/spacecraft/430/"), 200);
	assert_int_equal(calls(s), 1);
	assert_holds(page(s), "perigee_upstream_quota_limit{budget=\"ll2\"} 15\n");
	assert_holds(page(s), "perigee_upstream_quota_remaining{budget=\"ll2\"} 14\n");
	assert_holds(page(s), "perigee_upstream_quota_reset_seconds{budget=\"ll2\"} 3600\n");
	assert_holds(page(s), "perigee_cooldown_seconds{budget=\"ll2\"} 0\n");
}

static void the_mode_in_which_upstream_is_asked(void **state)
{
	struct service *s = *state;

	assert_holds(page(s), "\nperigee_origin_mode{mode=\"normal\"} 1\n");
	s->rig->mode.mode = MODE_NEVER;
	assert_holds(page(s), "\nperigee_origin_mode{mode=\"normal\"} 0\n");
	assert_holds(page(s), "\nperigee_origin_mode{mode=\"never\"} 1\n");
}

static void the_store_is_asked_once_a_second(void **state)
{
	struct service *s = *state;

	assert_holds(page(s), "\nperigee_redis_up 1\n");
	s->rig->store.broken = true;
	fake_clock_advance(&s->rig->clock, 999);
	assert_holds(page(s), "\nperigee_redis_up 1\n");
	fake_clock_advance(&s->rig->clock, 1);
	assert_holds(page(s), "\nperigee_redis_up 0\n");
	assert_lacks(page(s), "perigee_upstream_quota_limit{");
	assert_lacks(page(s), "cache=\"redis\"");
	/* What is known without it stays. */
	assert_holds(page(s), "perigee_cache_limit_bytes{cache=\"answers\"} 1048576\n");
	s->rig->store.broken = false;
	fake_clock_advance(&s->rig->clock, 1000);
	assert_holds(page(s), "perigee_cache_evictions_total{cache=\"redis\"} 7\n");
}

static void stale_answers_have_their_age(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask_and_report(s, "/2.3.0/spacecraft/430/"), 200);
	s->rig->origin->script = NULL; /* calls stay open */
	fake_clock_advance(&s->rig->clock, 7 * 3600 * 1000);
	assert_int_equal(ask_and_report(s, "/2.3.0/spacecraft/430/"), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(s->x.age_s, 7 * 3600);
	assert_holds(page(s), "\nperigee_stale_age_seconds_count 1\n");
	assert_holds(page(s), "\nperigee_stale_age_seconds_sum 25200\n");
}

static void calls_under_way_and_who_waits(void **state)
{
	struct service *s = *state;
	struct exchange waiting;

	s->rig->origin->script = NULL;
	open_exchange(&waiting, LIMIT_REQUEST_BYTES);
	waiting.request = get("/2.3.0/spacecraft/430/");
	waiting.arrived = s->rig->clock.clock.mono(&s->rig->clock.clock);
	assert_false(serve(&s->gw, s->store, &waiting));
	assert_true(fake_origin_await(s->rig->origin, 1));
	rig_rest(s->rig);
	assert_holds(page(s), "\nperigee_fills_in_flight 1\n");
	assert_holds(page(s), "\nperigee_waiters 1\n");
	rig_stop(s->rig);
	assert_ptr_equal(fake_worker_take(&s->rig->worker), &waiting);
	exchange_take_news(&waiting);
	assert_true(serve(&s->gw, s->store, &waiting));
	assert_int_equal(waiting.status, 503);
	close_exchange(&waiting);
	assert_holds(page(s), "\nperigee_fills_in_flight 0\n");
	assert_holds(page(s), "\nperigee_waiters 0\n");
	/* A call that was cut off was one. */
	assert_holds(page(s), "{class=\"demand\",code=\"shutting-down\"} 1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_what_prometheus_reads),
		TEST(every_request_is_counted_once),
		TEST(a_budget_that_is_used),
		TEST(the_mode_in_which_upstream_is_asked),
		TEST(the_store_is_asked_once_a_second),
		TEST(stale_answers_have_their_age),
		TEST(calls_under_way_and_who_waits),
	};

	return cmocka_run_group_tests_name("scrape", tests, NULL, NULL);
}
