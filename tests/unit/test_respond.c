#include "unit/service.h"

#include "app/refuse.h"
#include "app/respond.h"

/* Every failure makes a whole answer: a head that ends, a problem, and no way to be stored. */
static void every_fault_can_be_answered(void **state)
{
	struct service *s = *state;

	for (enum fault f = FAULT_NONE + 1; f < FAULT_COUNT; f++) {
		struct fail failure;
		json_t *problem;
		char length[24];
		char status[8];

		exchange_reset(&s->x);
		s->x.request = get("/x");
		fail_set(&failure, f, "Something \"happened\".");
		refuse(&s->x, &failure);
		assert_int_equal(s->x.status, fault_status(f));
		snprintf(status, sizeof(status), "%d ", fault_status(f));
		assert_true(str_starts(header(s, "Status"), str_from(status)));
		assert_true(header(s, "Status").n > 4);
		assert_header(s, "Cache-Control", "no-store");
		assert_header(s, "Retry-After", NULL);
		snprintf(length, sizeof(length), "%zu", s->x.body.n);
		assert_header(s, "Content-Length", length);
		problem = parse_body(s);
		assert_int_equal(json_integer_value(json_object_get(problem, "status")),
				 fault_status(f));
		json_decref(problem);
		assert_true(s->x.result == RESULT_INVALID || s->x.result == RESULT_REFUSED ||
			    s->x.result == RESULT_ERROR);
		assert_int_equal(s->x.result == RESULT_ERROR, fault_status(f) >= 500);
		assert_int_equal(s->x.result == RESULT_REFUSED, f == FAULT_NO_BUDGET);
	}
}

static void when_to_come_again(void **state)
{
	struct service *s = *state;
	struct fail failure;

	s->x.request = get("/x");
	fail_set(&failure, FAULT_UPSTREAM_DOWN, "x");
	failure.retry_after_s = 7;
	refuse(&s->x, &failure);
	assert_header(s, "Retry-After", "7");
}

static void options(void **state)
{
	struct service *s = *state;

	s->x.request = get("/x");
	respond_options(&s->x);
	assert_int_equal(s->x.status, 204);
	assert_header(s, "Status", "204 No Content");
	assert_header(s, "Content-Type", NULL);
	assert_header(s, "Access-Control-Max-Age", "86400");
	assert_holds(header(s, "Access-Control-Allow-Headers"), "if-none-match");
	assert_int_equal(s->x.body.n, 0);
	assert_true(str_ends(head_of(s), STR("\r\n\r\n")));
}

static void pages_of_the_gateway_s_own(void **state)
{
	struct service *s = *state;

	s->x.request = get("/x");
	respond_page(&s->x, 200, "text/plain", STR("ok\n"));
	assert_view(body_of(s), "ok\n");
	assert_header(s, "Content-Type", "text/plain");
	assert_header(s, "Content-Length", "3");
	assert_header(s, "Cache-Control", "no-store");
	assert_result(s, RESULT_LOCAL);
	exchange_reset(&s->x);
	s->x.request = get("/x");
	s->x.request.method = STR("HEAD");
	respond_page(&s->x, 503, "text/plain", STR("ok\n"));
	assert_header(s, "Status", "503 Service Unavailable");
	assert_header(s, "Content-Length", "3");
	assert_int_equal(s->x.body.n, 0);
}

/* Whatever does not fit: a plain answer goes out instead, and it is whole. */
static void what_does_not_fit_is_replaced(void **state)
{
	struct service *s = *state;
	bool enough = false;
	size_t cap = 0;

	for (; cap < 2000 && !enough; cap++) {
		json_t *problem;
		struct fail failure;

		exchange_reset(&s->x);
		s->x.request = get("/x");
		s->x.body.cap = 130 + cap;
		fail_set(&failure, FAULT_UPSTREAM_DOWN,
			 "A text that makes the problem longer than the plain answer is.");
		refuse(&s->x, &failure);
		enough = s->x.status == 502;
		if (!enough)
			assert_int_equal(s->x.status, 500);
		assert_true(str_ends(head_of(s), STR("\r\n\r\n")));
		assert_false(s->x.head.failed || s->x.body.failed);
		problem = parse_body(s);
		assert_int_equal(json_integer_value(json_object_get(problem, "status")),
				 s->x.status);
		json_decref(problem);
		assert_result(s, RESULT_ERROR);
	}
	assert_true(enough);
	assert_true(cap > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_fault_can_be_answered),
		TEST(when_to_come_again),
		TEST(options),
		TEST(pages_of_the_gateway_s_own),
		TEST(what_does_not_fit_is_replaced),
	};

	return cmocka_run_group_tests_name("respond", tests, NULL, NULL);
}
