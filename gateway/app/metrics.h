#ifndef PERIGEE_APP_METRICS_H
#define PERIGEE_APP_METRICS_H

/*
 * What is counted, for /metrics (app/scrape.h) and whoever else wants to know.
 *
 * All workers of a host count in one block of memory, a file that each maps
 * ([metrics] file), so that any of them can tell the sums, and a restart loses
 * nothing. Counting is adding to relaxed atomics: no lock, any thread, a few
 * nanoseconds. Three kinds of numbers:
 *
 *   sums     grow, for all workers together, for as long as the file lives
 *   gauges   a row for each living worker, which it fills in once a second; told are
 *            the sums of the rows (app/metrics_rows.h)
 *   what is asked when somebody scrapes: the budgets and Redis
 *
 * Labels are bounded. An endpoint's is its route template, `/2.3.0/launches/` or
 * `/2.3.0/launches/{id}/`, never a path that a client wrote. Its place among the
 * templates is its *series* number; templates are registered when tables are read, stay
 * when tables change, and keep their number as long as the file lives.
 *
 * Every request is counted once and in one place: one to an API, whatever became of it, in
 * perigee_requests_total, with one of the eight results other than `local`; one for a page
 * of the gateway's own in perigee_pages_total. So the former's sum is the number of API
 * requests, those that nginx' micro-cache answered included (metrics_front()).
 *
 * To add a number: a row in METRIC_FAMILIES, one (for each label) in METRIC_SUMS or
 * METRIC_GAUGES (app/metric_names.h), and metrics_add() or metrics_gauge() where it happens.
 */

#include "api/catalog.h"
#include "app/metric_names.h"
#include "policy/ports.h"

struct metrics;

/*
 * Maps `path` (NULL or empty: memory of this process alone). `now` is when this
 * worker starts. NULL and *reterr if the file cannot be used, or without memory.
 */
struct metrics *metrics_open(const char *path, struct wall now, struct fail *reterr);
void metrics_close(struct metrics *m);

/*
 * Gives every endpoint of `catalog` the series numbers of its route templates
 * (endpoint->series), known ones the same as ever. Before anybody else has it.
 */
void metrics_register(struct metrics *m, struct catalog *catalog);

/* The name of a series, which lives as long as m does. */
struct str metrics_series_name(const struct metrics *m, uint32_t series);

/* A number by chance, the same for all workers and as long as the file lives. */
uint64_t metrics_salt(const struct metrics *m);

/* ---- counting: any thread ---- */

void metrics_add(struct metrics *m, enum metric_sum sum, uint64_t n);

/* A request to an API is answered; `us`: how long that took. */
void metrics_request(struct metrics *m, uint32_t series, enum result result, enum method method,
		     int64_t us);

/* A page of the gateway's own was. */
void metrics_page(struct metrics *m, enum page page);

/* By which nginx can say that it has answered a request as a worker has answered another one:
 * series and result as one number. */
uint32_t metrics_number(uint32_t series, enum result result);

/* nginx' micro-cache has answered n requests of that number. False: there is no such number. */
bool metrics_front(struct metrics *m, uint64_t number, uint64_t n);

/* How far the file in which nginx says so has been read: for whoever reads it, and kept over
 * restarts like all the rest. */
struct metrics_cursor *metrics_front_cursor(struct metrics *m);

/* A stale answer was given. */
void metrics_stale(struct metrics *m, int64_t age_s);

/* A call to upstream is over. */
void metrics_upstream(struct metrics *m, enum call_kind kind, const struct reply *reply);

/* For whoever observes durations without knowing of metrics; us. */
struct measure metrics_histogram(struct metrics *m, enum metric_histogram which);
counter *metrics_sum(struct metrics *m, enum metric_sum which);

/* ---- this worker's row ---- */

void metrics_gauge(struct metrics *m, enum metric_gauge gauge, uint64_t value);
void metrics_breaker(struct metrics *m, struct str budget, bool is_open);
bool metrics_breaker_is_open(const struct metrics *m, struct str budget);
void metrics_reloaded(struct metrics *m, struct wall now, bool good);

#endif
