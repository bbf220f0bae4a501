#include "unit/catalog.h"

#include "policy/intake.h"

#define NOW ((struct wall){ 1795468800123 })

static struct catalog *catalog;

static int set_up(void **state)
{
	(void)state;
	catalog = test_catalog();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	catalog_unref(catalog);
	return 0;
}

static struct want want_window(int64_t start)
{
	const struct api *api = &catalog->apis[0];

	return (struct want){ .api = api,
			      .endpoint = api_endpoint(api, STR("spacecraft")),
			      .start = start,
			      .size = 100,
			      .target = STR("/2.3.0/spacecraft/?limit=100&offset=x") };
}

static struct want want_object(void)
{
	struct want want = want_window(0);

	want.is_object = true;
	want.target = STR("/2.3.0/spacecraft/430/");
	return want;
}

/* A whole JSON reply; the caller releases its body. */
static struct reply reply(int status, const char *body)
{
	struct reply r = { .reached = true, .status = status, .is_json = true };

	r.body = buf_init(1 << 20);
	buf_put(&r.body, str_from(body));
	return r;
}

/* A page of n objects of a list of `count`. */
static struct reply page(int64_t count, int n)
{
	struct reply r = reply(200, "");

	buf_putf(&r.body, "{\"count\":%lld,\"next\":null,\"previous\":null,\"results\":[",
		 (long long)count);
	for (int i = 0; i < n; i++)
		buf_putf(&r.body, "%s{\"id\":%d}", i ? "," : "", i);
	buf_put(&r.body, STR("]}"));
	return r;
}

static struct fail assert_nothing(struct reply r, struct want want, enum fault fault)
{
	struct fail failure = { .fault = FAULT_NONE };
	struct entry *e = intake(&r, &want, NOW, &failure);

	if (e)
		fail_msg("it is kept: %.*s", STR_ARG(buf_str(&r.body)));
	assert_string_equal(fault_word(failure.fault), fault_word(fault));
	assert_true(failure.text[0] != '\0');
	buf_release(&r.body);
	return failure;
}

static struct entry *assert_kept(struct reply r, struct want want)
{
	struct fail failure = { .text = "" };
	struct entry *e = intake(&r, &want, NOW, &failure);

	if (!e)
		fail_msg("it is refused: %s", failure.text);
	buf_release(&r.body);
	return e;
}

static void a_window_with_its_times(void **state)
{
	struct entry *e = assert_kept(page(3, 3), want_window(0));

	(void)state;
	assert_int_equal(e->kind, ENTRY_WINDOW);
	assert_int_equal(e->status, 200);
	assert_view(e->target, "/2.3.0/spacecraft/?limit=100&offset=x");
	assert_int_equal(e->count, 3);
	assert_int_equal(e->n, 3);
	assert_view(e->ids, "0,1,2");
	assert_view(e->body, "{\"id\":0},{\"id\":1},{\"id\":2}");
	assert_true(e->fetched.ms == NOW.ms);
	assert_true(e->fresh_until.ms == NOW.ms + 6 * 3600000);
	assert_true(e->usable_until.ms == NOW.ms + 6 * 3600000 + 30 * 86400000LL);
	entry_unref(e);
}

/* By what they say, where the endpoint has rules (test_freshness.c has them all). */
static void what_is_near_is_fresh_for_less(void **state)
{
	/* Within a quarter of an hour of `net`, a minute. NOW is 2026-11-23T21:20:00.123Z. */
	static const struct fresh_rule rule = {
		.fresh_ms = 60000,
		.terms = { { .test = FRESH_NEAR, .from_ms = -900000, .to_ms = 900000 } },
		.terms_n = 1,
	};
	static const struct str path = STR("net");
	static const char near[] = "{\"url\":\"https://ll.thespacedevs.com/2.3.0/x/\","
				   "\"id\":430,\"net\":\"2026-11-23T21:37:00.123Z\"}";
	struct want window = want_window(0);
	struct want object = want_object();
	struct endpoint endpoint = *window.endpoint;
	struct reply r = reply(200, "{\"count\":2,\"next\":null,\"previous\":null,\"results\":[");
	struct entry *e;

	(void)state;
	endpoint.fresh_when = (struct fresh_rules){ &rule, 1, &path, 1 };
	window.endpoint = object.endpoint = &endpoint;
	buf_putf(&r.body, "{\"id\":1,\"net\":\"2020-01-01T00:00:00Z\"},%s]}", near);
	e = assert_kept(r, window);
	assert_int_equal(e->fresh_until.ms - NOW.ms, 120000 + 60000);
	assert_int_equal(e->usable_until.ms - e->fresh_until.ms, 30 * 86400000LL);
	entry_unref(e);
	e = assert_kept(reply(200, near), object);
	assert_int_equal(e->fresh_until.ms - NOW.ms, 120000 + 60000);
	entry_unref(e);
	/* A refusal is no object, whatever it holds. */
	e = assert_kept(reply(404, near), object);
	assert_int_equal(e->fresh_until.ms - NOW.ms, 600000);
	entry_unref(e);
}

static void a_window_must_be_whole(void **state)
{
	static const struct {
		int64_t start, count;
		int n;
		bool whole;
	} cases[] = {
		{ 0, 596, 100, true },	{ 500, 596, 96, true },	 { 600, 596, 0, true },
		{ 0, 0, 0, true },	{ 500, 500, 0, true },	 { 0, 596, 99, false },
		{ 0, 596, 101, false }, { 500, 596, 95, false }, { 500, 596, 100, false },
		{ 600, 596, 1, false }, { 0, 596, 0, false },	 { 0, 596, 10, false },
		{ 0, 0, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = page(cases[i].count, cases[i].n);
		struct want want = want_window(cases[i].start);

		if (cases[i].whole)
			entry_unref(assert_kept(r, want));
		else
			assert_nothing(r, want, FAULT_UPSTREAM_GARBAGE);
	}
}

static void what_was_fetched_again_says_so(void **state)
{
	struct want want = want_window(0);
	struct entry *e;

	(void)state;
	want.again = true;
	e = assert_kept(page(3, 3), want);
	assert_true(e->again);
	entry_unref(e);
	e = assert_kept(page(3, 3), want_window(0));
	assert_false(e->again);
	entry_unref(e);
}

static void an_object_and_its_links(void **state)
{
	struct entry *e = assert_kept(reply(200, " {\"id\":430,\"url\":\"https://"
						 "ll.thespacedevs.com/2.3.0/spacecraft/430/\"}"),
				      want_object());

	(void)state;
	assert_int_equal(e->kind, ENTRY_OBJECT);
	assert_view(e->body, "{\"id\":430,\"url\":\"\x01spacecraft/430/\"}");
	assert_int_equal(e->n, 0);
	entry_unref(e);
}

static void refusals_are_kept_briefly(void **state)
{
	static const int statuses[] = { 400, 404 };

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++) {
		struct entry *e = assert_kept(reply(statuses[i], "{\"detail\":\"Not found.\"}"),
					      want_object());

		assert_int_equal(e->kind, ENTRY_REFUSAL);
		assert_int_equal(e->status, statuses[i]);
		assert_view(e->body, "{\"detail\":\"Not found.\"}");
		assert_true(e->fresh_until.ms == NOW.ms + 600000);
		assert_true(e->usable_until.ms == e->fresh_until.ms);
		entry_unref(e);
	}
	entry_unref(assert_kept(reply(400, "{\"status\":[\"Select a valid choice.\"]}"),
				want_window(0)));
}

static void what_is_not_json_is_never_kept(void **state)
{
	struct reply r = reply(200, "{\"id\":1}");

	(void)state;
	r.is_json = false;
	assert_nothing(r, want_object(), FAULT_UPSTREAM_GARBAGE);
	r = reply(404, "<h1>Not Found</h1>");
	r.is_json = false;
	assert_nothing(r, want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(200, ""), want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(200, "<html>"), want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(200, "{\"id\":1"), want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(200, "[]"), want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(200, "{\"id\":1}"), want_window(0), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(404, "[\"x\"]"), want_object(), FAULT_UPSTREAM_GARBAGE);
	assert_nothing(reply(404, "{"), want_object(), FAULT_UPSTREAM_GARBAGE);
}

static void other_statuses_are_never_kept(void **state)
{
	static const int statuses[] = {
		201, 204, 301, 302, 304, 401, 403, 405, 410, 500, 502, 503
	};

	(void)state;
	for (size_t i = 0; i < COUNT(statuses); i++)
		assert_nothing(reply(statuses[i], "{\"detail\":\"x\"}"), want_object(),
			       FAULT_UPSTREAM_ERROR);
}

static void faults_of_the_call_are_passed_on(void **state)
{
	static const enum fault faults[] = { FAULT_UPSTREAM_DOWN, FAULT_UPSTREAM_SLOW,
					     FAULT_UPSTREAM_GARBAGE };

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		/* Even with a good status and body: the answer was not whole. */
		struct reply r = reply(200, "{\"id\":1}");

		r.fault = faults[i];
		assert_nothing(r, want_object(), faults[i]);
	}
}

static void a_429_says_when_to_come_again(void **state)
{
	static const struct {
		int64_t header;
		const char *body;
		int wait_s;
	} cases[] = {
		{ 240, "{\"detail\":\"x\"}", 240 },
		{ 240, "{\"detail\":\"Expected available in 99 seconds.\"}", 240 },
		{ 0, "{\"detail\":\"Request was throttled. Expected available in 99 seconds.\"}",
		  99 },
		{ 0, "{\"detail\":\"Request was throttled. Expected available in 1 second.\"}", 1 },
		{ 0, "{\"detail\":\"Request was throttled.\"}", 60 },
		{ 0, "Expected available in ", 60 },
		{ 0, "available in x seconds", 60 },
		{ 0, "available in -5 seconds", 60 },
		{ 0, "available in 99999999999999999999 seconds", 60 },
		{ 0, "", 60 },
		{ -7, "", 60 },
		{ 1000000000, "", 86400 },
		{ INT64_MAX, "", 86400 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reply r = reply(429, cases[i].body);
		struct fail failure;

		r.retry_after_s = cases[i].header;
		r.is_json = i % 2;
		failure = assert_nothing(r, want_window(0), FAULT_NO_BUDGET);
		if (failure.retry_after_s != cases[i].wait_s)
			fail_msg("row %zu: %d s", i, failure.retry_after_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_with_its_times),
		cmocka_unit_test(what_is_near_is_fresh_for_less),
		cmocka_unit_test(a_window_must_be_whole),
		cmocka_unit_test(what_was_fetched_again_says_so),
		cmocka_unit_test(an_object_and_its_links),
		cmocka_unit_test(refusals_are_kept_briefly),
		cmocka_unit_test(what_is_not_json_is_never_kept),
		cmocka_unit_test(other_statuses_are_never_kept),
		cmocka_unit_test(faults_of_the_call_are_passed_on),
		cmocka_unit_test(a_429_says_when_to_come_again),
	};

	return cmocka_run_group_tests_name("intake", tests, set_up, tear_down);
}
