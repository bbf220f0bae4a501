#include "app/status_state.h"

#include "app/metrics_rows.h"
#include "app/minutes.h"
#include "app/origin.h"
#include "app/status_board.h"
#include "app/status_budgets.h"
#include "app/status_json.h"
#include "base/version.h"

#include <jansson.h>
#include <stdlib.h>

#define RECENT_MINUTES 5

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

/* ---- requests ---- */

static json_t *by_result(const uint64_t *counts)
{
	json_t *o = json_object();

	for (enum result r = 0; r < METRIC_RESULTS; r++)
		json_object_set_new(o, result_word(r), status_number(counts[MINUTES_RESULT + r]));
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

/* ---- upstream and Redis ---- */

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

static json_t *redis(struct making *m)
{
	const struct gateway *gw = m->view->gw;
	int64_t before = gw->clock->us(gw->clock);
	int64_t took_us;

	m->store_up = m->view->store->ping(m->view->store);
	took_us = gw->clock->us(gw->clock) - before;
	return json_pack("{s:b,s:o,s:o}", "up", (int)m->store_up, "ping_ms",
			 m->store_up ? json_real((double)took_us / 1000) : json_null(), "errors",
			 status_number(counter_get(metrics_sum(gw->metrics, SUM_REDIS_ERRORS))));
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

static json_t *make(struct making *m)
{
	struct metrics *metrics = m->view->gw->metrics;
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(PERIGEE_VERSION));
	json_object_set_new(o, "now", json_integer(m->now.ms));
	json_object_set_new(o, "started", status_moment(metrics_started_s(metrics) * 1000));
	json_object_set_new(o, "workers", json_integer((json_int_t)metrics_workers(metrics)));
	json_object_set_new(o, "requests", requests(m));
	json_object_set_new(o, "upstream", upstream(m));
	json_object_set_new(o, "redis", redis(m)); /* before the budgets, which it knows */
	json_object_set_new(o, "budgets", status_budgets(m->view, m->now, m->store_up, &m->supply));
	json_object_set_new(o, "verdict", verdict(m));
	status_put_board(m->view, o);
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
