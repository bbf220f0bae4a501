#include "app/fill.h"

#include "app/fill_call.h"
#include "app/fill_end.h"
#include "app/fill_join.h"
#include "app/fill_reply.h"
#include "app/fill_state.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* The longest wait() for upstream: how soon a stop without a wake would be seen. */
#define TICK_MS 1000

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
	f->news = buf_init(NEWS_BYTES);
	fill_table_init(&f->table);
	gethostname(f->host, sizeof(f->host) - 1);
	if (getrandom(&f->instance, sizeof(f->instance), 0) != sizeof(f->instance))
		f->instance = (uint64_t)clock->wall(clock).ms;
	pthread_mutex_init(&f->lock, NULL);
	f->permits = permits_new(&options->permit, clock, store);
	if (f->permits)
		return f;
	fills_free(f);
	return NULL;
}

/* ---- joining ---- */

static bool join_and_wake(struct fills *f, const struct want *want, struct wall newer_than,
			  enum call_class class, struct exchange *waiter, struct fail *reterr)
{
	bool joined;

	pthread_mutex_lock(&f->lock);
	joined = fill_join(f, want, newer_than, class, waiter, reterr);
	pthread_mutex_unlock(&f->lock);
	if (joined)
		f->origin->wake(f->origin);
	return joined;
}

bool fills_join(struct fills *f, const struct want *want, struct wall newer_than,
		struct exchange *waiter, struct fail *reterr)
{
	return join_and_wake(f, want, newer_than, waiter ? CALL_DEMAND : CALL_BACKGROUND, waiter,
			     reterr);
}

bool fills_spare(struct fills *f, const struct want *want, struct wall newer_than,
		 struct fail *reterr)
{
	return join_and_wake(f, want, newer_than, CALL_SPARE, NULL, reterr);
}

/* ---- hearing ---- */

static void hear(struct fills *f, const struct bulletin *b)
{
	struct fill *fill = fill_table_find(&f->table, b->target);

	if (!fill)
		return;
	if (fill->stage == FILL_FAILED) {
		/* What failed here has been had elsewhere. */
		if (b->kind == NEWS_FILLED)
			fill->retry_at = f->clock->mono(f->clock);
		return;
	}
	/* Our own call is under way: it will tell itself. */
	if (fill->calling)
		return;
	fill->told = b->fail;
	fill_table_hear(fill);
}

void fills_hear(struct fills *f, const struct bulletin *news)
{
	if (!news->target.n)
		return;
	pthread_mutex_lock(&f->lock);
	hear(f, news);
	pthread_mutex_unlock(&f->lock);
	f->origin->wake(f->origin);
}

void fills_hear_again(struct fills *f)
{
	pthread_mutex_lock(&f->lock);
	fill_table_wake(&f->table, f->clock->mono(f->clock), true);
	pthread_mutex_unlock(&f->lock);
	f->origin->wake(f->origin);
}

void fills_configure(struct fills *f, const struct fills_options *options)
{
	pthread_mutex_lock(&f->lock);
	f->wanted = f->options;
	f->wanted.wait_ms = options->wait_ms;
	f->wanted.waiting_max = options->waiting_max;
	f->wanted.retry_ms = options->retry_ms;
	f->wanted.permit = options->permit;
	/* What a call takes, and in whose name, stays as it is. */
	f->wanted.permit.call_ms = f->options.permit.call_ms;
	f->wanted.permit.identities = f->options.permit.identities;
	f->changed = true;
	pthread_mutex_unlock(&f->lock);
	f->origin->wake(f->origin);
}

/* ---- the thread ---- */

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
	fill_tell(f, late, NULL, false, &failure, -1);
	return next_ms < TICK_MS ? next_ms : TICK_MS;
}

/* Nothing is left to do, or no time is left to do it. */
static bool is_over(struct fills *f)
{
	struct mono now = f->clock->mono(f->clock);
	bool over;

	pthread_mutex_lock(&f->lock);
	if (f->stopping)
		fill_table_drop_unwanted(&f->table, now, true);
	over = f->stopping && (!f->table.active || now.ms >= f->stop_at.ms);
	f->closed = over;
	pthread_mutex_unlock(&f->lock);
	return over;
}

static void forget(struct fills *f, struct mono now)
{
	pthread_mutex_lock(&f->lock);
	fill_table_forget(&f->table, now);
	fill_table_drop_unwanted(&f->table, now, false);
	pthread_mutex_unlock(&f->lock);
	permits_tell(f->permits, f->options.metrics);
}

/* The thread reads its options without the lock: it is the only one to change them. */
static void take_options(struct fills *f)
{
	pthread_mutex_lock(&f->lock);
	if (f->changed)
		f->options = f->wanted;
	f->changed = false;
	pthread_mutex_unlock(&f->lock);
	permits_configure(f->permits, &f->options.permit);
}

static void *run(void *ctx)
{
	struct fills *f = ctx;
	struct mono swept = f->clock->mono(f->clock);
	struct pulse *pulse = pulse_new(f->options.pulses);

	while (!is_over(f)) {
		struct mono now = f->clock->mono(f->clock);
		struct reply reply;
		int64_t wait_ms;
		bool over;

		pulse_begin(pulse, now);
		if (now.ms - swept.ms >= TICK_MS) {
			forget(f, now);
			fills_renew_leases(f);
			swept = now;
		}
		take_options(f);
		fills_start_queued(f);
		wait_ms = expire_waiters(f);
		pulse_end(pulse);
		over = f->origin->wait(f->origin, wait_ms, &reply);
		pulse_begin(pulse, f->clock->mono(f->clock));
		if (over)
			fill_finish(f, &reply);
	}
	pulse_end(pulse);
	fills_cut_off(f);
	return NULL;
}

bool fills_start(struct fills *f, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->apis_n; i++)
		fills_calibrate(f, &catalog->apis[i]);
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
	permits_free(f->permits);
	buf_release(&f->news);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
