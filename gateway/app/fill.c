#include "app/fill.h"

#include "base/hash.h"
#include "base/limits.h"
#include "io/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#define SLOTS 1024 /* of the table; a power of two */

/* The longest wait() for upstream: how soon a stop without a wake would be seen. */
#define TICK_MS 1000

/* A failed fill is asked again after a pause that doubles up to this. */
#define PAUSE_MAX_MS (5 * 60 * 1000)

/* While the budget refuses, each target asks it at most once in this time. */
#define BUDGET_PAUSE_MS 1000

enum stage {
	STAGE_QUEUED,
	STAGE_CALLED,
	STAGE_FAILED, /* remembered until forget_at */
};

/* All fields under fills->lock, but for those that only the fills' thread uses. */
struct fill {
	struct fill *next_in_slot;
	struct fill *next; /* in the list of those queued or called */
	enum stage stage;
	enum call_class class;
	struct want want; /* its target is owned */
	struct wall newer_than;
	struct exchange *waiters; /* first come first */
	struct exchange **last_waiter;
	/* after a failure */
	struct fail fail;
	unsigned int failures;
	struct mono retry_at;
	struct mono forget_at;
	struct mono free_at; /* with NO_BUDGET: when a call will be free */
	/* the fills' thread only */
	char id[96];
};

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
	struct fill *slots[SLOTS];
	size_t n;
	struct fill *active; /* queued or called, first come first */
	struct fill **last_active;
	size_t waiting;
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
	f->last_active = &f->active;
	gethostname(f->host, sizeof(f->host) - 1);
	if (getrandom(&f->instance, sizeof(f->instance), 0) != sizeof(f->instance))
		f->instance = (uint64_t)clock->wall(clock).ms;
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

/* ---- the table, under the lock ---- */

static struct fill **slot_of(struct fills *f, struct str target)
{
	struct fill **slot = &f->slots[hash64(target) % SLOTS];

	while (*slot && !str_eq((*slot)->want.target, target))
		slot = &(*slot)->next_in_slot;
	return slot;
}

static void free_fill(struct fill *fill)
{
	free((char *)fill->want.target.p);
	free(fill);
}

static void take_off_table(struct fills *f, struct fill *fill)
{
	struct fill **at = &f->slots[hash64(fill->want.target) % SLOTS];

	while (*at != fill)
		at = &(*at)->next_in_slot;
	*at = fill->next_in_slot;
	f->n--;
}

static struct fill *add(struct fills *f, const struct want *want, struct fill **slot)
{
	struct fill *fill = calloc(1, sizeof(*fill));
	char *target = strndup(want->target.p, want->target.n);

	if (!fill || !target) {
		free(fill);
		free(target);
		return NULL;
	}
	fill->want = *want;
	fill->want.target.p = target;
	fill->last_waiter = &fill->waiters;
	*slot = fill;
	f->n++;
	return fill;
}

static void queue(struct fills *f, struct fill *fill, enum call_class class, struct wall newer_than)
{
	fill->stage = STAGE_QUEUED;
	fill->class = class;
	fill->newer_than = newer_than;
	fill->next = NULL;
	*f->last_active = fill;
	f->last_active = &fill->next;
}

static void add_waiter(struct fills *f, struct fill *fill, struct exchange *x)
{
	x->next = NULL;
	x->deadline = mono_after(x->arrived, f->options.wait_ms);
	*fill->last_waiter = x;
	fill->last_waiter = &x->next;
	f->waiting++;
	/* A person waits now, whoever began it. */
	fill->class = CALL_DEMAND;
}

/* ---- joining ---- */

static int seconds_until(struct mono then, struct mono now)
{
	int64_t ms = then.ms - now.ms;

	return ms <= 0 ? 1 : (int)((ms + 999) / 1000);
}

/* Is what this fill remembers an answer to somebody of this class? That a background call was not
 * allowed says nothing about demand. */
static bool still_failed(const struct fill *fill, enum call_class class, struct mono now)
{
	return fill->stage == STAGE_FAILED && now.ms < fill->retry_at.ms &&
	       (fill->class == CALL_DEMAND || class == CALL_BACKGROUND ||
		fill->fail.fault != FAULT_NO_BUDGET);
}

static void tell_remembered(const struct fill *fill, struct mono now, struct fail *reterr)
{
	*reterr = fill->fail;
	reterr->retry_after_s = seconds_until(
		fill->fail.fault == FAULT_NO_BUDGET ? fill->free_at : fill->retry_at, now);
}

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
	struct fill **slot = slot_of(f, want->target);
	struct fill *fill = *slot;
	bool under_way = fill && fill->stage != STAGE_FAILED;

	if (f->closed)
		return fail(reterr, FAULT_STOPPING, "The gateway is shutting down.");
	if (waiter && f->waiting >= f->options.waiting_max)
		return overloaded(reterr, "Too many requests wait for upstream.");
	if (fill && still_failed(fill, class, now)) {
		tell_remembered(fill, now, reterr);
		return false;
	}
	if (!fill) {
		if (f->n >= LIMIT_FLIGHTS)
			return overloaded(reterr, "Too many different requests failed.");
		fill = add(f, want, slot_of(f, want->target));
		if (!fill)
			return fail(reterr, FAULT_INTERNAL, "There is no memory left.");
	}
	if (!under_way)
		queue(f, fill, class, newer_than);
	if (waiter) {
		waiter->news = (struct news){ .collapsed = under_way };
		add_waiter(f, fill, waiter);
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

/* Takes off the fill those waiters whose deadline has come by `now`; all of them with NULL. */
static struct exchange *take_waiters(struct fills *f, struct fill *fill, const struct mono *now)
{
	struct exchange *taken = NULL;
	struct exchange **last_taken = &taken;
	struct exchange **at = &fill->waiters;

	while (*at) {
		struct exchange *x = *at;

		if (now && x->deadline.ms > now->ms) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		x->next = NULL;
		*last_taken = x;
		last_taken = &x->next;
		f->waiting--;
	}
	fill->last_waiter = at;
	return taken;
}

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

static void take_off_active(struct fills *f, struct fill *fill)
{
	struct fill **at = &f->active;

	while (*at != fill)
		at = &(*at)->next;
	*at = fill->next;
	if (!*at)
		f->last_active = at;
}

static void succeed(struct fills *f, struct fill *fill, struct entry *e, bool stored)
{
	struct exchange *waiters;

	pthread_mutex_lock(&f->lock);
	waiters = take_waiters(f, fill, NULL);
	take_off_active(f, fill);
	take_off_table(f, fill);
	pthread_mutex_unlock(&f->lock);
	free_fill(fill);
	tell(f, waiters, e, stored, NULL);
	entry_unref(e);
}

static int64_t pause_after(const struct fills *f, const struct fill *fill)
{
	int64_t ms = f->options.retry_ms;

	for (unsigned int i = 1; i < fill->failures && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

static void remember_failure(struct fills *f, struct fill *fill, const struct fail *failure,
			     struct mono now)
{
	int64_t pause_ms = BUDGET_PAUSE_MS;

	fill->stage = STAGE_FAILED;
	fill->fail = *failure;
	fill->free_at = mono_after(now, failure->retry_after_s * 1000LL);
	if (failure->fault != FAULT_NO_BUDGET) {
		fill->failures++;
		pause_ms = pause_after(f, fill);
	}
	fill->retry_at = mono_after(now, pause_ms);
	fill->forget_at = mono_after(now, 2 * pause_ms);
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
	remember_failure(f, fill, failure, now);
	tell_remembered(fill, now, &told);
	waiters = take_waiters(f, fill, NULL);
	take_off_active(f, fill);
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
		if (f->origin->begin(f->origin, fill->want.api->upstream, fill->want.target, fill))
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
	fill = f->active;
	while (fill && fill->stage != STAGE_QUEUED)
		fill = fill->next;
	if (fill) {
		fill->stage = STAGE_CALLED;
		*ret_class = fill->class;
	}
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
	int64_t next_ms = TICK_MS;
	struct exchange *late = NULL;
	struct fail failure;

	fail_set(&failure, FAULT_UPSTREAM_SLOW, "Upstream did not answer in time.");
	pthread_mutex_lock(&f->lock);
	for (struct fill *fill = f->active; fill; fill = fill->next) {
		struct exchange *taken = take_waiters(f, fill, &now);

		while (taken) {
			struct exchange *x = taken;

			taken = x->next;
			x->next = late;
			late = x;
		}
		if (fill->waiters && fill->waiters->deadline.ms - now.ms < next_ms)
			next_ms = fill->waiters->deadline.ms - now.ms;
	}
	pthread_mutex_unlock(&f->lock);
	tell(f, late, NULL, false, &failure);
	return next_ms;
}

/* Nothing is left to do, or no time is left to do it. */
static bool is_over(struct fills *f)
{
	struct mono now = f->clock->mono(f->clock);
	bool over;

	pthread_mutex_lock(&f->lock);
	over = f->stopping && (!f->active || now.ms >= f->stop_at.ms);
	f->closed = over;
	pthread_mutex_unlock(&f->lock);
	return over;
}

static void drop_active(struct fills *f)
{
	struct fail failure;

	fail_set(&failure, FAULT_STOPPING, "The gateway is shutting down.");
	while (f->active)
		give_up(f, f->active, &failure);
}

static void forget_old_failures(struct fills *f, struct mono now)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < SLOTS; i++) {
		struct fill *next;

		for (struct fill *fill = f->slots[i]; fill; fill = next) {
			next = fill->next_in_slot;
			if (fill->stage != STAGE_FAILED || fill->forget_at.ms > now.ms)
				continue;
			take_off_table(f, fill);
			free_fill(fill);
		}
	}
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
			forget_old_failures(f, now);
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
	for (size_t i = 0; i < SLOTS; i++) {
		while (f->slots[i]) {
			struct fill *fill = f->slots[i];

			f->slots[i] = fill->next_in_slot;
			free_fill(fill);
		}
	}
	f->store->free(f->store);
	f->origin->free(f->origin);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
