#include "unit/service.h"

#define LIST	"/2.3.0/spacecraft/"
#define PUBLIC	"https://api.example.org" LIST
#define HOUR_MS (3600 * 1000LL)

/* The body is a page of these objects, by their ids, of a list of `count`. */
static void assert_page(const struct service *s, int64_t count, int64_t first_id, int64_t n)
{
	json_t *page = parse_body(s);
	const json_t *results = json_object_get(page, "results");

	assert_int_equal(s->x.status, 200);
	assert_int_equal(json_object_size(page), 4);
	assert_int_equal(json_integer_value(json_object_get(page, "count")), count);
	assert_int_equal(json_array_size(results), n);
	for (int64_t i = 0; i < n; i++) {
		const json_t *object = json_array_get(results, (size_t)i);

		assert_int_equal(json_integer_value(json_object_get(object, "id")), first_id + i);
	}
	json_decref(page);
}

/* Every object of the page is of this version of the list. */
static void assert_version(const struct service *s, int version)
{
	json_t *page = parse_body(s);
	const json_t *results = json_object_get(page, "results");
	size_t i;
	json_t *object;

	assert_true(json_array_size(results) > 0);
	json_array_foreach(results, i, object)
		assert_int_equal(json_integer_value(json_object_get(object, "version")), version);
	json_decref(page);
}

static void assert_link(const struct service *s, const char *name, const char *want)
{
	json_t *page = parse_body(s);
	const json_t *link = json_object_get(page, name);

	if (want)
		assert_view(str_from(json_string_value(link)), want);
	else
		assert_true(json_is_null(link));
	json_decref(page);
}

/* A problem document of this kind; the caller gives it back. */
static json_t *assert_problem(const struct service *s, int status, const char *word)
{
	json_t *problem = parse_body(s);
	char type[100];

	snprintf(type, sizeof(type), "urn:perigee:problem:%s", word);
	assert_text(problem, "type", type);
	assert_int_equal(s->x.status, status);
	assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
	assert_true(json_string_length(json_object_get(problem, "title")) > 0);
	assert_true(json_string_length(json_object_get(problem, "detail")) > 0);
	assert_text(problem, "instance", "urn:perigee:request:abc123");
	assert_header(s, "Content-Type", "application/problem+json");
	return problem;
}

/* ---- from upstream, and from what is stored ---- */

static void the_seed_s_own_request(void **state)
{
	static const char *const spellings[] = {
		"?format=api&offset=326&ordering=-time_docked",
		"?ordering=-time_docked&offset=326",
		"?offset=326&ordering=-time_docked&limit=10&mode=normal&format=json",
		"?offset=0326&ordering=%2dtime_docked&",
		"?offset=1&offset=326&ordering=id&ordering=-time_docked",
		"?name=&in_space=unknown&offset=326&ordering=-time_docked,-time_docked",
		"?_=1700000000&offset=326&ordering=-time_docked",
	};
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "?format=api&offset=326&ordering=-time_docked"), 200);
	assert_result(s, RESULT_MISS);
	assert_page(s, 596, 327, 10);
	assert_link(s, "next", PUBLIC "?limit=10&offset=336&ordering=-time_docked");
	assert_link(s, "previous", PUBLIC "?limit=10&offset=316&ordering=-time_docked");
	assert_int_equal(calls(s), 1);
	assert_view(fake_origin_target(s->rig->origin, 0),
		    LIST "?limit=100&offset=300&ordering=-time_docked");
	for (size_t i = 0; i < COUNT(spellings); i++) {
		char target[200];

		snprintf(target, sizeof(target), LIST "%s", spellings[i]);
		assert_int_equal(ask(s, target), 200);
		assert_result(s, RESULT_HIT);
		assert_page(s, 596, 327, 10);
	}
	assert_int_equal(ask(s, "/2.3.0/spacecraft?offset=326&ordering=-time_docked"), 200);
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
}

static void the_next_nine_pages_cost_nothing(void **state)
{
	struct service *s = *state;

	for (int i = 0; i < 10; i++) {
		char target[64];

		snprintf(target, sizeof(target), LIST "?offset=%d", 300 + 10 * i);
		assert_int_equal(ask(s, target), 200);
		assert_result(s, i ? RESULT_HIT : RESULT_MISS);
		assert_page(s, 596, 301 + 10 * i, 10);
	}
	assert_int_equal(calls(s), 1);
}

static void bytes_are_upstream_s_but_for_links(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "?limit=2&offset=4"), 200);
	assert_view(body_of(s),
		    "{\"count\":596,\"next\":\"" PUBLIC "?limit=2&offset=6\",\"previous\":\"" PUBLIC
		    "?limit=2&offset=2\",\"results\":["
		    "{\"id\":5,\"url\":\"" PUBLIC "5/?format=json\","
		    "\"name\":\"Craft 5 \\u00e9 \xC3\xA9\","
		    "\"image_url\":\"https://ll.thespacedevs.com/2.3.0/x.png\","
		    "\"mass\": 0.10,\"tiny\":1e-07,\"zero\":-0.0,\"large\":9007199254740993,"
		    "\"version\":1},"
		    "{\"id\":6,\"url\":\"" PUBLIC "6/?format=json\","
		    "\"name\":\"Craft 6 \\u00e9 \xC3\xA9\","
		    "\"image_url\":\"https://ll.thespacedevs.com/2.3.0/x.png\","
		    "\"mass\": 0.10,\"tiny\":1e-07,\"zero\":-0.0,\"large\":9007199254740993,"
		    "\"version\":1}]}");
}

static void an_object_by_its_id(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "430/?format=api"), 200);
	assert_result(s, RESULT_MISS);
	assert_view(body_of(s),
		    "{\"id\":430,\"url\":\"" PUBLIC "430/?format=json\","
		    "\"name\":\"Craft 430 \\u00e9 \xC3\xA9\","
		    "\"image_url\":\"https://ll.thespacedevs.com/2.3.0/x.png\","
		    "\"mass\": 0.10,\"tiny\":1e-07,\"zero\":-0.0,\"large\":9007199254740993,"
		    "\"version\":1}");
	assert_header(s, "Link", NULL);
	assert_view(fake_origin_target(s->rig->origin, 0), LIST "430/");
	assert_int_equal(ask(s, "/2.3.0/spacecraft/0430?mode=detailed"), 200);
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
	assert_int_equal(ask(s, LIST "430/?mode=normal"), 200);
	assert_result(s, RESULT_MISS);
	assert_view(fake_origin_target(s->rig->origin, 1), LIST "430/?mode=normal");
}

static void other_filters_are_other_entries(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	ask(s, LIST "?mode=detailed");
	assert_result(s, RESULT_MISS);
	ask(s, LIST "?name=x");
	assert_result(s, RESULT_MISS);
	ask(s, LIST "?in_space=true");
	assert_result(s, RESULT_MISS);
	assert_int_equal(calls(s), 4);
}

static void walking_the_whole_list(void **state)
{
	struct service *s = *state;
	char target[200] = LIST "?limit=10";
	int64_t seen = 0;

	while (target[0]) {
		json_t *page;
		const char *next;

		assert_int_equal(ask(s, target), 200);
		assert_page(s, 596, seen + 1, seen < 590 ? 10 : 6);
		seen += 10;
		page = parse_body(s);
		next = json_string_value(json_object_get(page, "next"));
		if (next) {
			assert_true(str_starts(str_from(next), STR(PUBLIC)));
			next += strlen("https://api.example.org");
		}
		snprintf(target, sizeof(target), "%s", next ? next : "");
		json_decref(page);
	}
	assert_int_equal(seen, 600);
	assert_int_equal(calls(s), 6);
}

static void pages_at_random(void **state)
{
	struct service *s = *state;
	uint64_t random = 7;

	for (int i = 0; i < 400; i++) {
		int64_t limit = 1 + next_random(&random) % 100;
		int64_t offset = next_random(&random) % 650;
		int64_t n = offset >= 596 ? 0 : offset + limit > 596 ? 596 - offset : limit;
		char target[64];

		snprintf(target, sizeof(target), LIST "?limit=%d&offset=%d", (int)limit,
			 (int)offset);
		ask(s, target);
		assert_page(s, 596, offset + 1, n);
	}
	assert_in_range(calls(s), 6, 7);
}

/* ---- windows ---- */

static void a_page_over_the_border_of_two_windows(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_result(s, RESULT_MISS);
	assert_page(s, 596, 96, 10);
	assert_link(s, "next", PUBLIC "?limit=10&offset=105");
	assert_link(s, "previous", PUBLIC "?limit=10&offset=85");
	assert_int_equal(calls(s), 2);
	assert_int_equal(ask(s, LIST "?offset=50&limit=100"), 200);
	assert_result(s, RESULT_HIT);
	assert_page(s, 596, 51, 100);
	assert_int_equal(calls(s), 2);
}

/* The second window is asked for only where the list goes on there. */
static void the_end_of_the_list_in_the_first_window(void **state)
{
	struct service *s = *state;

	s->rig->list.count = 100;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_page(s, 100, 96, 5);
	assert_link(s, "next", NULL);
	assert_int_equal(calls(s), 1);
}

static void past_the_end(void **state)
{
	static const struct {
		const char *target;
		const char *previous;
	} cases[] = {
		{ LIST "?offset=596", PUBLIC "?limit=10&offset=586" },
		{ LIST "?offset=600", PUBLIC "?limit=10&offset=590" },
		{ LIST "?offset=699&limit=100", PUBLIC "?limit=100&offset=599" },
		{ LIST "?offset=100000", PUBLIC "?limit=10&offset=99990" },
		{ LIST "?offset=1000000000000000", PUBLIC "?limit=10&offset=999999999999990" },
	};
	struct service *s = *state;

	ask(s, LIST "?offset=500");
	ask(s, LIST);
	assert_int_equal(calls(s), 2);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(ask(s, cases[i].target), 200);
		assert_result(s, RESULT_HIT);
		assert_page(s, 596, 0, 0);
		assert_link(s, "next", NULL);
		assert_link(s, "previous", cases[i].previous);
	}
	/* Fresh windows knew the end. */
	assert_int_equal(calls(s), 2);
}

static void past_the_end_when_nobody_knows_it(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "?offset=700"), 200);
	assert_result(s, RESULT_MISS);
	assert_page(s, 596, 0, 0);
	assert_int_equal(calls(s), 1);
	assert_int_equal(ask(s, LIST "?offset=710"), 200);
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
}

static void an_empty_list(void **state)
{
	struct service *s = *state;

	s->rig->list.count = 0;
	assert_int_equal(ask(s, LIST), 200);
	assert_view(body_of(s), "{\"count\":0,\"next\":null,\"previous\":null,\"results\":[]}");
	assert_int_equal(ask(s, LIST "?offset=10"), 200);
	assert_view(body_of(s), "{\"count\":0,\"next\":null,\"previous\":\"" PUBLIC
				"?limit=10\",\"results\":[]}");
	assert_int_equal(calls(s), 1);
}

/* Another count in the second window: the first, which is older, is fetched again. */
static void the_count_changes_between_windows(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 60000);
	s->rig->list.count = 597;
	s->rig->list.version = 2;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_page(s, 597, 96, 10);
	assert_version(s, 2);
	assert_int_equal(calls(s), 3);
	assert_view(fake_origin_target(s->rig->origin, 1), LIST "?limit=100&offset=100");
	assert_view(fake_origin_target(s->rig->origin, 2), LIST "?limit=100");
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 3);
}

static void the_list_shrinks_between_windows(void **state)
{
	struct service *s = *state;

	s->rig->list.count = 105;
	ask(s, LIST);
	rig_advance(s->rig, 60000);
	s->rig->list.count = 98;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_page(s, 98, 96, 3);
	assert_link(s, "next", NULL);
	assert_int_equal(calls(s), 3);
}

/* One object came in and another went: the count says nothing, but one is in both windows. */
static void an_object_in_both_windows(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 60000);
	s->rig->list.first_id = 0;
	s->rig->list.version = 2;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_page(s, 596, 95, 10);
	assert_version(s, 2);
	assert_int_equal(calls(s), 3);
}

static void windows_of_different_times(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 30 * 60000 - 10);
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_int_equal(calls(s), 2);
	ask(s, LIST "?offset=200");
	rig_advance(s->rig, 30 * 60000);
	s->rig->list.version = 2;
	assert_int_equal(ask(s, LIST "?offset=295"), 200);
	assert_version(s, 2);
	assert_int_equal(calls(s), 5);
}

/* A list whose objects stand elsewhere in every answer, as where all compare equal. */
static struct reply answer_from_a_shaky_list(void *ctx, struct str target)
{
	struct rig *r = ctx;

	fake_clock_advance(&r->clock, 10);
	r->list.first_id--;
	return fake_list_script(&r->list, target);
}

static void windows_that_never_agree_cost_little(void **state)
{
	struct service *s = *state;

	rig_rest(s->rig);
	s->rig->list.first_id = 1000;
	s->rig->origin->script = answer_from_a_shaky_list;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_true(calls(s) <= 3);
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_int_equal(ask(s, LIST "?offset=96"), 200);
	assert_true(calls(s) <= 3);
}

static struct reply answer_from_a_growing_list(void *ctx, struct str target)
{
	struct rig *r = ctx;

	fake_clock_advance(&r->clock, 10);
	r->list.count++;
	return fake_list_script(&r->list, target);
}

static void counts_that_never_agree_cost_little(void **state)
{
	struct service *s = *state;

	rig_rest(s->rig);
	s->rig->origin->script = answer_from_a_growing_list;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	/* One call for each window, and one more for each. */
	assert_true(calls(s) <= 4);
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_true(calls(s) <= 4);
}

/* Not even a clock that stands still, and cannot say which window is older, makes it go on. */
static struct reply answer_in_no_time(void *ctx, struct str target)
{
	struct rig *r = ctx;

	r->list.first_id--;
	return fake_list_script(&r->list, target);
}

static void a_clock_that_stands_still(void **state)
{
	struct service *s = *state;

	rig_rest(s->rig);
	s->rig->list.first_id = 1000;
	s->rig->origin->script = answer_in_no_time;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_true(calls(s) <= FILLS_MAX);
}

/* When the older one cannot be had again, both are answered from as they are. */
static void windows_that_disagree_in_need(void **state)
{
	struct service *s = *state;

	ask(s, LIST "?offset=100");
	rig_advance(s->rig, 60000);
	s->rig->list.count = 597;
	ask(s, LIST);
	assert_int_equal(calls(s), 2);
	s->rig->list.failures = 1;
	s->rig->list.status = 500;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_page(s, 597, 96, 10);
	assert_holds(header(s, "Cache-Status"), "detail=upstream-error");
	assert_int_equal(calls(s), 3);
}

/* ---- freshness ---- */

static void headers_of_a_fresh_answer(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	assert_header(s, "Status", "200 OK");
	assert_header(s, "Content-Type", "application/json");
	assert_header(s, "Cache-Status", "perigee; fwd=miss; fwd-status=200; stored; ttl=21599");
	assert_header(s, "Age", "0");
	assert_header(s, "Cache-Control", "public, max-age=21599");
	assert_header(s, "X-Perigee-Expires", "21598");
	/* How this request came about is not for others. */
	assert_header(s, "X-Accel-Expires", "0");
	assert_header(s, "Vary", "Accept-Encoding");
	assert_header(s, "No-Vary-Search", "key-order");
	assert_header(s, "Access-Control-Allow-Origin", "*");
	assert_holds(header(s, "Access-Control-Expose-Headers"), "Retry-After");
	rig_advance(s->rig, 99000);
	ask(s, LIST);
	assert_header(s, "Cache-Status", "perigee; hit; ttl=21500");
	assert_header(s, "Age", "99");
	assert_header(s, "Cache-Control", "public, max-age=21599");
	assert_header(s, "X-Perigee-Expires", "21499");
	assert_header(s, "X-Accel-Expires", "0");
	/* A second lasts as long as the clock's, not as the answer's. */
	rig_advance(s->rig, 999);
	ask(s, LIST);
	assert_header(s, "Age", "100");
	rig_advance(s->rig, 6 * HOUR_MS - 101000);
	ask(s, LIST);
	assert_result(s, RESULT_HIT);
	assert_header(s, "Cache-Status", "perigee; hit; ttl=0");
	assert_header(s, "Age", "21599");
	/* In its last second nobody else may rely on it any more. */
	assert_header(s, "Cache-Control", "public, max-age=0, must-revalidate");
	assert_header(s, "X-Perigee-Expires", "@1");
	assert_header(s, "X-Accel-Expires", "0");
	assert_int_equal(calls(s), 1);
}

static struct str etag_of(const struct service *s, char text[static 64])
{
	snprintf(text, 64, "%.*s", STR_ARG(header(s, "ETag")));
	return str_from(text);
}

/* `@` and the second that it is. */
static const char *now_s(const struct service *s)
{
	static char text[32];

	snprintf(text, sizeof(text), "@%lld", (long long)(s->rig->clock.wall_ms / 1000));
	return text;
}

/* How often it has to be asked for, before nginx may keep it. (The one that has it composed does
 * not count.) */
static int times_until_kept(struct service *s, struct request request)
{
	for (int times = 1; times <= 20; times++) {
		assert_int_equal(ask_request(s, request), 200);
		if (!str_eq(header(s, "X-Accel-Expires"), STR("0"))) {
			assert_header(s, "X-Accel-Expires", now_s(s));
			return times;
		}
		assert_header(s, "X-Perigee-Count", NULL);
	}
	fail_msg("it never may");
	return 0;
}

/* nginx may keep what is wanted by many in this very second, and as nobody's own. */
static void what_nginx_may_keep(void **state)
{
	struct service *s = *state;
	struct request request = get(LIST);
	char number[16];
	char etag[64];

	memory_free(s->gw.memory);
	s->gw.memory = memory_new(1 << 20);
	assert_non_null(s->gw.memory);
	ask(s, LIST);
	assert_int_equal(times_until_kept(s, request), 3);
	snprintf(number, sizeof(number), "%u", metrics_number(s->x.series, RESULT_HIT));
	assert_header(s, "X-Perigee-Count", number);
	etag_of(s, etag);
	/* In the next second it is kept at once. But not an answer to a condition, which is for who
	 * made it, nor HEAD's without a body. */
	rig_advance(s->rig, 1000);
	request.if_none_match = str_from(etag);
	assert_int_equal(ask_request(s, request), 304);
	assert_header(s, "X-Accel-Expires", "0");
	request.if_none_match = STR("");
	request.if_match = str_from(etag);
	assert_int_equal(ask_request(s, request), 200);
	assert_header(s, "X-Accel-Expires", "0");
	request = get(LIST);
	request.method = STR("HEAD");
	assert_int_equal(ask_request(s, request), 200);
	assert_header(s, "X-Accel-Expires", "0");
	assert_int_equal(times_until_kept(s, get(LIST)), 1);
	/* Not after a pause. */
	rig_advance(s->rig, (DEMAND_FORGET_S + 1) * 1000);
	assert_int_equal(times_until_kept(s, get(LIST)), 2);
	/* Nobody shall have for fresh what will not be at the second's end. */
	rig_advance(s->rig, 6 * HOUR_MS - (DEMAND_FORGET_S + 2) * 1000 - 500);
	for (int i = 0; i < 8; i++) {
		ask(s, LIST);
		assert_result(s, RESULT_HIT);
		assert_header(s, "X-Accel-Expires", "0");
	}
	rig_advance(s->rig, 2000);
	s->rig->list.failures = 100;
	for (int i = 0; i < 8; i++) {
		ask(s, LIST);
		assert_result(s, RESULT_STALE);
		assert_header(s, "X-Accel-Expires", "0");
	}
}

/* Two windows: the older one decides. */
static void the_age_of_two_windows(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 100000 - 10);
	ask(s, LIST "?offset=100");
	ask(s, LIST "?offset=95");
	assert_result(s, RESULT_HIT);
	assert_header(s, "Age", "100");
	assert_header(s, "Cache-Status", "perigee; hit; ttl=21499");
	ask(s, LIST "?offset=300");
	rig_advance(s->rig, 50000 - 10);
	ask(s, LIST "?offset=200");
	ask(s, LIST "?offset=295");
	assert_result(s, RESULT_HIT);
	assert_header(s, "Age", "50");
}

/* The younger window is outdated first, as what it holds is near. */
static void the_freshness_of_two_windows(void **state)
{
	struct service *s = *state;
	struct entry *second;
	struct entry facts;

	ask(s, LIST);
	rig_advance(s->rig, 100000 - 10);
	ask(s, LIST "?offset=100");
	second = fake_store_get(&s->rig->store, STR("/2.3.0/spacecraft/?limit=100&offset=100"));
	assert_non_null(second);
	facts = *second;
	facts.fresh_until = wall_after(second->fetched, 60000);
	fake_store_put(&s->rig->store, &facts);
	entry_unref(second);
	ask(s, LIST "?offset=95");
	assert_result(s, RESULT_HIT);
	assert_header(s, "Age", "100");
	assert_header(s, "Cache-Status", "perigee; hit; ttl=59");
	assert_header(s, "Cache-Control", "public, max-age=159");
	rig_advance(s->rig, 60000);
	ask(s, LIST "?offset=95");
	assert_result(s, RESULT_STALE);
}

static void a_stale_answer_goes_out_at_once(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 6 * HOUR_MS);
	s->rig->list.version = 2;
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_STALE);
	assert_version(s, 1);
	assert_header(s, "Age", "21600");
	assert_header(s, "Cache-Control", "public, max-age=0, must-revalidate");
	assert_header(s, "Cache-Status", "perigee; hit; ttl=0");
	/* Behind it, a new one was fetched. */
	assert_int_equal(calls(s), 2);
	assert_int_equal(s->rig->store.background_reserves, 1);
	ask(s, LIST);
	assert_result(s, RESULT_HIT);
	assert_version(s, 2);
	assert_int_equal(calls(s), 2);
}

static void how_long_ago_it_was_fresh(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	s->rig->list.failures = 100;
	rig_advance(s->rig, 6 * HOUR_MS + 5001);
	ask(s, LIST);
	assert_header(s, "Cache-Status", "perigee; hit; ttl=-6");
	assert_header(s, "Age", "21605");
}

static void both_windows_are_refreshed_behind(void **state)
{
	struct service *s = *state;

	ask(s, LIST "?offset=95");
	rig_advance(s->rig, 7 * HOUR_MS);
	s->rig->list.version = 2;
	ask(s, LIST "?offset=95");
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 4);
	ask(s, LIST "?offset=95");
	assert_result(s, RESULT_HIT);
	assert_version(s, 2);
}

static void the_last_good_answer_stands(void **state)
{
	static const int statuses[] = { 0, 500, 503, 429, 301 };
	struct service *s = *state;
	size_t n;

	ask(s, LIST);
	rig_advance(s->rig, 6 * HOUR_MS);
	n = calls(s);
	for (size_t i = 0; i < COUNT(statuses); i++) {
		s->rig->list.failures = 1;
		s->rig->list.status = statuses[i];
		assert_int_equal(ask(s, LIST), 200);
		assert_result(s, RESULT_STALE);
		assert_version(s, 1);
		assert_int_equal(calls(s), ++n);
		/* What failed a moment ago is not asked again, and that holds nobody up. */
		assert_int_equal(ask(s, LIST), 200);
		assert_int_equal(calls(s), n);
		rig_advance(s->rig, HOUR_MS);
	}
	/* 30 days later it is no answer any more. */
	rig_advance(s->rig, 30 * 24 * HOUR_MS);
	s->rig->list.failures = 1;
	s->rig->list.status = 500;
	assert_int_equal(ask(s, LIST), 502);
	assert_int_equal(calls(s), n + 1);
}

/* An answer that was fetched lives its time from when it came, also if that is a step back. */
static void a_clock_that_is_set_back(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	s->rig->clock.wall_ms -= 2 * HOUR_MS;
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_HIT);
	assert_header(s, "Age", "0");
}

/* ---- when upstream fails ---- */

static void failures_without_anything_stored(void **state)
{
	static const struct {
		int upstream;
		int status;
		const char *word;
	} cases[] = {
		{ 0, 502, "upstream-unreachable" },
		{ 500, 502, "upstream-error" },
		{ 302, 502, "upstream-error" },
		{ 201, 502, "upstream-error" },
	};
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *problem;

		s->rig->list.failures = 1;
		s->rig->list.status = cases[i].upstream;
		ask(s, LIST);
		problem = assert_problem(s, cases[i].status, cases[i].word);
		assert_int_equal(json_integer_value(json_object_get(problem, "retry_after")), 1);
		json_decref(problem);
		assert_result(s, RESULT_ERROR);
		assert_header(s, "Retry-After", "1");
		assert_header(s, "Cache-Control", "no-store");
		assert_int_equal(calls(s), i + 1);
		/* At once again: the same answer, without a call. */
		ask(s, LIST);
		json_decref(assert_problem(s, cases[i].status, cases[i].word));
		assert_int_equal(calls(s), i + 1);
		rig_advance(s->rig, HOUR_MS);
	}
	assert_int_equal(ask(s, LIST), 200);
}

static void upstream_that_does_not_answer_in_time(void **state)
{
	struct service *s = *state;

	rig_rest(s->rig);
	s->rig->origin->script = NULL;
	s->x.request = get(LIST);
	s->x.arrived = s->rig->clock.clock.mono(&s->rig->clock.clock);
	assert_false(serve(&s->gw, s->store, &s->x));
	assert_true(fake_origin_await(s->rig->origin, 1));
	rig_advance(s->rig, RIG_WAIT_MS);
	assert_ptr_equal(fake_worker_take(&s->rig->worker), &s->x);
	exchange_take_news(&s->x);
	assert_true(serve(&s->gw, s->store, &s->x));
	json_decref(assert_problem(s, 504, "upstream-timeout"));
	assert_result(s, RESULT_ERROR);
	/* It came too late for this one, and in time for the next. */
	assert_true(fake_origin_end(s->rig->origin, 0,
				    answer_from_list(s->rig, STR(LIST "?limit=100"))));
	rig_rest(s->rig);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_HIT);
}

static void those_who_ask_together_share_a_call(void **state)
{
	struct service *s = *state;
	struct exchange other;

	rig_rest(s->rig);
	s->rig->origin->script = NULL;
	open_exchange(&other, LIMIT_REQUEST_BYTES);
	s->x.request = get(LIST);
	other.request = get(LIST "?offset=50&limit=5");
	assert_false(serve(&s->gw, s->store, &s->x));
	assert_false(serve(&s->gw, s->store, &other));
	assert_true(fake_origin_await(s->rig->origin, 1));
	assert_true(fake_origin_end(s->rig->origin, 0,
				    answer_from_list(s->rig, STR(LIST "?limit=100"))));
	for (int i = 0; i < 2; i++) {
		struct exchange *x = fake_worker_take(&s->rig->worker);

		assert_non_null(x);
		exchange_take_news(x);
		assert_true(serve(&s->gw, s->store, x));
	}
	assert_result(s, RESULT_MISS);
	assert_int_equal(other.result, RESULT_COLLAPSED);
	assert_holds(buf_str(&other.head),
		     "Cache-Status: perigee; fwd=miss; fwd-status=200; stored; collapsed; ttl=");
	assert_int_equal(calls(s), 1);
	close_exchange(&other);
}

static void a_spent_quota(void **state)
{
	struct service *s = *state;
	json_t *problem;

	s->rig->store.refuses = true;
	s->rig->store.refuses_ms = 239500;
	assert_int_equal(ask(s, LIST), 429);
	problem = assert_problem(s, 429, "quota-exceeded");
	assert_text(problem, "detail", "Request was throttled. Expected available in 240 seconds.");
	assert_int_equal(json_integer_value(json_object_get(problem, "retry_after")), 240);
	json_decref(problem);
	assert_result(s, RESULT_REFUSED);
	assert_header(s, "Retry-After", "240");
	assert_header(s, "Cache-Control", "no-store");
	assert_int_equal(calls(s), 0);
}

static void a_spent_quota_with_something_stored(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	s->rig->store.refuses = true;
	s->rig->store.refuses_ms = 240000;
	rig_advance(s->rig, 7 * HOUR_MS);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_STALE);
	assert_header(s, "Age", "25200");
	assert_int_equal(calls(s), 1);
}

static void upstream_s_429(void **state)
{
	struct service *s = *state;

	s->rig->list.failures = 1;
	s->rig->list.status = 429;
	s->rig->list.retry_after_s = 300;
	assert_int_equal(ask(s, LIST), 429);
	assert_header(s, "Retry-After", "300");
	assert_int_equal(ask(s, LIST "?name=x"), 429);
	assert_header(s, "Retry-After", "300");
	assert_int_equal(calls(s), 1);
	rig_advance(s->rig, 301000);
	assert_int_equal(ask(s, LIST), 200);
}

static void upstream_s_404(void **state)
{
	struct service *s = *state;
	json_t *problem;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(s, LIST "9999/"), 404);
		assert_result(s, RESULT_NEGATIVE);
		problem = assert_problem(s, 404, "not-found");
		assert_text(problem, "detail", "No Spacecraft matches the given query.");
		json_decref(problem);
		assert_header(s, "Cache-Control", "public, max-age=599");
		assert_header(s, "Cache-Status",
			      i ? "perigee; hit; ttl=599"
				: "perigee; fwd=miss; fwd-status=404; stored; ttl=599");
	}
	assert_int_equal(calls(s), 1);
	/* It is believed for ten minutes, and never when stale. */
	rig_advance(s->rig, 600000);
	assert_int_equal(ask(s, LIST "9999/"), 404);
	assert_int_equal(calls(s), 2);
}

static void upstream_s_400(void **state)
{
	struct service *s = *state;
	json_t *problem;
	const json_t *faults;

	rig_rest(s->rig);
	s->rig->origin->script = NULL;
	s->x.request = get(LIST "?status=999");
	assert_false(serve(&s->gw, s->store, &s->x));
	assert_true(fake_origin_await(s->rig->origin, 1));
	assert_true(
		fake_origin_end(s->rig->origin, 0,
				fake_json(400, STR("{\"status\":[\"Select a valid choice.\"]}"))));
	assert_ptr_equal(fake_worker_take(&s->rig->worker), &s->x);
	exchange_take_news(&s->x);
	assert_true(serve(&s->gw, s->store, &s->x));
	assert_int_equal(s->x.status, 400);
	problem = parse_body(s);
	faults = json_object_get(problem, "faults");
	assert_int_equal(json_array_size(faults), 1);
	assert_text(json_array_get(faults, 0), "parameter", "status");
	assert_text(json_array_get(faults, 0), "reason", "Select a valid choice.");
	json_decref(problem);
	ask(s, LIST "?status=999&offset=20");
	assert_result(s, RESULT_NEGATIVE);
	assert_int_equal(calls(s), 1);
}

/* ---- when the store fails ---- */

static void without_the_store(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	s->rig->store.broken = true;
	ask(s, LIST);
	json_decref(assert_problem(s, 503, "store-unavailable"));
	assert_result(s, RESULT_ERROR);
	ask(s, LIST "?name=x");
	json_decref(assert_problem(s, 503, "store-unavailable"));
	/* Redis away is no miss, and without a share of its own a worker makes no call. */
	assert_int_equal(calls(s), 1);
	/* What is wrong can be told without it. */
	assert_int_equal(ask(s, LIST "?nmae=x"), 400);
	s->rig->store.broken = false;
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_HIT);
}

static void what_cannot_be_stored_is_answered(void **state)
{
	struct service *s = *state;

	s->rig->store.save_fails = true;
	assert_int_equal(ask(s, LIST "?offset=95"), 200);
	assert_result(s, RESULT_MISS);
	assert_page(s, 596, 96, 10);
	assert_lacks(header(s, "Cache-Status"), "stored");
	assert_int_equal(calls(s), 2);
}

static void the_budget_cannot_be_asked(void **state)
{
	struct service *s = *state;

	s->rig->store.reserve_fails = true;
	ask(s, LIST);
	json_decref(assert_problem(s, 503, "store-unavailable"));
	assert_header(s, "Retry-After", "1");
	assert_int_equal(calls(s), 0);
}

/* ---- methods and validators ---- */

static int ask_with(struct service *s, const char *method, const char *target)
{
	struct request request = get(target);

	request.method = str_from(method);
	return ask_request(s, request);
}

static void head_is_get_without_a_body(void **state)
{
	struct service *s = *state;
	char length[24];

	ask(s, LIST);
	snprintf(length, sizeof(length), "%zu", s->x.body.n);
	assert_header(s, "Content-Length", length);
	assert_int_equal(ask_with(s, "HEAD", LIST), 200);
	assert_result(s, RESULT_HIT);
	assert_header(s, "Content-Length", length);
	assert_header(s, "Content-Type", "application/json");
	assert_int_equal(s->x.body.n, 0);
}

static void head_never_costs_a_call(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask_with(s, "HEAD", LIST), 504);
	assert_int_equal(s->x.body.n, 0);
	assert_true(header(s, "Content-Length").n > 1);
	assert_int_equal(calls(s), 0);
	ask(s, LIST "?offset=100");
	assert_int_equal(ask_with(s, "HEAD", LIST "?offset=95"), 504);
	assert_int_equal(calls(s), 1);
	/* Not even behind the answer. */
	rig_advance(s->rig, 7 * HOUR_MS);
	assert_int_equal(ask_with(s, "HEAD", LIST "?offset=100"), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 1);
}

static void only_if_cached_never_costs_a_call(void **state)
{
	struct service *s = *state;
	struct request request = get(LIST);

	request.cache_control = STR("max-age=0, only-if-cached");
	ask_request(s, request);
	json_decref(assert_problem(s, 504, "not-cached"));
	assert_int_equal(calls(s), 0);
	ask(s, LIST);
	assert_int_equal(ask_request(s, request), 200);
	assert_result(s, RESULT_HIT);
	rig_advance(s->rig, 7 * HOUR_MS);
	assert_int_equal(ask_request(s, request), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 1);
	/* Disobeyed on purpose: a client cannot spend calls on what is fresh. */
	ask(s, LIST);
	rig_rest(s->rig);
	request.cache_control = STR("no-cache");
	assert_int_equal(ask_request(s, request), 200);
	assert_result(s, RESULT_HIT);
}

static void entity_tags(void **state)
{
	struct service *s = *state;
	struct request request = get(LIST);
	char tag[64];
	char again[64];

	ask(s, LIST);
	snprintf(tag, sizeof(tag), "%.*s", STR_ARG(header(s, "ETag")));
	assert_int_equal(strlen(tag), 34);
	assert_true(tag[0] == '"' && tag[33] == '"');
	/* The same answer has the same tag, however it came. */
	ask(s, LIST "?limit=10&format=api");
	assert_header(s, "ETag", tag);
	request.if_none_match = str_from(tag);
	assert_int_equal(ask_request(s, request), 304);
	assert_result(s, RESULT_HIT);
	assert_int_equal(s->x.body.n, 0);
	assert_header(s, "Status", "304 Not Modified");
	assert_header(s, "ETag", tag);
	assert_header(s, "Content-Type", NULL);
	assert_header(s, "Cache-Control", "public, max-age=21599");
	assert_header(s, "Vary", "Accept-Encoding");
	assert_true(header(s, "Age").p && header(s, "Cache-Status").p);
	assert_true(str_ends(head_of(s), STR("\r\n\r\n")));
	/* Another page, another host, another version: another tag. */
	request.target = STR(LIST "?offset=1");
	assert_int_equal(ask_request(s, request), 200);
	request.target = STR(LIST);
	request.host = STR("127.0.0.1:8080");
	assert_int_equal(ask_request(s, request), 200);
	snprintf(again, sizeof(again), "%.*s", STR_ARG(header(s, "ETag")));
	assert_string_not_equal(again, tag);
	request.host = STR("api.example.org");
	/* Fetched again and unchanged: still the same. */
	rig_advance(s->rig, 7 * HOUR_MS);
	assert_int_equal(ask_request(s, request), 304);
	assert_result(s, RESULT_STALE);
	rig_rest(s->rig);
	assert_int_equal(ask_request(s, request), 304);
	assert_result(s, RESULT_HIT);
	s->rig->list.version = 2;
	rig_advance(s->rig, 7 * HOUR_MS);
	ask_request(s, request);
	rig_rest(s->rig);
	assert_int_equal(ask_request(s, request), 200);
	assert_version(s, 2);
}

/* ---- codings ---- */

static int ask_coded(struct service *s, const char *target, const char *accept)
{
	struct request request = get(target);

	request.accept_encoding = str_from(accept);
	return ask_request(s, request);
}

/* A page is compressed once, and each coding is a representation with a tag of its own. */
static void a_page_in_gzip(void **state)
{
	struct service *s = *state;
	char plain[64];
	char coded[64];
	char length[24];
	const struct answer *answer = NULL;
	size_t plain_n;

	ask(s, LIST);
	assert_header(s, "Content-Encoding", NULL);
	etag_of(s, plain);
	plain_n = s->x.body.n;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask_coded(s, LIST, "gzip"), 200);
		assert_header(s, "Content-Encoding", "gzip");
		assert_header(s, "Vary", "Accept-Encoding");
		assert_memory_equal(s->x.body.p, "\x1F\x8B", 2);
		assert_in_range(s->x.body.n, 100, plain_n / 2);
		snprintf(length, sizeof(length), "%zu", s->x.body.n);
		assert_header(s, "Content-Length", length);
		assert_true(!answer || s->x.answer == answer);
		answer = s->x.answer;
	}
	snprintf(coded, sizeof(coded), "%.33s-gzip\"", plain);
	assert_header(s, "ETag", coded);
	ask_coded(s, LIST, "gzip;q=0");
	assert_header(s, "ETag", plain);
	assert_int_equal(s->x.body.n, plain_n);
}

static void few_bytes_are_not_compressed(void **state)
{
	struct service *s = *state;

	ask_coded(s, LIST "1/", "gzip");
	assert_in_range(s->x.body.n, 100, 999);
	assert_header(s, "Content-Encoding", NULL);
	assert_header(s, "Vary", "Accept-Encoding");
	ask_coded(s, LIST "1/", "gzip, identity;q=0");
	assert_header(s, "Content-Encoding", "gzip");
	ask_coded(s, LIST "?x=1", "gzip");
	assert_int_equal(s->x.status, 400);
	assert_header(s, "Content-Encoding", NULL);
}

static void head_is_get_in_gzip_too(void **state)
{
	static const char *const names[] = { "Status",	       "Content-Type", "Content-Encoding",
					     "Content-Length", "ETag",	       "Vary",
					     "Link",	       "Age",	       "Cache-Control" };
	struct service *s = *state;
	struct request request = get(LIST);
	char values[COUNT(names)][LIMIT_LINK_BYTES];

	ask(s, LIST);
	request.accept_encoding = STR("gzip");
	ask_request(s, request);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct str value = header(s, names[i]);

		assert_true(value.n > 0);
		snprintf(values[i], sizeof(values[i]), "%.*s", STR_ARG(value));
	}
	request.method = STR("HEAD");
	assert_int_equal(ask_request(s, request), 200);
	assert_int_equal(s->x.body.n, 0);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_header(s, names[i], values[i]);
}

/* A tag matches the representation that would be sent, not another coding of it. */
static void tags_of_codings(void **state)
{
	struct service *s = *state;
	struct request request = get(LIST);
	char plain[64];
	char coded[64];

	ask(s, LIST);
	etag_of(s, plain);
	snprintf(coded, sizeof(coded), "%.33s-gzip\"", plain);
	request.accept_encoding = STR("gzip");
	/* A 304 needs no compressing, and so there is nothing to keep. */
	request.if_none_match = str_from(coded);
	assert_int_equal(ask_request(s, request), 304);
	assert_int_equal(answers_stats(s->gw.answers).n, 0);
	request.if_none_match = str_from(plain);
	assert_int_equal(ask_request(s, request), 200);
	assert_header(s, "ETag", coded);
	assert_int_equal(answers_stats(s->gw.answers).n, 1);
	request.if_none_match = str_from(coded);
	assert_int_equal(ask_request(s, request), 304);
	assert_header(s, "ETag", coded);
	assert_header(s, "Content-Encoding", NULL);
	assert_header(s, "Content-Length", NULL);
	assert_header(s, "Vary", "Accept-Encoding");
	request.accept_encoding = STR("");
	assert_int_equal(ask_request(s, request), 200);
	assert_header(s, "ETag", plain);
}

/* RFC 9110 section 15.4.5: what a 200 would have had, and nothing about a body. */
static void the_head_of_a_304(void **state)
{
	static const char *const kept[] = { "Age",
					    "Cache-Control",
					    "Cache-Status",
					    "ETag",
					    "X-Perigee-Expires",
					    "Vary",
					    "No-Vary-Search",
					    "Access-Control-Allow-Origin",
					    "Access-Control-Expose-Headers" };
	static const char *const dropped[] = { "Content-Type", "Content-Length", "Content-Encoding",
					       "Link" };
	struct service *s = *state;
	struct request request = get(LIST);
	char values[COUNT(kept)][200];

	ask(s, LIST);
	ask(s, LIST);
	for (size_t i = 0; i < COUNT(kept); i++) {
		snprintf(values[i], sizeof(values[i]), "%.*s", STR_ARG(header(s, kept[i])));
		assert_true(values[i][0]);
	}
	request.if_none_match = STR("*");
	assert_int_equal(ask_request(s, request), 304);
	for (size_t i = 0; i < COUNT(kept); i++)
		assert_header(s, kept[i], values[i]);
	for (size_t i = 0; i < COUNT(dropped); i++)
		assert_header(s, dropped[i], NULL);
}

static void if_match(void **state)
{
	struct service *s = *state;
	struct request request = get(LIST);
	char tag[64];
	json_t *problem;

	ask(s, LIST);
	request.if_match = etag_of(s, tag);
	assert_int_equal(ask_request(s, request), 200);
	request.if_match = STR("\"other\"");
	assert_int_equal(ask_request(s, request), 412);
	problem = assert_problem(s, 412, "precondition-failed");
	json_decref(problem);
	assert_result(s, RESULT_INVALID);
	assert_header(s, "Cache-Control", "no-store");
	assert_header(s, "ETag", NULL);
	/* Conditions do not count where the answer is no 200 anyhow. */
	request.target = STR(LIST "?x=1");
	request.if_none_match = STR("*");
	assert_int_equal(ask_request(s, request), 400);
	request.target = STR(LIST "9999/");
	assert_int_equal(ask_request(s, request), 404);
}

/* What could be had from the cache but for its age is `stale`, what was not there a `miss`. */
static void what_was_there_and_old(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_advance(s->rig, 60000);
	s->rig->list.count = 597;
	ask(s, LIST "?offset=100");
	assert_holds(header(s, "Cache-Status"), "perigee; fwd=miss; fwd-status=200; stored; ttl=");
	/* Both are there, and do not agree: the older one is fetched again. */
	ask(s, LIST "?offset=95");
	assert_holds(header(s, "Cache-Status"), "perigee; fwd=stale; fwd-status=200; stored; ttl=");
	assert_int_equal(calls(s), 3);
}

/* Without room for what is compressed, an answer is compressed each time. */
static void nothing_is_kept(void **state)
{
	struct service *s = *state;

	answers_free(s->gw.answers);
	s->gw.answers = answers_new(0);
	assert_non_null(s->gw.answers);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask_coded(s, LIST, "gzip"), 200);
		assert_header(s, "Content-Encoding", "gzip");
	}
	assert_int_equal(answers_stats(s->gw.answers).n, 0);
}

static void options_and_other_methods(void **state)
{
	static const char *const others[] = {
		"POST", "PUT", "DELETE", "PATCH", "get", "TRACE", ""
	};
	struct service *s = *state;

	assert_int_equal(ask_with(s, "OPTIONS", LIST), 204);
	assert_result(s, RESULT_LOCAL);
	assert_int_equal(s->x.body.n, 0);
	assert_header(s, "Allow", "GET, HEAD, OPTIONS");
	assert_header(s, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
	assert_header(s, "Access-Control-Allow-Origin", "*");
	for (size_t i = 0; i < COUNT(others); i++) {
		json_t *problem;

		assert_int_equal(ask_with(s, others[i], LIST), 405);
		problem = assert_problem(s, 405, "method-not-allowed");
		assert_holds(str_from(json_string_value(json_object_get(problem, "detail"))),
			     others[i]);
		json_decref(problem);
		assert_result(s, RESULT_INVALID);
		assert_header(s, "Allow", "GET, HEAD, OPTIONS");
	}
	assert_int_equal(s->rig->store.loads, 0);
	assert_int_equal(calls(s), 0);
}

/* ---- links and hosts ---- */

static void the_link_header(void **state)
{
	struct service *s = *state;

	ask(s, LIST "?offset=20&name=a+b");
	assert_header(s, "Link",
		      "<" PUBLIC "?limit=10&name=a+b>; rel=\"first\", "
		      "<" PUBLIC "?limit=10&name=a+b&offset=10>; rel=\"prev\", "
		      "<" PUBLIC "?limit=10&name=a+b&offset=30>; rel=\"next\", "
		      "<" PUBLIC "?limit=10&name=a+b&offset=590>; rel=\"last\"");
	ask(s, LIST "?limit=100&offset=500");
	assert_header(s, "Link",
		      "<" PUBLIC "?limit=100>; rel=\"first\", "
		      "<" PUBLIC "?limit=100&offset=400>; rel=\"prev\", "
		      "<" PUBLIC "?limit=100&offset=500>; rel=\"last\"");
}

/* With a query so long that the head would not fit nginx' buffer, the body has the links. */
static void a_query_too_long_for_the_link_header(void **state)
{
	struct service *s = *state;
	char target[3000] = LIST "?name=";

	memset(target + strlen(target), 'x', sizeof(target) - 1 - strlen(target));
	assert_int_equal(ask(s, target), 200);
	assert_header(s, "Link", NULL);
	assert_true(s->x.head.n < LIMIT_HEAD_BYTES);
	assert_holds(body_of(s), "xxx&offset=10\"");
}

static void links_begin_with_a_base_of_the_list(void **state)
{
	static const struct {
		const char *host;
		const char *forwarded;
		const char *base;
	} cases[] = {
		{ "api.example.org", "", "https://api.example.org" },
		{ "API.Example.org", "", "https://api.example.org" },
		{ "127.0.0.1:8080", "", "http://127.0.0.1:8080/space" },
		{ "internal", "127.0.0.1:8080", "http://127.0.0.1:8080/space" },
		{ "127.0.0.1:8080", "evil.example", "http://127.0.0.1:8080/space" },
		{ "evil.example", "", "https://api.example.org" },
		{ "evil.example", "evil.example", "https://api.example.org" },
		{ "api.example.org.evil.example", "", "https://api.example.org" },
		{ "evil\"><", "", "https://api.example.org" },
		{ "", "", "https://api.example.org" },
	};
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct request request = get(LIST "?limit=1");
		char want[200];

		request.host = str_from(cases[i].host);
		request.forwarded_host = str_from(cases[i].forwarded);
		assert_int_equal(ask_request(s, request), 200);
		snprintf(want, sizeof(want), "\"next\":\"%s" LIST "?limit=1&offset=1\"",
			 cases[i].base);
		assert_holds(body_of(s), want);
		snprintf(want, sizeof(want), "\"url\":\"%s" LIST "1/?format=json\"", cases[i].base);
		assert_holds(body_of(s), want);
		snprintf(want, sizeof(want), "<%s" LIST "?limit=1>; rel=\"first\"", cases[i].base);
		assert_holds(header(s, "Link"), want);
		assert_lacks(body_of(s), "evil");
		assert_lacks(head_of(s), "evil");
	}
	/* One entry served them all. */
	assert_int_equal(calls(s), 1);
}

/* ---- requests that are wrong ---- */

static void what_is_wrong_costs_nothing_and_touches_no_key(void **state)
{
	static const struct {
		const char *target;
		int status;
		const char *word;
	} cases[] = {
		{ LIST "?orderng=id", 400, "invalid-parameters" },
		{ LIST "?limit=abc", 400, "invalid-parameters" },
		{ LIST "?format=xml", 400, "invalid-parameters" },
		{ LIST "?name=%zz", 400, "malformed-request" },
		{ LIST "?name=%00", 400, "malformed-request" },
		{ LIST "?name=\xFF", 400, "malformed-request" },
		{ "/2.3.0/spacecrafts/", 404, "not-found" },
		{ LIST "abc/", 404, "not-found" },
		{ "/", 404, "not-found" },
		{ "", 404, "not-found" },
		{ "/2.3.0/%FF", 400, "malformed-request" },
	};
	struct service *s = *state;
	char longer[LIMIT_TARGET_BYTES + 2];

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(ask(s, cases[i].target), cases[i].status);
		json_decref(assert_problem(s, cases[i].status, cases[i].word));
		assert_result(s, RESULT_INVALID);
		assert_header(s, "Cache-Control", "no-store");
		assert_header(s, "Access-Control-Allow-Origin", "*");
	}
	snprintf(longer, sizeof(longer), LIST "?name=");
	memset(longer + strlen(longer), 'x', sizeof(longer) - 1 - strlen(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(ask(s, longer), 414);
	json_decref(assert_problem(s, 414, "target-too-long"));
	assert_int_equal(s->rig->store.loads, 0);
	assert_int_equal(s->rig->store.reserves, 0);
	assert_int_equal(calls(s), 0);
}

static void every_fault_is_told_at_once(void **state)
{
	struct service *s = *state;
	const json_t *faults;
	json_t *problem;

	assert_int_equal(ask(s, LIST "?orderng=id&limit=abc&mode=detaild&api_key=hunter2"), 400);
	problem = assert_problem(s, 400, "invalid-parameters");
	faults = json_object_get(problem, "faults");
	assert_int_equal(json_array_size(faults), 4);
	assert_text(json_array_get(faults, 0), "nearest", "ordering");
	assert_text(json_array_get(faults, 1), "value", "abc");
	assert_text(json_array_get(faults, 2), "allowed", "one of normal, detailed");
	assert_text(json_array_get(faults, 3), "value", "(not shown)");
	json_decref(problem);
	assert_lacks(body_of(s), "hunter2");
	assert_lacks(head_of(s), "hunter2");
}

static void every_answer_has_its_length(void **state)
{
	static const char *const targets[] = { LIST,	    LIST "?limit=abc", "/nothing/",
					       "/healthz",  "/readyz",	       LIST "7/",
					       LIST "9999/" };
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(targets); i++) {
		char length[24];

		ask(s, targets[i]);
		snprintf(length, sizeof(length), "%zu", s->x.body.n);
		assert_header(s, "Content-Length", length);
		assert_true(s->x.body.n > 0);
		assert_true(str_starts(head_of(s), STR("Status: ")));
		assert_true(str_ends(head_of(s), STR("\r\n\r\n")));
		assert_header(s, "X-Content-Type-Options", "nosniff");
	}
}

/* ---- the gateway's own ---- */

/* Every cap of a request's memory: something is answered, and never half a page. */
static void little_memory_for_a_request(void **state)
{
	struct service *s = *state;
	bool enough = false;
	size_t cap = 0;

	ask(s, LIST "?offset=95&name=x");
	for (; cap < 20000 && !enough; cap += 16) {
		struct exchange x;

		open_exchange(&x, cap);
		x.request = get(LIST "?offset=95&name=x");
		assert_true(serve(&s->gw, s->store, &x));
		gather(&x);
		enough = x.status == 200;
		if (!enough)
			assert_true(x.status == 414 || x.status == 400 || x.status == 500);
		else
			assert_view_at(buf_str(&x.body), body_of(s), __FILE__, __LINE__);
		assert_true(x.body.n > 0);
		close_exchange(&x);
	}
	assert_true(enough);
	assert_true(cap > 200);
	assert_int_equal(calls(s), 2);
}

static void at_the_end(void **state)
{
	struct service *s = *state;

	ask(s, LIST);
	rig_stop(s->rig);
	/* What is stored is answered; what is not can be had elsewhere. */
	assert_int_equal(ask(s, LIST), 200);
	ask(s, LIST "?name=x");
	json_decref(assert_problem(s, 503, "shutting-down"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_seed_s_own_request),
		TEST(the_next_nine_pages_cost_nothing),
		TEST(bytes_are_upstream_s_but_for_links),
		TEST(an_object_by_its_id),
		TEST(other_filters_are_other_entries),
		TEST(walking_the_whole_list),
		TEST(pages_at_random),
		TEST(a_page_over_the_border_of_two_windows),
		TEST(the_end_of_the_list_in_the_first_window),
		TEST(past_the_end),
		TEST(past_the_end_when_nobody_knows_it),
		TEST(an_empty_list),
		TEST(the_count_changes_between_windows),
		TEST(the_list_shrinks_between_windows),
		TEST(an_object_in_both_windows),
		TEST(windows_of_different_times),
		TEST(windows_that_never_agree_cost_little),
		TEST(counts_that_never_agree_cost_little),
		TEST(a_clock_that_stands_still),
		TEST(windows_that_disagree_in_need),
		TEST(headers_of_a_fresh_answer),
		TEST(what_nginx_may_keep),
		TEST(the_age_of_two_windows),
		TEST(the_freshness_of_two_windows),
		TEST(a_stale_answer_goes_out_at_once),
		TEST(how_long_ago_it_was_fresh),
		TEST(both_windows_are_refreshed_behind),
		TEST(the_last_good_answer_stands),
		TEST(a_clock_that_is_set_back),
		TEST(failures_without_anything_stored),
		TEST(upstream_that_does_not_answer_in_time),
		TEST(those_who_ask_together_share_a_call),
		TEST(a_spent_quota),
		TEST(a_spent_quota_with_something_stored),
		TEST(upstream_s_429),
		TEST(upstream_s_404),
		TEST(upstream_s_400),
		TEST(without_the_store),
		TEST(what_cannot_be_stored_is_answered),
		TEST(the_budget_cannot_be_asked),
		TEST(head_is_get_without_a_body),
		TEST(head_never_costs_a_call),
		TEST(only_if_cached_never_costs_a_call),
		TEST(entity_tags),
		TEST(a_page_in_gzip),
		TEST(few_bytes_are_not_compressed),
		TEST(head_is_get_in_gzip_too),
		TEST(tags_of_codings),
		TEST(the_head_of_a_304),
		TEST(if_match),
		TEST(what_was_there_and_old),
		TEST(nothing_is_kept),
		TEST(options_and_other_methods),
		TEST(the_link_header),
		TEST(a_query_too_long_for_the_link_header),
		TEST(links_begin_with_a_base_of_the_list),
		TEST(what_is_wrong_costs_nothing_and_touches_no_key),
		TEST(every_fault_is_told_at_once),
		TEST(every_answer_has_its_length),
		TEST(little_memory_for_a_request),
		TEST(at_the_end),
	};

	return cmocka_run_group_tests_name("serve", tests, NULL, NULL);
}
