#include "unit/service.h"

#include "api/moment.h"

#include <time.h>

/*
 * Bounds of time that move, through a whole gateway between fakes. Upstream has a
 * list of events, each an hour after the one before it, and does what it is asked
 * to: filter, order and page.
 */

#define LIST	  "/2.3.0/events/"
#define PREVIOUS  "/2.3.0/events/previous/"
#define HOUR_US	  3600000000LL
#define HOUR_MS	  3600000LL
#define MINUTE_MS 60000LL
#define DAY_MS	  (24 * HOUR_MS)

/* 2026-11-23T00:00:00Z; the clock begins 21 hours and 20 minutes later. */
#define MIDNIGHT_US 1795392000000000LL
#define CLOCK_MS    1795468800000LL

#define EVENTS 1000

/* Upstream's events: from FIRST on, by date. Event i is named by its number. */
#define FIRST_US (MIDNIGHT_US - 10 * 24 * HOUR_US)

struct upstream {
	struct rig *rig;
	_Atomic int64_t count;	/* how many of them there are */
	_Atomic bool is_random; /* ordered by nothing that could be known */
	_Atomic bool is_away;
	_Atomic int64_t name_of; /* added to the numbers: which answer it came from */
};

struct asked {
	int64_t limit;
	int64_t offset;
	int64_t from_us; /* inclusive */
	int64_t to_us;	 /* exclusive */
	bool descends;
};

static int64_t date_of(int64_t i)
{
	return FIRST_US + i * HOUR_US;
}

static struct asked read_target(struct str target, struct arena *a)
{
	struct asked asked = { 10, 0, INT64_MIN, INT64_MAX, false };
	struct query q;
	struct fail failure;

	asked.descends = str_eq(str_cut(&target, '?'), STR(PREVIOUS));
	assert_true(query_parse(target, a, &q, &failure));
	for (size_t i = 0; i < q.n; i++) {
		struct str name = q.pairs[i].name;
		struct str value = q.pairs[i].value;
		int64_t us = 0;

		if (str_starts(name, STR("date__")))
			assert_null(moment_parse(value, &us));
		if (str_eq(name, STR("limit")))
			str_to_i64(value, &asked.limit);
		else if (str_eq(name, STR("offset")))
			str_to_i64(value, &asked.offset);
		else if (str_eq(name, STR("ordering")))
			asked.descends = str_starts(value, STR("-"));
		else if (str_eq(name, STR("date__gte")))
			asked.from_us = us;
		else if (str_eq(name, STR("date__gt")))
			asked.from_us = us + 1;
		else if (str_eq(name, STR("date__lt")))
			asked.to_us = us;
		else if (str_eq(name, STR("date__lte")))
			asked.to_us = us + 1;
	}
	return asked;
}

/* The numbers of the events that are asked for, in their order; how many there are. */
static int64_t select_events(const struct asked *asked, int64_t count, int64_t ret[static EVENTS])
{
	int64_t n = 0;

	for (int64_t k = 0; k < count; k++) {
		int64_t i = asked->descends ? count - 1 - k : k;

		if (date_of(i) >= asked->from_us && date_of(i) < asked->to_us)
			ret[n++] = i;
	}
	return n;
}

static void put_page(struct upstream *u, const struct asked *asked, struct buf *to)
{
	int64_t events[EVENTS];
	int64_t n = select_events(asked, u->count, events);
	int64_t end = asked->offset + asked->limit < n ? asked->offset + asked->limit : n;

	buf_putf(to, "{\"count\":%lld,\"next\":null,\"previous\":null,\"results\":[", (long long)n);
	for (int64_t i = asked->offset; i < end; i++) {
		char date[MOMENT_BYTES];
		/* 37 and 1000 have no common factor. */
		int64_t event = u->is_random ? events[i * 37 % n] : events[i];

		moment_put(date_of(event), date);
		buf_putf(
			to,
			"%s{\"id\":%lld,\"url\":\"https://ll.thespacedevs.com/2.3.0/events/%lld/\","
			"\"date\":\"%s\"}",
			i > asked->offset ? "," : "", (long long)(event + u->name_of),
			(long long)event, date);
	}
	buf_put(to, STR("]}"));
}

static struct reply answer_events(void *ctx, struct str target)
{
	struct upstream *u = ctx;
	struct arena *a = arena_new(100000);
	struct reply reply = fake_json(200, STR(""));
	struct asked asked;

	assert_non_null(a);
	fake_clock_advance(&u->rig->clock, 10);
	asked = read_target(target, a);
	arena_free(a);
	put_page(u, &asked, &reply.body);
	if (!u->is_away)
		return reply;
	buf_release(&reply.body);
	return fake_fault(FAULT_UPSTREAM_DOWN, false);
}

static struct upstream upstream;

static int set_up(void **state)
{
	struct service *s;

	service_set_up(state);
	s = *state;
	rig_rest(s->rig);
	upstream = (struct upstream){ .rig = s->rig, .count = EVENTS };
	s->rig->origin->script = answer_events;
	s->rig->origin->ctx = &upstream;
	s->gw.time_step_us = 600 * 1000000LL;
	return 0;
}

/* ---- asking ---- */

static int64_t now_us(const struct service *s)
{
	return s->rig->clock.wall_ms * 1000;
}

static void write_target(char text[static 400], const char *path, const char *name, int64_t us,
			 const char *more)
{
	char moment[MOMENT_BYTES];

	moment_put(us, moment);
	snprintf(text, 400, "%s?date__%s=%s%s", path, name, moment, more);
}

/* Asks with a bound, and more after it; the status. */
static int ask_bound(struct service *s, const char *path, const char *name, int64_t us,
		     const char *more)
{
	char target[400];

	write_target(target, path, name, us, more);
	return ask(s, target);
}

/* The last answer is what upstream itself would have said to this. */
static void assert_exact(struct service *s, const char *path, const char *name, int64_t us,
			 const char *more)
{
	int64_t events[EVENTS];
	char target[400];
	struct asked asked;
	json_t *page = parse_body(s);
	const json_t *results = json_object_get(page, "results");
	int64_t n;
	int64_t end;

	assert_int_equal(s->x.status, 200);
	write_target(target, path, name, us, more);
	asked = read_target(str_from(target), s->x.arena);
	n = select_events(&asked, upstream.count, events);
	end = asked.offset + asked.limit < n ? asked.offset + asked.limit : n;
	assert_int_equal(json_integer_value(json_object_get(page, "count")), n);
	assert_int_equal(json_array_size(results), end > asked.offset ? end - asked.offset : 0);
	for (int64_t i = asked.offset; i < end; i++) {
		const json_t *event = json_array_get(results, (size_t)(i - asked.offset));

		assert_int_equal(json_integer_value(json_object_get(event, "id")), events[i]);
	}
	assert_int_equal(json_is_null(json_object_get(page, "next")),
			 asked.offset + asked.limit >= n);
	json_decref(page);
}

/* ---- exactly ---- */

static void a_client_that_polls_every_second(void **state)
{
	struct service *s = *state;

	for (int i = 0; i < 300; i++) {
		ask_bound(s, LIST, "gte", now_us(s), "&limit=5");
		assert_exact(s, LIST, "gte", now_us(s) - (i ? 0 : 10000), "&limit=5");
		assert_result(s, i ? RESULT_HIT : RESULT_MISS);
		rig_advance(s->rig, 1000);
	}
	assert_int_equal(calls(s), 1);
	assert_view(fake_origin_target(s->rig->origin, 0),
		    LIST "?date__gte=2026-11-23T00%3A00%3A00Z&limit=100");
}

static void at_any_depth(void **state)
{
	static const char *const pages[] = { "",
					     "&offset=50",
					     "&limit=100",
					     "&offset=75&limit=10",
					     "&offset=95",
					     "&offset=170&limit=100",
					     "&offset=650",
					     "&offset=760",
					     "&offset=5000" };
	struct service *s = *state;
	int64_t us = MIDNIGHT_US + 21 * HOUR_US + 1;

	for (size_t i = 0; i < COUNT(pages); i++) {
		ask_bound(s, LIST, "gt", us, pages[i]);
		assert_exact(s, LIST, "gt", us, pages[i]);
	}
	assert_true(calls(s) <= 8);
	ask_bound(s, PREVIOUS, "lte", us, "&offset=130&limit=100");
	assert_exact(s, PREVIOUS, "lte", us, "&offset=130&limit=100");
}

static void at_the_moment_itself(void **state)
{
	static const char *const lookups[] = { "gt", "gte", "lt", "lte" };
	struct service *s = *state;

	upstream.count = 300;
	for (int beside = -1; beside <= 1; beside++) {
		for (size_t i = 0; i < COUNT(lookups); i++) {
			int64_t us = MIDNIGHT_US + 21 * HOUR_US + beside;
			const char *path = lookups[i][0] == 'g' ? LIST : PREVIOUS;

			ask_bound(s, path, lookups[i], us, "");
			assert_exact(s, path, lookups[i], us, "");
		}
	}
	/* One list of whole days for each lookup; some of them are long. */
	assert_int_equal(calls(s), 4);
}

/* Of a long list the last window is looked at too, for its end; for one that is cut off whole, the
 * one before. */
static void the_far_end(void **state)
{
	static const char *const pages[] = { "",
					     "&offset=95",
					     "&offset=160&limit=100",
					     "&offset=248",
					     "&offset=5000",
					     "&mode=detailed&limit=2" };
	struct service *s = *state;

	for (int hour = 0; hour < 24; hour += 3) {
		int64_t us = MIDNIGHT_US + hour * HOUR_US + 1;

		for (size_t i = 0; i < COUNT(pages); i++) {
			ask_bound(s, LIST, "lt", us, pages[i]);
			assert_exact(s, LIST, "lt", us, pages[i]);
			assert_result(s, hour ? RESULT_HIT : i ? s->x.result : RESULT_MISS);
		}
	}
	/* 264 objects: three windows; a head and two of those that are detailed. */
	assert_true(calls(s) <= 6);
	for (int64_t count = 195; count < 210; count++) {
		/* A list that ends a little behind a window. */
		int64_t us = date_of(count - 4) + 1;
		char more[100];
		char from[MOMENT_BYTES];

		moment_put(FIRST_US + 30 * 24 * HOUR_US, from);
		snprintf(more, sizeof(more), "&offset=%lld", (long long)count - 10);
		/* No refresh is under way for two hours. */
		rig_rest(s->rig);
		fake_clock_advance(&s->rig->clock, 2 * HOUR_MS);
		ask_bound(s, LIST, "lte", us, more);
		assert_exact(s, LIST, "lte", us, more);
	}
}

/* A long stretch of time, from now until some day. */
static void both_ends_of_a_long_list(void **state)
{
	static const char *const pages[] = { "", "&offset=95", "&limit=100&offset=350",
					     "&offset=477", "&ordering=-date&limit=100" };
	struct service *s = *state;

	for (int i = 0; i < 24; i++) {
		int64_t us = MIDNIGHT_US + i * HOUR_US + i * 1234567;
		char end[MOMENT_BYTES];
		char more[200];

		moment_put(us + 20 * 24 * HOUR_US, end);
		snprintf(more, sizeof(more), "&date__lte=%s%s", end, pages[i % 5]);
		ask_bound(s, LIST, "gt", us, more);
		assert_exact(s, LIST, "gt", us, more);
	}
	assert_true(calls(s) <= 15);
}

/* A week that moves, in whatever order: the whole list is at hand. */
static void both_ends_move(void **state)
{
	static const char *const orders[] = { "", "&ordering=-date", "&ordering=name", "&limit=3",
					      "&offset=60" };
	struct service *s = *state;

	for (size_t i = 0; i < COUNT(orders); i++) {
		int64_t us = MIDNIGHT_US + 21 * HOUR_US + (int64_t)i * 7777777;
		char end[MOMENT_BYTES];
		char more[200];

		moment_put(us + 72 * HOUR_US, end);
		snprintf(more, sizeof(more), "&date__lt=%s%s", end, orders[i]);
		ask_bound(s, LIST, "gte", us, more);
		assert_exact(s, LIST, "gte", us, more);
	}
	assert_int_equal(calls(s), 3);
}

static void links_are_the_clients_own(void **state)
{
	struct service *s = *state;
	json_t *page;

	ask(s, LIST "?limit=2&date__gte=2026-11-23T21:20:00.123Z&offset=2");
	page = parse_body(s);
	assert_text(page, "next",
		    "https://api.example.org" LIST
		    "?date__gte=2026-11-23T21%3A20%3A00.123Z&limit=2&offset=4");
	assert_text(page, "previous",
		    "https://api.example.org" LIST
		    "?date__gte=2026-11-23T21%3A20%3A00.123Z&limit=2");
	assert_holds(header(s, "Link"),
		     "?date__gte=2026-11-23T21%3A20%3A00.123Z&limit=2&offset=736>; rel=\"last\"");
	json_decref(page);
}

/* A head of four objects becomes one of eight, so that some may be cut off. */
static void a_small_first_window_has_room(void **state)
{
	struct service *s = *state;
	int64_t us = MIDNIGHT_US + 4 * HOUR_US;

	ask_bound(s, LIST, "gte", us, "&mode=detailed&limit=4");
	assert_exact(s, LIST, "gte", us, "&mode=detailed&limit=4");
	assert_int_equal(calls(s), 1);
	assert_holds(fake_origin_target(s->rig->origin, 0), "limit=8&");
	/* With the fifth of them cut off the page ends behind it. */
	ask_bound(s, LIST, "gte", us + 1, "&mode=detailed&limit=4");
	assert_exact(s, LIST, "gte", us + 1, "&mode=detailed&limit=4");
	assert_int_equal(calls(s), 2);
	/* And when all are there, they are enough. */
	ask_bound(s, LIST, "gte", us, "&mode=detailed&offset=50");
	ask_bound(s, LIST, "gte", us, "&mode=detailed&limit=4");
	assert_exact(s, LIST, "gte", us, "&mode=detailed&limit=4");
	assert_int_equal(calls(s), 2);
}

static void whole_days_are_what_they_were(void **state)
{
	struct service *s = *state;

	ask(s, LIST "?date__gte=2026-11-23");
	assert_exact(s, LIST, "gte", MIDNIGHT_US, "");
	ask_bound(s, LIST, "gte", MIDNIGHT_US + 1, "");
	assert_exact(s, LIST, "gte", MIDNIGHT_US + 1, "");
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
}

/* ---- rounded ---- */

static void what_cannot_be_cut_is_rounded(void **state)
{
	struct service *s = *state;
	int64_t us = MIDNIGHT_US + 21 * HOUR_US + 1;

	/* An order that has nothing to do with it: there is no use in trying. */
	for (int i = 0; i < 10; i++)
		ask_bound(s, LIST, "gte", us + 1000000LL * i, "&ordering=name");
	assert_result(s, RESULT_HIT);
	assert_int_equal(calls(s), 1);
	assert_view(fake_origin_target(s->rig->origin, 0),
		    LIST "?date__gte=2026-11-23T21%3A00%3A00Z&limit=100&ordering=name");
}

/* More than a month from now: it stands still, and is asked for as it is. */
static void what_is_far_is_not_rounded(void **state)
{
	struct service *s = *state;

	ask(s, LIST "?date__gte=2026-10-22T21:20:00.123Z&ordering=name");
	assert_view(fake_origin_target(s->rig->origin, 0),
		    LIST "?date__gte=2026-10-22T21%3A20%3A00.123Z&limit=100&ordering=name");
	ask(s, LIST "?date__gte=2026-12-20T21:20:00.123Z&ordering=name");
	assert_view(fake_origin_target(s->rig->origin, 1),
		    LIST "?date__gte=2026-12-20T21%3A20%3A00Z&limit=100&ordering=name");
}

/* The table was wrong. That the list of days is of no use is known from then on. */
static void an_order_that_is_none(void **state)
{
	struct service *s = *state;
	json_t *page;

	upstream.is_random = true;
	ask_bound(s, LIST, "gte", MIDNIGHT_US + 21 * HOUR_US + 1, "");
	page = parse_body(s);
	/* 21:00 itself lies within the step. */
	assert_int_equal(json_integer_value(json_object_get(page, "count")), EVENTS - 261);
	for (int i = 0; i < 10; i++) {
		ask_bound(s, LIST, "gte", MIDNIGHT_US + 21 * HOUR_US + 1000000LL * i, "");
		assert_result(s, RESULT_HIT);
	}
	assert_int_equal(calls(s), 2);
	json_decref(page);
}

static void without_a_step_it_is_asked_as_it_is(void **state)
{
	struct service *s = *state;

	s->gw.time_step_us = 0;
	ask(s, LIST "?date__gte=2026-11-23T21:20:00.123Z&ordering=name");
	assert_view(fake_origin_target(s->rig->origin, 0),
		    LIST "?date__gte=2026-11-23T21%3A20%3A00.123Z&limit=100&ordering=name");
}

/* ---- at the grid's next point ---- */

/* To 23:59:55, with a fresh answer; upstream as it will be then. */
static void go_to_midnight(struct service *s, const char *path, const char *name)
{
	rig_advance(s->rig, MIDNIGHT_US / 1000 + DAY_MS - 5000 - s->rig->clock.wall_ms);
	ask_bound(s, path, name, now_us(s), "");
	assert_result(s, RESULT_MISS);
	assert_int_equal(calls(s), 1);
}

static void nobody_waits_at_midnight(void **state)
{
	struct service *s = *state;

	go_to_midnight(s, LIST, "gte");
	for (int i = 0; i < 11 * 60; i++) {
		ask_bound(s, LIST, "gte", now_us(s), "");
		assert_true(s->x.result == RESULT_HIT || s->x.result == RESULT_STALE);
		assert_exact(s, LIST, "gte", now_us(s), "");
		rig_advance(s->rig, 1000);
	}
	/* Yesterday's list was good for as long as it was fresh; then today's was fetched. */
	assert_int_equal(calls(s), 2);
	assert_view(fake_origin_target(s->rig->origin, 1),
		    LIST "?date__gte=2026-11-24T00%3A00%3A00Z&limit=100");
}

/* With an upper bound yesterday's list ends yesterday: it is an old answer, and called so. */
static void nobody_waits_at_midnight_for_what_was(void **state)
{
	struct service *s = *state;
	int stale = 0;

	go_to_midnight(s, PREVIOUS, "lte");
	for (int i = 0; i < 60; i++) {
		ask_bound(s, PREVIOUS, "lte", now_us(s), "");
		assert_true(s->x.result == RESULT_HIT || s->x.result == RESULT_STALE);
		if (s->x.result == RESULT_STALE) {
			stale++;
			assert_holds(header(s, "Cache-Control"), "max-age=0");
		} else {
			assert_exact(s, PREVIOUS, "lte", now_us(s), "");
		}
		rig_advance(s->rig, 1000);
	}
	assert_in_range(stale, 1, 2);
	assert_int_equal(calls(s), 2);
	assert_view(fake_origin_target(s->rig->origin, 1),
		    PREVIOUS "?date__lte=2026-11-24T23%3A59%3A59.999999Z&limit=100");
}

/* A bound that stands still in the day is no reason to show what ended at its beginning. */
static void yesterdays_end_is_no_answer_to_noon(void **state)
{
	struct service *s = *state;
	int64_t noon_us = MIDNIGHT_US + 12 * HOUR_US;

	ask_bound(s, PREVIOUS, "lte", MIDNIGHT_US - HOUR_US / 2, "");
	ask_bound(s, PREVIOUS, "lte", noon_us, "");
	assert_result(s, RESULT_MISS);
	assert_exact(s, PREVIOUS, "lte", noon_us, "");
}

static void an_outage_at_midnight(void **state)
{
	struct service *s = *state;

	go_to_midnight(s, LIST, "gte");
	upstream.is_away = true;
	for (int i = 0; i < 60; i++) {
		ask_bound(s, LIST, "gte", now_us(s), "");
		assert_exact(s, LIST, "gte", now_us(s), "");
		rig_advance(s->rig, 20 * MINUTE_MS);
	}
	upstream.is_away = false;
	rig_advance(s->rig, 10 * MINUTE_MS);
	ask_bound(s, LIST, "gte", now_us(s), "");
	calls(s);
	ask_bound(s, LIST, "gte", now_us(s), "");
	assert_result(s, RESULT_HIT);
	assert_exact(s, LIST, "gte", now_us(s), "");
}

static void nobody_waits_at_the_next_step(void **state)
{
	struct service *s = *state;
	size_t before;

	ask_bound(s, LIST, "gte", now_us(s), "&ordering=name");
	before = calls(s);
	for (int i = 0; i < 3600; i += 5) {
		rig_advance(s->rig, 5000);
		ask_bound(s, LIST, "gte", now_us(s), "&ordering=name");
		assert_true(s->x.result == RESULT_HIT || s->x.result == RESULT_STALE);
	}
	assert_in_range(calls(s) - before, 5, 7);
}

static void deep_pages_at_midnight(void **state)
{
	struct service *s = *state;

	go_to_midnight(s, LIST, "gte");
	ask_bound(s, LIST, "gte", now_us(s), "&offset=150");
	assert_int_equal(calls(s), 2);
	rig_advance(s->rig, 10000);
	ask_bound(s, LIST, "gte", now_us(s), "&offset=150");
	assert_result(s, RESULT_HIT);
	assert_exact(s, LIST, "gte", now_us(s), "&offset=150");
	/* What yesterday's list lacks is fetched of today's. */
	ask_bound(s, LIST, "gte", now_us(s), "&offset=350");
	assert_result(s, RESULT_MISS);
	assert_int_equal(calls(s), 4);
	assert_view(fake_origin_target(s->rig->origin, 3),
		    LIST "?date__gte=2026-11-24T00%3A00%3A00Z&limit=100&offset=300");
}

/* ---- what costs nothing ---- */

static void heads_cost_no_call(void **state)
{
	struct service *s = *state;
	struct request head = get(LIST "?date__gte=2026-11-23T21:20:00.123Z");

	head.method = STR("HEAD");
	assert_int_equal(ask_request(s, head), 504);
	ask(s, LIST "?date__gte=2026-11-23T20:00:00.5Z");
	assert_int_equal(ask_request(s, head), 200);
	assert_int_equal(calls(s), 1);
	rig_advance(s->rig, 2 * HOUR_MS);
	assert_int_equal(ask_request(s, head), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 1);
}

static void upstream_may_refuse(void **state)
{
	struct service *s = *state;

	rig_rest(s->rig);
	s->rig->origin->script = fake_list_script;
	s->rig->origin->ctx = &s->rig->list;
	s->rig->list.failures = 1;
	s->rig->list.status = 400;
	assert_int_equal(ask(s, LIST "?date__gte=2026-11-23T21:20:00.123Z"), 400);
	assert_int_equal(ask(s, LIST "?date__gte=2026-11-23T21:20:01.123Z"), 400);
	assert_int_equal(calls(s), 1);
}

static void a_broken_store_is_told(void **state)
{
	struct service *s = *state;

	ask_bound(s, LIST, "gte", now_us(s), "");
	s->rig->store.broken = true;
	assert_int_equal(ask_bound(s, LIST, "gte", now_us(s), ""), 503);
	assert_int_equal(ask_bound(s, LIST, "gte", now_us(s), "&mode=detailed&limit=2"), 503);
	assert_int_equal(ask_bound(s, LIST, "gte", now_us(s), "&ordering=name"), 503);
}

/* ---- at random ---- */

static void bounds_at_random(void **state)
{
	static const char *const lookups[] = { "gt", "gte", "lt", "lte" };
	struct service *s = *state;
	uint64_t random = 11;

	/* No more than the fakes have room for. */
	upstream.count = 500;
	for (int i = 0; i < 200; i++) {
		const char *lookup = lookups[next_random(&random) % 4];
		const char *path = next_random(&random) % 2 ? LIST : PREVIOUS;
		int64_t day = next_random(&random) % 4 * 7;
		int64_t us = FIRST_US + (day - 1) * 24 * HOUR_US +
			     (int64_t)next_random(&random) % 24 * HOUR_US +
			     (int64_t)(next_random(&random) % 3) - 1;
		char more[100];

		snprintf(more, sizeof(more), "&limit=%u&offset=%u%s",
			 1 + next_random(&random) % 100, next_random(&random) % 350,
			 next_random(&random) % 4 ? "" : "&mode=detailed");
		ask_bound(s, path, lookup, us, more);
		assert_exact(s, path, lookup, us, more);
		/* Everything is stale by then, and the quota allows some calls again. */
		rig_advance(s->rig, 40 * MINUTE_MS);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_that_polls_every_second),
		TEST(at_any_depth),
		TEST(at_the_moment_itself),
		TEST(the_far_end),
		TEST(both_ends_of_a_long_list),
		TEST(both_ends_move),
		TEST(links_are_the_clients_own),
		TEST(a_small_first_window_has_room),
		TEST(whole_days_are_what_they_were),
		TEST(what_cannot_be_cut_is_rounded),
		TEST(what_is_far_is_not_rounded),
		TEST(an_order_that_is_none),
		TEST(without_a_step_it_is_asked_as_it_is),
		TEST(nobody_waits_at_midnight),
		TEST(nobody_waits_at_midnight_for_what_was),
		TEST(yesterdays_end_is_no_answer_to_noon),
		TEST(an_outage_at_midnight),
		TEST(nobody_waits_at_the_next_step),
		TEST(deep_pages_at_midnight),
		TEST(heads_cost_no_call),
		TEST(upstream_may_refuse),
		TEST(a_broken_store_is_told),
		TEST(bounds_at_random),
	};

	return cmocka_run_group_tests_name("moving", tests, NULL, NULL);
}
