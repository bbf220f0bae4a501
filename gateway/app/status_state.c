#include "app/status_state.h"

#include "app/boards.h"
#include "app/lookup.h"
#include "app/minutes.h"
#include "app/origin.h"
#include "app/usage.h"
#include "base/version.h"
#include "io/ledger.h"
#include "policy/outlook.h"

#include <jansson.h>
#include <stdlib.h>

#define HOUR_MS	       3600000
#define RECENT_MINUTES 5

/* Nobody has waited for what took less. */
#define SLOW_MS 20

/* What several parts of the state need. */
struct making {
	const struct status_view *view;
	struct wall now;
	uint64_t sums[MINUTES_COLUMNS];
	uint64_t hour[MINUTES_COLUMNS];
	uint64_t recent[MINUTES_COLUMNS];
	bool store_up;
	struct supply supply; /* of the budget that is worst off */
};

static json_t *text(struct str s)
{
	json_t *found = json_stringn(s.p ? s.p : "", s.n);

	return found ? found : json_string("(not UTF-8)");
}

static json_t *moment(int64_t ms)
{
	return ms > 0 ? json_integer(ms) : json_null();
}

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* ---- requests ---- */

static json_t *by_result(const uint64_t *counts)
{
	json_t *o = json_object();

	for (enum result r = 0; r < METRIC_RESULTS; r++)
		json_object_set_new(o, result_word(r), number(counts[MINUTES_RESULT + r]));
	return o;
}

static struct served served_of(const uint64_t *counts)
{
	const uint64_t *of = counts + MINUTES_RESULT;

	return (struct served){
		.fresh = of[RESULT_HIT],
		.stale = of[RESULT_STALE],
		.fetched = of[RESULT_MISS] + of[RESULT_COLLAPSED],
		.refused = of[RESULT_REFUSED],
		.failed = of[RESULT_ERROR],
	};
}

static json_t *hit_ratio(const uint64_t *counts)
{
	struct served s = served_of(counts);
	uint64_t asked = served_asked(&s);

	return asked ? json_real((double)(s.fresh + s.stale) / (double)asked) : json_null();
}

static double per_minute(const struct making *m)
{
	uint64_t n = 0;

	for (enum result r = 0; r < METRIC_RESULTS; r++)
		n += m->recent[MINUTES_RESULT + r];
	return (double)n / RECENT_MINUTES;
}

static json_t *series(const struct making *m, enum result result)
{
	int64_t counts[HISTORY_MINUTES];
	json_t *list = json_array();

	minutes_series(m->view->gw->metrics, MINUTES_RESULT + (size_t)result, m->now, counts);
	for (size_t i = 0; i < HISTORY_MINUTES; i++)
		json_array_append_new(list, counts[i] < 0 ? json_null() : json_integer(counts[i]));
	return list;
}

static json_t *minutes(const struct making *m)
{
	json_int_t first = (json_int_t)(history_last(m->now) + 1 - HISTORY_MINUTES) * HISTORY_MS;
	json_t *counts = json_object();

	for (enum result r = 0; r < METRIC_RESULTS; r++)
		json_object_set_new(counts, result_word(r), series(m, r));
	return json_pack("{s:I,s:o}", "first", first, "counts", counts);
}

static json_t *requests(const struct making *m)
{
	return json_pack("{s:o,s:o,s:o,s:f,s:o}", "total", by_result(m->sums), "last_hour",
			 by_result(m->hour), "hit_ratio", hit_ratio(m->hour), "per_minute",
			 per_minute(m), "minutes", minutes(m));
}

/* ---- upstream and its budgets ---- */

static json_t *upstream(const struct making *m)
{
	uint64_t n = m->hour[MINUTES_CALLS_TIMED];

	return json_pack(
		"{s:s,s:I,s:I,s:I,s:o}", "mode", mode_word(origin_mode(m->view->gw->origin)),
		"answered", (json_int_t)m->hour[MINUTES_CALLS_ANSWERED], "refused",
		(json_int_t)m->hour[MINUTES_CALLS_REFUSED], "failed",
		(json_int_t)m->hour[MINUTES_CALLS_FAILED], "mean_ms",
		n ? json_real((double)m->hour[MINUTES_CALLS_US] / 1000 / (double)n) : json_null());
}

static json_t *calls_of(const struct making *m, struct str budget, struct ledger *l)
{
	json_t *calls = json_array();

	if (!ledger_read(m->view->redis, m->view->prefix, budget, HOUR_MS, l))
		return calls;
	for (size_t i = 0; i < l->calls_n; i++) {
		/* By Redis' clock; the page knows the worker's. */
		int64_t at = l->calls[i].at_ms - l->now_ms + m->now.ms;

		json_array_append_new(calls,
				      json_pack("{s:I,s:s,s:b}", "at", (json_int_t)at, "class",
						ledger_class_words[l->calls[i].class], "in_flight",
						(int)l->calls[i].open));
	}
	return calls;
}

/* The worse of two: silent, cooling, with fewer calls left. */
static bool is_worse(const struct supply *a, const struct supply *b)
{
	if (a->silent != b->silent)
		return a->silent;
	if (a->cooldown_ms != b->cooldown_ms)
		return a->cooldown_ms > b->cooldown_ms;
	return a->remaining < b->remaining;
}

/* A quota of seconds comes and goes: that it is spent is not worth a word. */
static void note_supply(struct making *m, const struct count *count, bool silent)
{
	struct supply s = {
		.known = true,
		.silent = silent,
		.cooldown_ms = count->cool_ms,
		.remaining =
			count->used < count->quota.calls ? count->quota.calls - count->used : 0,
		.next_free_ms = count->wait_ms,
	};

	if (count->quota.window_ms < STATUS_CALLS_FROM_MS && !s.remaining)
		s.remaining = 1;
	if (!m->supply.known || is_worse(&s, &m->supply))
		m->supply = s;
}

static json_t *budget_of(struct making *m, const struct api *api, struct ledger *scratch)
{
	struct store *store = m->view->store;
	bool silent = metrics_any_breaker_is_open(m->view->gw->metrics, api->budget);
	struct count count = { .quota = api->quota };
	bool known = m->store_up && usage_of_all(store, m->view->gw->identities, api, &count);
	bool is_spent = known && count.used >= count.quota.calls;
	bool is_drawn = known && count.quota.window_ms >= STATUS_CALLS_FROM_MS;
	json_t *o = json_object();

	if (known)
		note_supply(m, &count, silent);
	json_object_set_new(o, "name", text(api->budget));
	json_object_set_new(o, "limit", json_integer(count.quota.calls));
	json_object_set_new(o, "window_s", json_integer(count.quota.window_ms / 1000));
	json_object_set_new(o, "known", json_boolean(known));
	json_object_set_new(o, "used", json_integer(count.used));
	json_object_set_new(o, "next_free_at",
			    is_spent ? moment(m->now.ms + count.wait_ms) : json_null());
	json_object_set_new(o, "cooldown_until",
			    count.cool_ms > 0 ? moment(m->now.ms + count.cool_ms) : json_null());
	json_object_set_new(o, "breaker_open", json_boolean(silent));
	json_object_set_new(o, "calls",
			    is_drawn ? calls_of(m, api->budget, scratch) : json_array());
	return o;
}

/* Several APIs may share a budget. */
static bool is_first_of_budget(const struct catalog *catalog, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(catalog->apis[k].budget, catalog->apis[i].budget))
			return false;
	return true;
}

static json_t *budgets(struct making *m)
{
	const struct catalog *catalog = m->view->catalog;
	struct ledger *scratch = malloc(sizeof(*scratch));
	json_t *list = json_array();

	for (size_t i = 0; scratch && i < catalog->apis_n; i++)
		if (is_first_of_budget(catalog, i))
			json_array_append_new(list, budget_of(m, &catalog->apis[i], scratch));
	free(scratch);
	return list;
}

static json_t *redis(struct making *m)
{
	const struct gateway *gw = m->view->gw;
	int64_t before = gw->clock->us(gw->clock);
	int64_t took_us;

	m->store_up = m->view->store->ping(m->view->store);
	took_us = gw->clock->us(gw->clock) - before;
	return json_pack("{s:b,s:o,s:o}", "up", (int)m->store_up, "ping_ms",
			 m->store_up ? json_real((double)took_us / 1000) : json_null(), "errors",
			 number(counter_get(metrics_sum(gw->metrics, SUM_REDIS_ERRORS))));
}

/* ---- what is on the board ---- */

static struct str name_of(const char text[static BOARD_NAME_BYTES])
{
	return (struct str){ text, strnlen(text, BOARD_NAME_BYTES) };
}

/* How old what is stored for a client's target is: looked up as for a request, without one. */
static void put_age(const struct making *m, json_t *o, struct str target)
{
	const struct status_view *v = m->view;
	struct exchange as_if = { .arena = v->arena };
	struct refusal refusal = { .faults_n = 0 };
	struct lookup found = { .broken = false };
	struct wall fetched = { 0 };
	struct wall until = { 0 };
	struct fail ignored;

	/* Of a longer one only the beginning is known. */
	if (target.n < BOARD_NAME_BYTES &&
	    canon_request(v->catalog, &v->gw->canon, target, v->arena, &as_if.canon, &refusal) &&
	    look_up(v->gw, v->store, &as_if, &found, &ignored) && found.state != ENTRY_ABSENT) {
		for (size_t i = 0; i < LOOKUP_ENTRIES && found.entries[i]; i++) {
			const struct entry *e = found.entries[i];

			if (!i || e->fetched.ms < fetched.ms)
				fetched = e->fetched;
			if (!i || e->fresh_until.ms < until.ms)
				until = e->fresh_until;
		}
	}
	lookup_release(&found);
	json_object_set_new(o, "fetched_at", moment(fetched.ms));
	json_object_set_new(o, "fresh_until", moment(until.ms));
}

static json_t *wanted(const struct making *m, const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->wanted_n; i++) {
		struct str target = name_of(b->wanted[i].name);
		json_t *o = json_pack("{s:o,s:I}", "target", text(target), "asked",
				      (json_int_t)(b->wanted[i].weight + 0.5));

		put_age(m, o, target);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *slowest(const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->slow_n; i++)
		if (b->slow[i].largest >= SLOW_MS)
			json_array_append_new(list,
					      json_pack("{s:o,s:I,s:I}", "target",
							text(name_of(b->slow[i].name)), "took_ms",
							(json_int_t)b->slow[i].largest, "times",
							(json_int_t)b->slow[i].times));
	return list;
}

static json_t *fills(const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->fills_n; i++) {
		const struct board_fill *fill = &b->fills[i];

		json_array_append_new(list, json_pack("{s:o,s:s,s:b,s:I}", "target",
						      text(name_of(fill->target)), "class",
						      fill->background ? "background" : "demand",
						      "calling", (int)(fill->calling != 0),
						      "waiting", (json_int_t)fill->waiting));
	}
	return list;
}

/* ---- all of it ---- */

static json_t *verdict(const struct making *m)
{
	struct vitals vitals = {
		.hour = served_of(m->hour),
		.recent = served_of(m->recent),
		.stale_upto_s = minutes_oldest_s(m->hour),
		.store_up = m->store_up,
		.supply = m->supply,
	};
	json_t *notes = json_array();
	struct outlook o;

	vitals.supply.off = origin_mode(m->view->gw->origin) == MODE_NEVER;
	o = outlook_of(&vitals);
	for (size_t i = 0; i < o.notes_n; i++)
		json_array_append_new(notes, json_string(o.notes[i]));
	return json_pack("{s:s,s:s,s:o}", "level", outlook_word(o.level), "sentence", o.sentence,
			 "notes", notes);
}

static void put_board(const struct making *m, json_t *o)
{
	struct board *b = malloc(sizeof(*b));

	if (!b)
		return;
	boards_gather(m->view->gw->metrics, b);
	json_object_set_new(o, "fills", fills(b));
	json_object_set_new(o, "fills_all", number(b->fills_all));
	json_object_set_new(o, "wanted", wanted(m, b));
	json_object_set_new(o, "slowest", slowest(b));
	free(b);
}

static json_t *make(struct making *m)
{
	struct metrics *metrics = m->view->gw->metrics;
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(PERIGEE_VERSION));
	json_object_set_new(o, "now", json_integer(m->now.ms));
	json_object_set_new(o, "started", moment(metrics_started_s(metrics) * 1000));
	json_object_set_new(o, "workers", json_integer((json_int_t)metrics_workers(metrics)));
	json_object_set_new(o, "requests", requests(m));
	json_object_set_new(o, "upstream", upstream(m));
	json_object_set_new(o, "redis", redis(m)); /* before the budgets, which it knows */
	json_object_set_new(o, "budgets", budgets(m));
	json_object_set_new(o, "verdict", verdict(m));
	put_board(m, o);
	return o;
}

void status_put(const struct status_view *v, struct buf *out)
{
	struct metrics *metrics = v->gw->metrics;
	struct making m = { .view = v, .now = v->gw->clock->wall(v->gw->clock) };
	json_t *o;
	char *dump;

	minutes_sums(metrics, m.sums);
	minutes_grown(metrics, m.sums, m.now, 60, m.hour);
	minutes_grown(metrics, m.sums, m.now, RECENT_MINUTES, m.recent);
	o = make(&m);
	dump = json_dumps(o, JSON_COMPACT);
	if (dump)
		buf_put(out, str_from(dump));
	else
		out->failed = true;
	free(dump);
	json_decref(o);
}
