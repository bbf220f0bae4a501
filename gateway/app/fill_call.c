#include "app/fill_call.h"

#include "app/compare.h"
#include "app/fill_end.h"
#include "app/fill_join.h"
#include "app/metrics.h"
#include "base/limits.h"
#include "io/log.h"

#include <stdio.h>
#include <unistd.h>

/* Calls whose leases are renewed at once; libcurl makes fewer at a time. */
#define CALLS_MAX 64

/* The budget gives no background call for so long. (If somebody waits for this one by now, it is
 * at the head of the queue again.) */
static void hold_back(struct fills *f, struct fill *fill, enum call_class class, int64_t wait_ms)
{
	struct mono until = mono_after(f->clock->mono(f->clock), wait_ms);

	pthread_mutex_lock(&f->lock);
	fill_table_hold_back(&f->table, fill->want.api->budget, class, until);
	fill_table_put_back(fill, FILL_QUEUED, until);
	pthread_mutex_unlock(&f->lock);
}

/* Has upstream asked for its count of that identity's budget, unless that is under way. */
static void calibrate(struct fills *f, const struct api *api, const struct identity *as)
{
	struct buf target = buf_init(LIMIT_TARGET_BYTES);
	struct want want;
	struct fail failure;
	bool joined;

	if (!compare_want(api, as, &target, &want))
		return;
	pthread_mutex_lock(&f->lock);
	joined = fill_join(f, &want, (struct wall){ 0 }, CALL_DEMAND, NULL, &failure);
	pthread_mutex_unlock(&f->lock);
	if (!joined)
		fill_unpark(f, api->budget, &failure);
	buf_release(&target);
}

void fills_calibrate(struct fills *f, const struct api *api)
{
	const struct identities *ids = permits_identities(f->permits, api);

	for (size_t i = 0; i < ids->n; i++)
		calibrate(f, api, &ids->list[i]);
}

static void begin_call(struct fills *f, struct fill *fill)
{
	const struct api *api = fill->want.api;
	const struct ticket ticket = fill_ticket(f, fill);
	struct str rest = fill->want.target;
	struct str target = str_cut(&rest, '#');
	struct fail failure;

	pthread_mutex_lock(&f->lock);
	fill->calling =
		f->origin->begin(f->origin, api->upstream, target, fill->want.as->token, fill);
	pthread_mutex_unlock(&f->lock);
	if (fill->calling)
		return;
	fail_set(&failure, FAULT_INTERNAL, "The call could not be started.");
	fill_settle(f, &ticket, COUNTED_NO, &failure);
	fill_give_up(f, fill, &failure);
}

/* Has another worker brought it since this fill was asked for? */
static struct entry *filled_meanwhile(struct fills *f, const struct fill *fill)
{
	struct entry *e = NULL;

	if (f->store->load(f->store, fill->want.target, &e) != LOAD_FOUND)
		return NULL;
	if (entry_state(e, f->clock->wall(f->clock)) == ENTRY_FRESH &&
	    e->fetched.ms > fill->newer_than.ms)
		return e;
	entry_unref(e);
	return NULL;
}

/* Has another worker done it, so that no call is needed? *ret: what that brought, if anything. */
static bool is_done(struct fills *f, const struct fill *fill, bool heard, struct entry **ret)
{
	*ret = NULL;
	if (fill_is_for_count(fill))
		return heard && !permits_must_compare(f->permits, &fill->want);
	*ret = filled_meanwhile(f, fill);
	return *ret != NULL;
}

/* The call is granted, and the target ours. Who had it before may have brought it between our look
 * at the store and the grant; from here on nobody can. */
static void use_grant(struct fills *f, struct fill *fill)
{
	struct ticket ticket;
	struct entry *e;

	if (!is_done(f, fill, false, &e)) {
		begin_call(f, fill);
		return;
	}
	ticket = fill_ticket(f, fill);
	fill_settle(f, &ticket, COUNTED_NO, NULL);
	fill_succeed(f, fill, e, true);
}

static void call_upstream(struct fills *f, struct fill *fill, enum call_class class)
{
	struct fail failure = { .fault = FAULT_NONE };
	struct ticket ticket;
	int64_t wait_ms;

	if (fill_is_switched_off(f, class)) {
		fail_set(&failure, FAULT_ORIGIN_OFF, "Upstream is not asked at present.");
		fill_give_up(f, fill, &failure);
		return;
	}
	snprintf(fill->id, sizeof(fill->id), "%s:%ld:%016llx:%llu", f->host, (long)getpid(),
		 (unsigned long long)f->instance, (unsigned long long)f->calls++);
	fill->budget = (struct str){ NULL, 0 };
	ticket = fill_ticket(f, fill);
	ticket.spare = class == CALL_SPARE;
	switch (permits_ask(f->permits, &fill->want, &ticket, &wait_ms, &failure)) {
	case VERDICT_GRANTED:
		fill->budget = ticket.budget;
		fill->asked_ms = ticket.asked_ms;
		use_grant(f, fill);
		break;
	case VERDICT_ELSEWHERE:
		metrics_add(f->options.metrics, SUM_LOCK_WAITS, 1);
		fill_put_back(f, fill, FILL_ELSEWHERE, wait_ms);
		break;
	case VERDICT_UNCALIBRATED:
		fill_put_back(f, fill, FILL_PARKED, 0);
		calibrate(f, fill->want.api, fill->want.as);
		break;
	case VERDICT_REFUSED:
	case VERDICT_BROKEN:
		if (class == CALL_DEMAND || failure.fault != FAULT_NO_BUDGET)
			fill_give_up(f, fill, &failure);
		else
			hold_back(f, fill, class, wait_ms);
		break;
	}
}

static struct fill *next_queued(struct fills *f, enum call_class *ret_class, bool *ret_heard,
				struct fail *ret_told)
{
	struct mono now = f->clock->mono(f->clock);
	struct fill *fill;

	pthread_mutex_lock(&f->lock);
	fill_table_wake(&f->table, now, false);
	fill = fill_table_next(&f->table, now, f->clock->wall(f->clock));
	if (fill) {
		*ret_class = fill->class;
		*ret_heard = fill->heard;
		*ret_told = fill->told;
		fill->heard = false;
		fill->told.fault = FAULT_NONE;
	}
	pthread_mutex_unlock(&f->lock);
	return fill;
}

void fills_start_queued(struct fills *f)
{
	enum call_class class;
	struct fail told;
	struct fill *fill;
	bool heard;

	while ((fill = next_queued(f, &class, &heard, &told))) {
		struct entry *e;

		log_set_cause(&fill->cause);
		if (told.fault != FAULT_NONE)
			fill_give_up(f, fill, &told);
		else if (is_done(f, fill, heard, &e))
			fill_succeed(f, fill, e, true);
		else
			call_upstream(f, fill, class);
	}
	log_set_cause(NULL);
}

void fills_renew_leases(struct fills *f)
{
	const struct fill *calls[CALLS_MAX];
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	for (const struct fill *fill = f->table.active; fill && n < CALLS_MAX; fill = fill->next)
		if (fill->calling)
			calls[n++] = fill;
	pthread_mutex_unlock(&f->lock);
	/* Only this thread ends calls. */
	for (size_t i = 0; i < n; i++) {
		const struct ticket ticket = fill_ticket(f, calls[i]);

		f->store->renew(f->store, &ticket);
	}
}
