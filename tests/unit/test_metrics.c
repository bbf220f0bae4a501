#include "unit/catalog.h"

#include "app/metrics.h"
#include "app/metrics_put.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct wall start = { 1795468800000 };
static const struct wall later = { 1795468900000 };

/* Two workers of a host, and what one of them tells. */
struct host {
	char folder[64];
	char path[100];
	struct metrics *a;
	struct metrics *b;
	struct catalog *catalog;
	struct buf page;
};

static struct metrics *open_at(const char *path, struct wall now)
{
	struct fail failure;
	struct metrics *m = metrics_open(path, now, &failure);

	if (!m)
		fail_msg("%s", failure.text);
	return m;
}

static int set_up(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	snprintf(h->folder, sizeof(h->folder), "/tmp/perigee-unit-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof(h->path), "%s/metrics", h->folder);
	h->a = open_at(h->path, start);
	h->b = open_at(h->path, later);
	h->catalog = test_catalog();
	metrics_register(h->a, h->catalog);
	h->page = buf_init(1 << 20);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct host *h = *state;

	metrics_close(h->a);
	metrics_close(h->b);
	catalog_unref(h->catalog);
	buf_release(&h->page);
	unlink(h->path);
	rmdir(h->folder);
	free(h);
	return 0;
}

static struct str tell_with(struct host *h, struct metrics *m, const struct metrics_asked *asked)
{
	buf_clear(&h->page);
	metrics_put(m, asked, &h->page);
	assert_false(h->page.failed);
	return buf_str(&h->page);
}

/* What m tells when nobody else knows anything. */
static struct str tell(struct host *h, struct metrics *m)
{
	const struct metrics_asked nothing = {
		.redis_keys = -1, .redis_bytes = -1, .redis_bytes_max = -1, .redis_evicted = -1
	};

	return tell_with(h, m, &nothing);
}

static const struct endpoint *endpoint(const struct host *h, const char *name)
{
	const struct endpoint *e = api_endpoint(&h->catalog->apis[0], str_from(name));

	assert_non_null(e);
	return e;
}

/* ---- series ---- */

static void templates_have_numbers(void **state)
{
	struct host *h = *state;
	const struct endpoint *list = endpoint(h, "spacecraft");
	const struct endpoint *single = endpoint(h, "dashboard/starship");
	const struct endpoint *throttle = endpoint(h, "api-throttle");

	assert_true(list->series > SERIES_OTHER);
	assert_true(list->object_series > SERIES_OTHER);
	assert_int_not_equal(list->series, list->object_series);
	assert_int_equal(single->series, single->object_series);
	assert_int_not_equal(single->series, throttle->series);
	assert_true(h->catalog->apis[0].series > SERIES_OTHER);
	metrics_request(h->a, list->object_series, RESULT_HIT, METHOD_GET, 10);
	metrics_request(h->a, h->catalog->apis[0].series, RESULT_HIT, METHOD_GET, 10);
	metrics_request(h->a, SERIES_UNMATCHED, RESULT_INVALID, METHOD_GET, 10);
	tell(h, h->a);
	assert_holds(buf_str(&h->page),
		     "perigee_requests_total{endpoint=\"/2.3.0/spacecraft/{id}/\","
		     "result=\"hit\"} 1\n");
	assert_holds(buf_str(&h->page),
		     "perigee_requests_total{endpoint=\"/2.3.0/\",result=\"hit\"} 1\n");
	assert_holds(buf_str(&h->page),
		     "perigee_requests_total{endpoint=\"(unmatched)\",result=\"invalid\"} 1\n");
}

static void numbers_stay(void **state)
{
	struct host *h = *state;
	struct catalog *again = test_catalog();
	uint32_t series = endpoint(h, "spacecraft")->series;
	uint32_t object_series = endpoint(h, "spacecraft")->object_series;

	/* In another worker, and after all of them were restarted. */
	metrics_register(h->b, again);
	assert_int_equal(api_endpoint(&again->apis[0], STR("spacecraft"))->series, series);
	metrics_close(h->a);
	metrics_close(h->b);
	h->b = NULL;
	h->a = open_at(h->path, later);
	/* By another table, that lacks the first endpoint. */
	again->apis[0].endpoints++;
	again->apis[0].endpoints_n--;
	metrics_register(h->a, again);
	assert_int_equal(api_endpoint(&again->apis[0], STR("spacecraft"))->object_series,
			 object_series);
	catalog_unref(again);
}

static void when_all_numbers_are_taken_the_rest_share_one(void **state)
{
	struct host *h = *state;
	char root[64] = "/x/";
	struct api api = h->catalog->apis[0];
	struct catalog many = { .apis = &api, .apis_n = 1 };
	struct endpoint e = { .name = STR("things"), .kind = ENDPOINT_SINGLE };
	uint32_t last = 0;

	api.endpoints = &e;
	api.endpoints_n = 1;
	for (int i = 0; i < METRICS_SERIES + 10; i++) {
		snprintf(root, sizeof(root), "/%d/", i);
		api.root = str_from(root);
		metrics_register(h->a, &many);
		assert_true(e.series == SERIES_OTHER || e.series > last);
		last = e.series;
	}
	assert_int_equal(last, SERIES_OTHER);
	metrics_request(h->a, e.series, RESULT_MISS, METHOD_GET, 10);
	tell(h, h->a);
	assert_holds(buf_str(&h->page),
		     "perigee_requests_total{endpoint=\"(other)\",result=\"miss\"} 1\n");
}

/* ---- counting ---- */

#define THREADS 4
#define COUNTED 5000

struct counting {
	struct metrics *m;
	uint32_t series;
};

static void *count_many(void *ctx)
{
	const struct counting *c = ctx;

	for (int i = 0; i < COUNTED; i++)
		metrics_request(c->m, c->series, RESULT_HIT, METHOD_GET, i);
	return NULL;
}

static void workers_count_together(void **state)
{
	struct host *h = *state;
	struct counting c[THREADS];
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		c[i] = (struct counting){ i % 2 ? h->a : h->b, endpoint(h, "events")->series };
		assert_int_equal(pthread_create(&threads[i], NULL, count_many, &c[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 2; i++) {
		tell(h, i ? h->a : h->b);
		assert_holds(buf_str(&h->page),
			     "perigee_requests_total{endpoint=\"/2.3.0/events/\","
			     "result=\"hit\"} 20000\n");
		assert_holds(buf_str(&h->page),
			     "perigee_request_methods_total{method=\"GET\"} 20000\n");
		assert_holds(buf_str(&h->page),
			     "perigee_request_duration_seconds_count{result=\"hit\"} 20000\n");
		/* 4 times 0 + 1 + ... + 4999 us. */
		assert_holds(buf_str(&h->page),
			     "perigee_request_duration_seconds_sum{result=\"hit\"} 49.99\n");
	}
}

static void what_is_counted_outlives_workers(void **state)
{
	struct host *h = *state;

	metrics_page(h->a, PAGE_HEALTHZ);
	metrics_add(h->a, SUM_LOCK_WAITS, 3);
	metrics_gauge(h->a, GAUGE_WAITERS, 5);
	metrics_gauge(h->b, GAUGE_WAITERS, 2);
	tell(h, h->b);
	assert_holds(buf_str(&h->page), "\nperigee_waiters 7\n");
	assert_holds(buf_str(&h->page), "\nperigee_workers 2\n");
	metrics_close(h->a);
	h->a = NULL;
	tell(h, h->b);
	assert_holds(buf_str(&h->page), "perigee_pages_total{page=\"healthz\"} 1\n");
	assert_holds(buf_str(&h->page), "\nperigee_lock_waits_total 3\n");
	/* What it had in hand is gone with it. */
	assert_holds(buf_str(&h->page), "\nperigee_waiters 2\n");
	assert_holds(buf_str(&h->page), "\nperigee_workers 1\n");
	/* And who comes in its place begins with nothing. */
	h->a = open_at(h->path, later);
	tell(h, h->b);
	assert_holds(buf_str(&h->page), "\nperigee_waiters 2\n");
	assert_holds(buf_str(&h->page), "\nperigee_workers 2\n");
}

static void nginx_counts_by_number(void **state)
{
	struct host *h = *state;
	uint32_t series = endpoint(h, "spacecraft")->series;

	metrics_request(h->a, series, RESULT_HIT, METHOD_GET, 100);
	assert_true(metrics_front(h->b, metrics_number(series, RESULT_HIT), 41));
	assert_true(metrics_front(h->b, metrics_number(series, RESULT_STALE), 1));
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "perigee_requests_total{endpoint=\"/2.3.0/spacecraft/\","
					"result=\"hit\"} 42\n");
	assert_holds(buf_str(&h->page), "perigee_requests_total{endpoint=\"/2.3.0/spacecraft/\","
					"result=\"stale\"} 1\n");
	assert_holds(buf_str(&h->page), "\nperigee_microcache_requests_total 42\n");
	/* Only what workers answered has a duration. */
	assert_holds(buf_str(&h->page),
		     "perigee_request_duration_seconds_count{result=\"hit\"} 1\n");
	assert_false(metrics_front(h->a, UINT64_MAX, 1));
	assert_false(metrics_front(h->a, (uint64_t)METRICS_SERIES * METRIC_RESULTS, 1));
	assert_true(metrics_front(h->a, (uint64_t)METRICS_SERIES * METRIC_RESULTS - 1, 1));
	counter_set(&metrics_front_cursor(h->a)->offset, 77);
	assert_int_equal(counter_get(&metrics_front_cursor(h->b)->offset), 77);
}

static void calls_have_a_class_and_a_code(void **state)
{
	static const struct {
		enum call_kind kind;
		struct reply reply;
		const char *want;
	} cases[] = {
		{ KIND_DEMAND, { .status = 200 }, "class=\"demand\",code=\"200\"} 1\n" },
		{ KIND_BACKGROUND, { .status = 503 }, "class=\"background\",code=\"503\"} 1\n" },
		{ KIND_CALIBRATION, { .status = 599 }, "class=\"calibration\",code=\"599\"} 1\n" },
		{ KIND_DEMAND, { .status = 100 }, "class=\"demand\",code=\"100\"} 1\n" },
		{ KIND_DEMAND,
		  { .fault = FAULT_UPSTREAM_SLOW },
		  "class=\"demand\",code=\"upstream-timeout\"} 1\n" },
		{ KIND_DEMAND,
		  { .status = 200, .fault = FAULT_UPSTREAM_DOWN },
		  "class=\"demand\",code=\"upstream-unreachable\"} 1\n" },
		/* What no HTTP status is. */
		{ KIND_BACKGROUND,
		  { .status = 999 },
		  "class=\"background\",code=\"upstream-garbage\"} 1\n" },
		{ KIND_CALIBRATION,
		  { .status = -7 },
		  "class=\"calibration\",code=\"upstream-garbage\"} 1\n" },
	};
	struct host *h = *state;

	for (size_t i = 0; i < COUNT(cases); i++)
		metrics_upstream(h->a, cases[i].kind, &cases[i].reply);
	tell(h, h->b);
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_holds(buf_str(&h->page), cases[i].want);
	assert_holds(buf_str(&h->page), "class=\"background\",code=\"200\"} 0\n");
	assert_holds(buf_str(&h->page), "\nperigee_upstream_duration_seconds_count 8\n");
}

static void ages_of_stale_answers(void **state)
{
	struct host *h = *state;

	metrics_stale(h->a, 59);
	metrics_stale(h->a, 61);
	metrics_stale(h->a, -1); /* it has none */
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "perigee_stale_age_seconds_bucket{le=\"60\"} 1\n");
	assert_holds(buf_str(&h->page), "\nperigee_stale_age_seconds_sum 120\n");
	assert_holds(buf_str(&h->page), "\nperigee_stale_age_seconds_count 2\n");
}

static void a_breaker_is_open_in_so_many_workers(void **state)
{
	struct host *h = *state;

	metrics_breaker(h->a, STR("ll2"), true);
	metrics_breaker(h->b, STR("ll2"), true);
	metrics_breaker(h->b, STR("nobody's"), true);
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "\nperigee_breaker_open{budget=\"ll2\"} 2\n");
	assert_lacks(buf_str(&h->page), "nobody");
	metrics_breaker(h->a, STR("ll2"), false);
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "\nperigee_breaker_open{budget=\"ll2\"} 1\n");
}

static void times_of_start_and_reload(void **state)
{
	struct host *h = *state;

	tell(h, h->a);
	/* The latest start, the oldest configuration. */
	assert_holds(buf_str(&h->page), "\nperigee_start_time_seconds 1795468900\n");
	assert_holds(buf_str(&h->page), "\nperigee_config_last_reload_successful 1\n");
	assert_holds(buf_str(&h->page),
		     "\nperigee_config_last_reload_success_timestamp_seconds 1795468800\n");
	metrics_reloaded(h->a, (struct wall){ 1795469000000 }, true);
	metrics_reloaded(h->b, (struct wall){ 1795469000000 }, false);
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "\nperigee_config_last_reload_successful 0\n");
	assert_holds(buf_str(&h->page),
		     "\nperigee_config_last_reload_success_timestamp_seconds 1795468900\n");
	metrics_reloaded(h->b, (struct wall){ 1795469100000 }, true);
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "\nperigee_config_last_reload_successful 1\n");
	assert_holds(buf_str(&h->page),
		     "\nperigee_config_last_reload_success_timestamp_seconds 1795469000\n");
}

/* ---- what was asked ---- */

static void what_is_not_known_is_left_out(void **state)
{
	const struct metrics_budget budgets[] = {
		{ STR("ll2"), 15, 3600000, 3, 1500, 0 },
		{ STR("a\"b"), 5, 1000, 5, 0, -1 },
	};
	const struct metrics_asked asked = { .budgets = budgets,
					     .budgets_n = 2,
					     .redis_up = true,
					     .redis_keys = 7,
					     .redis_bytes = 1000,
					     .redis_bytes_max = 0,
					     .redis_evicted = -1 };
	struct host *h = *state;

	tell_with(h, h->a, &asked);
	assert_holds(buf_str(&h->page), "perigee_upstream_quota_limit{budget=\"ll2\"} 15\n");
	assert_holds(buf_str(&h->page), "quota_window_seconds{budget=\"ll2\"} 3600\n");
	assert_holds(buf_str(&h->page), "quota_remaining{budget=\"ll2\"} 3\n");
	assert_holds(buf_str(&h->page), "quota_reset_seconds{budget=\"ll2\"} 1.5\n");
	assert_holds(buf_str(&h->page), "perigee_cooldown_seconds{budget=\"ll2\"} 0\n");
	assert_holds(buf_str(&h->page), "quota_remaining{budget=\"a\\\"b\"} 5\n");
	assert_lacks(buf_str(&h->page), "cooldown_seconds{budget=\"a");
	assert_holds(buf_str(&h->page), "perigee_cache_entries{cache=\"redis\"} 7\n");
	assert_holds(buf_str(&h->page), "perigee_cache_limit_bytes{cache=\"redis\"} 0\n");
	assert_lacks(buf_str(&h->page), "perigee_cache_evictions_total{cache=\"redis\"}");
	assert_holds(buf_str(&h->page), "\nperigee_redis_up 1\n");
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "\nperigee_redis_up 0\n");
	assert_lacks(buf_str(&h->page), "cache=\"redis\"");
	assert_lacks(buf_str(&h->page), "quota_limit{");
}

/* ---- what lies there already ---- */

static off_t size_of(const char *path)
{
	struct stat found;

	assert_int_equal(stat(path, &found), 0);
	return found.st_size;
}

static void patch(const char *path, off_t at, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "r+");

	assert_non_null(f);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* Whatever somebody has written there: it starts, counts, and tells what can be read. */
static void a_file_full_of_anything(void **state)
{
	struct host *h = *state;
	off_t size = size_of(h->path);
	uint64_t seed = 1;

	metrics_close(h->a);
	metrics_close(h->b);
	h->b = NULL;
	h->a = open_at(h->path, start);
	for (int round = 0; round < 300; round++) {
		char bytes[64];
		/* Often near the front, where names and numbers of names are. */
		off_t at = next_random(&seed) % (round % 2 ? 200 : size - 64);

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(round % 3 ? next_random(&seed) : 0xFF);
		/* Under one that has it open, and before another one opens it. */
		patch(h->path, at, bytes, 1 + next_random(&seed) % sizeof(bytes));
		metrics_register(h->a, h->catalog);
		metrics_request(h->a, endpoint(h, "events")->series, RESULT_HIT, METHOD_GET, 1);
		metrics_breaker(h->a, STR("ll2"), true);
		assert_holds(tell(h, h->a), "\nperigee_build_info");
		h->b = open_at(h->path, later);
		metrics_register(h->b, h->catalog);
		metrics_request(h->b, endpoint(h, "events")->series, RESULT_HIT, METHOD_GET, 1);
		assert_holds(tell(h, h->b), "endpoint=\"/2.3.0/events/\",result=\"hit\"}");
		assert_int_equal(size_of(h->path), size);
		metrics_close(h->a);
		h->a = h->b;
		h->b = NULL;
	}
}

static void another_layout_begins_anew(void **state)
{
	struct host *h = *state;
	uint64_t fingerprint = 42;

	metrics_page(h->a, PAGE_HEALTHZ);
	metrics_close(h->b);
	patch(h->path, 16, &fingerprint, sizeof(fingerprint));
	h->b = open_at(h->path, later);
	tell(h, h->b);
	assert_holds(buf_str(&h->page), "perigee_pages_total{page=\"healthz\"} 0\n");
	/* The old worker goes on in the old one. */
	tell(h, h->a);
	assert_holds(buf_str(&h->page), "perigee_pages_total{page=\"healthz\"} 1\n");
}

static void where_there_can_be_no_file(void **state)
{
	struct fail failure = { .fault = FAULT_NONE };

	(void)state;
	assert_null(metrics_open("/nowhere/at/all", start, &failure));
	assert_string_equal(failure.text, "No such file or directory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(templates_have_numbers),
		TEST(numbers_stay),
		TEST(when_all_numbers_are_taken_the_rest_share_one),
		TEST(workers_count_together),
		TEST(what_is_counted_outlives_workers),
		TEST(nginx_counts_by_number),
		TEST(calls_have_a_class_and_a_code),
		TEST(ages_of_stale_answers),
		TEST(a_breaker_is_open_in_so_many_workers),
		TEST(times_of_start_and_reload),
		TEST(what_is_not_known_is_left_out),
		TEST(a_file_full_of_anything),
		TEST(another_layout_begins_anew),
		TEST(where_there_can_be_no_file),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
