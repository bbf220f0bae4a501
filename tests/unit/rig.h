#ifndef PERIGEE_UNIT_RIG_H
#define PERIGEE_UNIT_RIG_H

/*
 * Fills between fakes: a clock moved by hand, a store in memory, an upstream that
 * does what it is told, and somebody to hand exchanges back to.
 *
 * Life: rig_set_up(), switches and scripts, rig_start(), the test, rig_tear_down(). No
 * test waits for time to pass: it moves the clock and waits for the fills'
 * thread to have seen it.
 */

#include "unit/catalog.h"

#include "app/fill.h"
#include "app/metrics.h"
#include "fake/clock.h"
#include "fake/list.h"
#include "fake/origin.h"
#include "fake/store.h"
#include "fake/worker.h"
#include "io/log.h"

#define RIG_WAIT_MS  12000
#define RIG_CALL_MS  20000
#define RIG_RETRY_MS 1000

struct rig {
	struct catalog *catalog;
	struct fake_clock clock;
	struct fake_store store;
	struct fake_origin *origin;
	struct fake_worker worker;
	struct fake_list list;
	struct metrics *metrics;
	struct origin_switch mode;
	struct fills *fills;
	bool running;
};

/* Upstream's calls stay open; rig.list waits to be made its script. `ids`: who may call (NULL: one
 * without a key). */
static inline struct rig *rig_set_up_as(const struct identities *ids)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct fills_options options = { .origin = &r->mode,
					 .wait_ms = RIG_WAIT_MS,
					 .waiting_max = 8,
					 .retry_ms = RIG_RETRY_MS,
					 .permit = { .reserve_percent = 20,
						     .client_percent = 50,
						     .call_ms = RIG_CALL_MS,
						     .identities = ids } };
	struct fail failure;

	assert_non_null(r);
	origin_switch_init(&r->mode, MODE_NORMAL);
	log_set_level(LOG_ERROR);
	r->catalog = test_catalog();
	fake_clock_init(&r->clock);
	r->metrics = metrics_open(NULL, r->clock.clock.wall(&r->clock.clock), &failure);
	assert_non_null(r->metrics);
	metrics_register(r->metrics, r->catalog);
	options.metrics = r->metrics;
	fake_store_init(&r->store, &r->clock.clock);
	fake_worker_init(&r->worker);
	r->origin = fake_origin_new();
	assert_non_null(r->origin);
	r->origin->ctx = &r->list;
	r->list.count = 596;
	r->list.first_id = 1;
	r->list.version = 1;
	r->fills = fills_new(&options, &r->clock.clock, fake_store_open(&r->store),
			     &r->origin->origin, fake_worker_resume, &r->worker);
	assert_non_null(r->fills);
	return r;
}

static inline struct rig *rig_set_up(void)
{
	return rig_set_up_as(NULL);
}

static inline void rig_start(struct rig *r)
{
	r->running = fills_start(r->fills, r->catalog);
	assert_true(r->running);
}

static inline void rig_stop(struct rig *r)
{
	if (r->running)
		fills_stop(r->fills, 0);
	r->running = false;
}

static inline void rig_tear_down(struct rig *r)
{
	rig_stop(r);
	assert_int_equal(r->store.settled_unknown, 0);
	fills_free(r->fills);
	assert_int_equal(r->store.opened, 0);
	assert_true(r->origin->freed);
	fake_origin_free(r->origin);
	fake_worker_release(&r->worker);
	fake_store_release(&r->store);
	catalog_unref(r->catalog);
	metrics_close(r->metrics);
	free(r);
}

/* Waits until the fills' thread has done all there is to do. */
static inline void rig_rest(struct rig *r)
{
	r->origin->origin.wake(&r->origin->origin);
	assert_true(fake_origin_rest(r->origin));
}

/* Time passes, and the fills' thread has seen it. */
static inline void rig_advance(struct rig *r, int64_t ms)
{
	fake_clock_advance(&r->clock, ms);
	rig_rest(r);
}

static inline const struct endpoint *rig_endpoint(const struct rig *r)
{
	return api_endpoint(&r->catalog->apis[0], STR("spacecraft"));
}

#endif
