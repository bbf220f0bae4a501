#include "app/fill.h"

#include "app/fill_table.h"
#include "base/limits.h"
#include "io/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* The longest wait() for upstream: how soon a stop without a wake would be seen. */
#define TICK_MS 1000

struct fills {
	struct fills_options options;
	const struct clock *clock;
	struct store *store;   /* the thread's */
	struct origin *origin; /* the thread's, but for wake() */
	fills_resume *resume;
	void *ctx;
	pthread_t thread;
	bool started;
	char host[64];
	uint64_t instance; /* random: hosts may share a name, and process ids come again */
	uint64_t calls;	   /* the thread's; with instance it makes ids unique */

	pthread_mutex_t lock; /* for all below */
	struct fill_table table;
	bool stopping;
	bool closed; /* the thread is at its end: nobody may join any more */
	struct mono stop_at;
};

struct fills *fills_new(const struct fills_options *options, const struct clock *clock,
			struct store *store, struct origin *origin, fills_resume *resume, void *ctx)
{
	struct fills *f = store && origin ? calloc(1, sizeof(*f)) : NULL;

	if (!f) {
		if (store)
			store->free(store);
		if (origin)
			origin->free(origin);
		return NULL;
	}
	f->options = *options;
	f->clock = clock;
	f->store = store;
	f->origin = origin;
	f->resume = resume;
	f->ctx = ctx;
	fill_table_init(&f->table);
	gethostname(f->host, sizeof(f->host) - 1);
	if (getrandom(&f->instance, sizeof(f->instance), 0) != sizeof(f->instance))
		f->instance = (uint64_t)clock->wall(clock).ms;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

/* ---- joining ---- */

static bool overloaded(struct fail *reterr, const char *why)
{
	fail_set(reterr, FAULT_OVERLOAD, "%s", why);
	reterr->retry_after_s = 1;
	return false;
}

static bool join(struct fills *f, const struct want *want, struct wall newer_than,
		 struct exchange *waiter, struct fail *reterr)
{
	enum call_class class = waiter ? CALL_DEMAND : CALL_BACKGROUND;
	struct mono now = f->clock->mono(f->clock);
	struct fill *fill = fill_table_find(&f->table, want->target);
	bool under_way = fill && fill->stage != FILL_FAILED;

	if (f->closed)
		return fail(reterr, FAULT_STOPPING, "The gateway is shutting down.");
	if (waiter && f->table.waiting >= f->options.waiting_max)
		return overloaded(reterr, "Too many requests wait for upstream.");
	if (fill && fill_still_failed(fill, class, now)) {
		*reterr = fill_failure(fill, now);
		return false;
	}
	if (!fill && f->table.n >= LIMIT_FILLS)
		return overloaded(reterr, "Too many different requests failed.");
	if (!under_way)
		fill = fill_table_queue(&f->table, fill, want, newer_than, class);
	if (!fill)
		return fail(reterr, FAULT_INTERNAL, "There is no memory left.");
	if (waiter) {
		waiter->news = (struct news){ .collapsed = under_way };
		waiter->deadline = mono_after(waiter->arrived, f->options.wait_ms);
		fill_wait(&f->table, fill, waiter);
	}
	return true;
}

bool fills_join(struct fills *f, const struct want *want, struct wall newer_than,
		struct exchange *waiter, struct fail *reterr)
{
	bool joined;

	pthread_mutex_lock(&f->lock);
	joined = join(f, want, newer_than, waiter, reterr);
	pthread_mutex_unlock(&f->lock);
	if (joined)
		f->origin->wake(f->origin);
	return joined;
}

/* ---- the thread: ends of fills ---- */

static void tell(struct fills *f, struct exchange *waiters, struct entry *e, bool stored,
		 const struct fail *failure)
{
	while (waiters) {
		struct exchange *x = waiters;

		waiters = x->next;
		x->next = NULL;
		x->news.entry = e ? entry_ref(e) : NULL;
		x->news.stored = stored;
		if (failure)
			x->news.fail = *failure;
		f->resume(f->ctx, x);
	}
}

static void succeed(struct fills *f, struct fill *fill, struct entry *e, bool stored)
{
	struct exchange *waiters;

	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_drop(&f->table, fill);
	pthread_mutex_unlock(&f->lock);
	tell(f, waiters, e, stored, NULL);
	entry_unref(e);
}

static void give_up(struct fills *f, struct fill *fill, const struct fail *failure)
{
	struct mono now = f->clock->mono(f->clock);
	struct exchange *waiters;
	struct fail told;

	log_line(LOG_WARN, "fill_failed", "reason=%s detail=\"%s\" retry_after_s=%d target=%.*s",
		 fault_word(failure->fault), failure->text, failure->retry_after_s,
		 STR_ARG(fill->want.target));
	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_fail(&f->table, fill, failure, now, f->options.retry_ms);
	told = fill_failure(fill, now);
	pthread_mutex_unlock(&f->lock);
	tell(f, waiters, NULL, false, &told);
}

/* ---- the thread: calls ---- */

/* A call that upstream counted a moment later than we did must not leave our log first. */
static int64_t margin_ms(int64_t window_ms)
{
	int64_t ms = window_ms / 100 + 50;

	return ms < 1000 ? ms : 1000;
}

static enum verdict ask_budget(struct fills *f, struct fill *fill, enum call_class class,
			       struct allowance *ret)
{
	const struct api *api = fill->want.api;
	struct reservation r = { .budget = api->budget,
				 .quota = api->quota,
				 .reserve = (uint32_t)((uint64_t)api->quota.calls *
						       f->options.reserve_percent / 100),
				 .hold_ms = f->options.call_ms,
				 .class = class };

	r.quota.window_ms += margin_ms(r.quota.window_ms);
	snprintf(fill->id, sizeof(fill->id), "%s:%ld:%016llx:%llu", f->host, (long)getpid(),
		 (unsigned long long)f->instance, (unsigned long long)f->calls++);
	r.id = str_from(fill->id);
	return f->store->reserve(f->store, &r, ret);
}

/* Somebody may have joined a background fill while it asked the budget. */
static bool is_demanded(struct fills *f, const struct fill *fill)
{
	bool demanded;

	pthread_mutex_lock(&f->lock);
	demanded = fill->class == CALL_DEMAND;
	pthread_mutex_unlock(&f->lock);
	return demanded;
}

static void call_upstream(struct fills *f, struct fill *fill, enum call_class class)
{
	struct allowance allowance;
	struct fail failure = { .fault = FAULT_NONE };

	switch (ask_budget(f, fill, class, &allowance)) {
	case VERDICT_GRANTED:
		if (f->origin->begin(f->origin, fill->want.api->upstream, fill->want.target,
				     fill->want.api->authorized, fill))
			return;
		f->store->settle(f->store, fill->want.api->budget, str_from(fill->id), false);
		fail_set(&failure, FAULT_INTERNAL, "The call could not be started.");
		break;
	case VERDICT_REFUSED:
		if (class == CALL_BACKGROUND && is_demanded(f, fill)) {
			call_upstream(f, fill, CALL_DEMAND);
			return;
		}
		fail_set(&failure, FAULT_NO_BUDGET, "The upstream quota is spent.");
		failure.retry_after_s = (int)((allowance.wait_ms + 999) / 1000);
		break;
	case VERDICT_BROKEN:
		fail_set(&failure, FAULT_STORE_DOWN, "The shared budget cannot be asked.");
		failure.retry_after_s = 1;
		break;
	}
	give_up(f, fill, &failure);
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

static struct fill *next_queued(struct fills *f, enum call_class *ret_class)
{
	struct fill *fill;

	pthread_mutex_lock(&f->lock);
	fill = fill_table_next(&f->table);
	if (fill)
		*ret_class = fill->class;
	pthread_mutex_unlock(&f->lock);
	return fill;
}

static void start_queued(struct fills *f)
{
	enum call_class class;
	struct fill *fill;

	while ((fill = next_queued(f, &class))) {
		struct entry *e = filled_meanwhile(f, fill);

		if (e)
			succeed(f, fill, e, true);
		else
			call_upstream(f, fill, class);
	}
}

static void finish_call(struct fills *f, struct reply *reply)
{
	struct fill *fill = reply->tag;
	struct str budget = fill->want.api->budget;
	struct wall now = f->clock->wall(f->clock);
	struct fail failure = { .fault = FAULT_NONE };
	struct entry *e;

	/* A call that got no whole answer may still be on its way, and be counted when it arrives:
	 * its slot stays held until the last moment of that. */
	if (reply->fault == FAULT_NONE || !reply->reached)
		f->store->settle(f->store, budget, str_from(fill->id), reply->reached);
	log_line(LOG_INFO, "upstream", "status=%d took_ms=%lld bytes=%zu target=%.*s",
		 reply->status, (long long)reply->took_ms, reply->body.n,
		 STR_ARG(fill->want.target));
	e = intake(reply, &fill->want, now, &failure);
	buf_release(&reply->body);
	if (e) {
		bool stored =
			f->store->save(f->store, fill->want.target, e, e->usable_until.ms - now.ms);

		succeed(f, fill, e, stored);
		return;
	}
	if (reply->status == 429)
		f->store->cool_down(f->store, budget, failure.retry_after_s * 1000LL);
	give_up(f, fill, &failure);
}

/* ---- the thread: its loop ---- */

/* Lets go of the waiters whose time has come, and says how long the next one has. */
static int64_t expire_waiters(struct fills *f)
{
	struct mono now = f->clock->mono(f->clock);
	struct exchange *late;
	struct fail failure;
	int64_t next_ms;

	pthread_mutex_lock(&f->lock);
	late = fill_table_expire(&f->table, now);
	next_ms = f->table.expiry.ms - now.ms;
	pthread_mutex_unlock(&f->lock);
	fail_set(&failure, FAULT_UPSTREAM_SLOW, "Upstream did not answer in time.");
	tell(f, late, NULL, false, &failure);
	return next_ms < TICK_MS ? next_ms : TICK_MS;
}

/* Nothing is left to do, or no time is left to do it. */
static bool is_over(struct fills *f)
{
	struct mono now = f->clock->mono(f->clock);
	bool over;

	pthread_mutex_lock(&f->lock);
	over = f->stopping && (!f->table.active || now.ms >= f->stop_at.ms);
	f->closed = over;
	pthread_mutex_unlock(&f->lock);
	return over;
}

static void drop_active(struct fills *f)
{
	struct fail failure;

	fail_set(&failure, FAULT_STOPPING, "The gateway is shutting down.");
	while (f->table.active)
		give_up(f, f->table.active, &failure);
}

static void forget_failures(struct fills *f, struct mono now)
{
	pthread_mutex_lock(&f->lock);
	fill_table_forget(&f->table, now);
	pthread_mutex_unlock(&f->lock);
}

static void *run(void *ctx)
{
	struct fills *f = ctx;
	struct mono swept = f->clock->mono(f->clock);

	while (!is_over(f)) {
		struct mono now = f->clock->mono(f->clock);
		struct reply reply;
		int64_t wait_ms;

		if (now.ms - swept.ms >= TICK_MS) {
			forget_failures(f, now);
			swept = now;
		}
		start_queued(f);
		wait_ms = expire_waiters(f);
		if (f->origin->wait(f->origin, wait_ms, &reply))
			finish_call(f, &reply);
	}
	drop_active(f);
	return NULL;
}

bool fills_start(struct fills *f)
{
	f->started = pthread_create(&f->thread, NULL, run, f) == 0;
	return f->started;
}

void fills_stop(struct fills *f, int64_t grace_ms)
{
	if (!f->started)
		return;
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	f->stop_at = mono_after(f->clock->mono(f->clock), grace_ms);
	pthread_mutex_unlock(&f->lock);
	f->origin->wake(f->origin);
	pthread_join(f->thread, NULL);
	f->started = false;
}

void fills_free(struct fills *f)
{
	if (!f)
		return;
	fill_table_release(&f->table);
	f->store->free(f->store);
	f->origin->free(f->origin);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
