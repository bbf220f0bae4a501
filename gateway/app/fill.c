#include "app/fill.h"

#include "app/compare.h"
#include "app/fill_table.h"
#include "app/pulse.h"
#include "app/metrics.h"
#include "base/limits.h"
#include "io/log.h"
#include "policy/news.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* The longest wait() for upstream: how soon a stop without a wake would be seen. */
#define TICK_MS 1000

/* Calls whose leases are renewed at once; libcurl makes fewer at a time. */
#define CALLS_MAX 64

struct fills {
	struct fills_options options;
	const struct clock *clock;
	struct store *store;	 /* the thread's */
	struct origin *origin;	 /* the thread's, but for wake() */
	struct permits *permits; /* the thread's */
	fills_resume *resume;
	void *ctx;
	pthread_t thread;
	bool started;
	char host[64];
	uint64_t instance; /* random: hosts may share a name, and process ids come again */
	uint64_t calls;	   /* the thread's; with instance it makes ids unique */
	struct buf news;   /* the thread's scratch */

	pthread_mutex_t lock; /* for all below */
	struct fill_table table;
	struct fills_options wanted; /* that the thread takes up when `changed` says so */
	bool changed;
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

static bool overloaded(struct fail *reterr, const char *why)
{
	fail_set(reterr, FAULT_OVERLOAD, "%s", why);
	reterr->retry_after_s = 1;
	return false;
}

/* By the operator's word: never for anybody, or not in the background. */
static bool is_switched_off(const struct fills *f, enum call_class class)
{
	enum mode mode = origin_mode(f->options.origin);

	return mode == MODE_NEVER || (mode == MODE_AVOID && class != CALL_DEMAND);
}

/* Whoever asks first is named in all that is logged of it. */
static void note_cause(struct fill *fill)
{
	fill->cause = log_get_cause();
	fill->took_ms = -1;
}

static bool join(struct fills *f, const struct want *want, struct wall newer_than,
		 enum call_class class, struct exchange *waiter, struct fail *reterr)
{
	struct mono now = f->clock->mono(f->clock);
	struct fill *fill = fill_table_find(&f->table, want->target);
	bool under_way = fill && fill->stage != FILL_FAILED;

	if (f->closed)
		return fail(reterr, FAULT_STOPPING, "The gateway is shutting down.");
	if (is_switched_off(f, class))
		return fail(reterr, FAULT_ORIGIN_OFF, "Upstream is not asked at present.");
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
	if (!under_way)
		note_cause(fill);
	if (class != CALL_DEMAND)
		fill_note_asked(fill, class, now);
	if (waiter) {
		waiter->news = (struct news){ .collapsed = under_way, .took_ms = -1 };
		waiter->deadline = mono_after(waiter->arrived, f->options.wait_ms);
		fill_wait(&f->table, fill, waiter);
	}
	return true;
}

static bool join_and_wake(struct fills *f, const struct want *want, struct wall newer_than,
			  enum call_class class, struct exchange *waiter, struct fail *reterr)
{
	bool joined;

	pthread_mutex_lock(&f->lock);
	joined = join(f, want, newer_than, class, waiter, reterr);
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

struct fill_report fills_look(struct fills *f, struct str target)
{
	struct fill_report report = { .known = false };
	const struct fill *fill;

	pthread_mutex_lock(&f->lock);
	fill = fill_table_find(&f->table, target);
	if (fill) {
		report = (struct fill_report){ .known = true,
					       .under_way = fill->stage != FILL_FAILED,
					       .calling = fill->calling,
					       .class = fill->class };
		for (const struct exchange *x = fill->waiters; x; x = x->next)
			report.waiters++;
		if (!report.under_way)
			report.failure = fill_failure(fill, f->clock->mono(f->clock));
	}
	pthread_mutex_unlock(&f->lock);
	return report;
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
	fill->heard = true;
	fill->told = b->fail;
	if (fill->stage == FILL_ELSEWHERE)
		fill->stage = FILL_QUEUED;
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

struct fills_stats fills_stats(struct fills *f)
{
	struct fills_stats stats = { .calling = 0 };

	pthread_mutex_lock(&f->lock);
	for (const struct fill *fill = f->table.active; fill; fill = fill->next)
		*(fill->calling ? &stats.calling : &stats.queued) += 1;
	stats.waiting = f->table.waiting;
	pthread_mutex_unlock(&f->lock);
	return stats;
}

static void show(const struct fill *fill, struct fill_shown *ret)
{
	size_t waiting = 0;

	for (const struct exchange *x = fill->waiters; x; x = x->next)
		waiting++;
	*ret = (struct fill_shown){ .class = fill->class,
				    .calling = fill->calling,
				    .waiting = waiting };
	snprintf(ret->target, sizeof(ret->target), "%.*s", STR_ARG(fill->want.target));
}

size_t fills_show(struct fills *f, struct fill_shown *ret, size_t n)
{
	size_t shown = 0;
	size_t all = 0;

	pthread_mutex_lock(&f->lock);
	for (int calling = 1; calling >= 0; calling--) {
		for (const struct fill *fill = f->table.active; fill; fill = fill->next) {
			if (fill->calling != calling)
				continue;
			all++;
			if (shown < n)
				show(fill, &ret[shown++]);
		}
	}
	pthread_mutex_unlock(&f->lock);
	return all;
}

/* ---- the thread: ends of fills ---- */

static bool is_for_count(const struct fill *fill)
{
	return compare_is_wanted(&fill->want);
}

static void unpark(struct fills *f, struct str budget, const struct fail *failure)
{
	pthread_mutex_lock(&f->lock);
	fill_table_unpark(&f->table, budget, failure);
	pthread_mutex_unlock(&f->lock);
}

static void tell(struct fills *f, struct exchange *waiters, struct entry *e, bool stored,
		 const struct fail *failure, int64_t took_ms)
{
	while (waiters) {
		struct exchange *x = waiters;

		waiters = x->next;
		x->next = NULL;
		x->news.entry = e ? entry_ref(e) : NULL;
		x->news.stored = stored;
		x->news.took_ms = took_ms;
		if (failure)
			x->news.fail = *failure;
		f->resume(f->ctx, x);
	}
}

static void succeed(struct fills *f, struct fill *fill, struct entry *e, bool stored)
{
	int64_t took_ms = fill->took_ms;
	struct exchange *waiters;

	if (is_for_count(fill))
		unpark(f, fill->want.api->budget, NULL);
	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_drop(&f->table, fill);
	pthread_mutex_unlock(&f->lock);
	tell(f, waiters, e, stored, NULL, took_ms);
	entry_unref(e);
}

static void give_up(struct fills *f, struct fill *fill, const struct fail *failure)
{
	struct mono now = f->clock->mono(f->clock);
	int64_t took_ms = fill->took_ms;
	struct exchange *waiters;
	struct fail told;

	log_line(LOG_WARN, "fill_failed", "reason=%s detail=\"%s\" retry_after_s=%d target=%.*s",
		 fault_word(failure->fault), failure->text, failure->retry_after_s,
		 STR_ARG(fill->want.target));
	if (is_for_count(fill)) {
		/* Whoever cannot do without it will find that it has just failed. */
		permits_untold(f->permits, &fill->want);
		unpark(f, fill->want.api->budget, NULL);
	}
	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_fail(&f->table, fill, failure, now, f->options.retry_ms);
	told = fill_failure(fill, now);
	pthread_mutex_unlock(&f->lock);
	tell(f, waiters, NULL, false, &told, took_ms);
}

/* ---- the thread: calls ---- */

/* The call is over: its slot is settled, its target free, and all workers know. */
static void settle(struct fills *f, const struct ticket *ticket, enum counted counted,
		   const struct fail *failure)
{
	struct bulletin b = { .kind = NEWS_FILLED, .target = ticket->target };

	if (failure) {
		b.kind = NEWS_FAILED;
		b.fail = *failure;
	}
	buf_clear(&f->news);
	news_put(&f->news, &b);
	f->store->settle(f->store, ticket, counted, buf_str(&f->news));
}

static struct ticket ticket_of(const struct fills *f, const struct fill *fill)
{
	return (struct ticket){
		.budget = fill->budget.n ? fill->budget : fill->want.api->budget,
		.target = fill->want.target,
		.client = str_from(fill->caller),
		.id = str_from(fill->id),
		.hold_ms = is_for_count(fill) ? 0 : f->options.permit.call_ms,
	};
}

static void put_back(struct fills *f, struct fill *fill, enum fill_stage stage, int64_t wait_ms)
{
	struct mono now = f->clock->mono(f->clock);

	pthread_mutex_lock(&f->lock);
	fill_table_put_back(fill, stage, mono_after(now, wait_ms));
	pthread_mutex_unlock(&f->lock);
}

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
	joined = join(f, &want, (struct wall){ 0 }, CALL_DEMAND, NULL, &failure);
	pthread_mutex_unlock(&f->lock);
	if (!joined)
		unpark(f, api->budget, &failure);
	buf_release(&target);
}

static void calibrate_all(struct fills *f, const struct api *api)
{
	const struct identities *ids = permits_identities(f->permits, api);

	for (size_t i = 0; i < ids->n; i++)
		calibrate(f, api, &ids->list[i]);
}

static void begin_call(struct fills *f, struct fill *fill)
{
	const struct api *api = fill->want.api;
	const struct ticket ticket = ticket_of(f, fill);
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
	settle(f, &ticket, COUNTED_NO, &failure);
	give_up(f, fill, &failure);
}

static void call_upstream(struct fills *f, struct fill *fill, enum call_class class)
{
	struct fail failure = { .fault = FAULT_NONE };
	struct ticket ticket;
	int64_t wait_ms;

	if (is_switched_off(f, class)) {
		fail_set(&failure, FAULT_ORIGIN_OFF, "Upstream is not asked at present.");
		give_up(f, fill, &failure);
		return;
	}
	snprintf(fill->id, sizeof(fill->id), "%s:%ld:%016llx:%llu", f->host, (long)getpid(),
		 (unsigned long long)f->instance, (unsigned long long)f->calls++);
	fill->budget = (struct str){ NULL, 0 };
	ticket = ticket_of(f, fill);
	ticket.spare = class == CALL_SPARE;
	fill->begun = f->clock->mono(f->clock);
	switch (permits_ask(f->permits, &fill->want, &ticket, &wait_ms, &failure)) {
	case VERDICT_GRANTED:
		fill->budget = ticket.budget;
		begin_call(f, fill);
		break;
	case VERDICT_ELSEWHERE:
		metrics_add(f->options.metrics, SUM_LOCK_WAITS, 1);
		put_back(f, fill, FILL_ELSEWHERE, wait_ms);
		break;
	case VERDICT_UNCALIBRATED:
		put_back(f, fill, FILL_PARKED, 0);
		calibrate(f, fill->want.api, fill->want.as);
		break;
	case VERDICT_REFUSED:
	case VERDICT_BROKEN:
		if (class == CALL_DEMAND || failure.fault != FAULT_NO_BUDGET)
			give_up(f, fill, &failure);
		else
			hold_back(f, fill, class, wait_ms);
		break;
	}
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

static void start_queued(struct fills *f)
{
	enum call_class class;
	struct fail told;
	struct fill *fill;
	bool heard;

	while ((fill = next_queued(f, &class, &heard, &told))) {
		struct entry *e = NULL;

		log_set_cause(&fill->cause);
		if (told.fault != FAULT_NONE)
			give_up(f, fill, &told);
		else if (is_for_count(fill) ? heard : (e = filled_meanwhile(f, fill)) != NULL)
			succeed(f, fill, e, true);
		else
			call_upstream(f, fill, class);
	}
	log_set_cause(NULL);
}

/* What upstream's status says of the call's place in its log: one that it refuses is in none. */
static enum counted counted_of(const struct reply *reply)
{
	if (reply->fault == FAULT_NONE)
		return reply->status == 429 ? COUNTED_NO : COUNTED_YES;
	/* It may still be on its way, and be counted when it arrives. */
	return reply->reached ? COUNTED_PERHAPS : COUNTED_NO;
}

/* Does it show that upstream lives? */
static bool is_answered(const struct reply *reply)
{
	return reply->fault == FAULT_NONE && reply->status < 500;
}

/* Upstream does not take the key, or so it says to everybody: not asked as that one for so long. */
#define LOCKED_OUT_MS (10 * 60 * 1000)

static bool is_locked_out(const struct reply *reply)
{
	return reply->fault == FAULT_NONE && (reply->status == 401 || reply->status == 403);
}

/*
 * Upstream has refused the call to this identity, for a while; there are others, and
 * the fill asks again as one of them. It ends: each of them cools down in its turn.
 */
static bool pass_on(struct fills *f, struct fill *fill, const struct reply *reply,
		    const struct fail *failure)
{
	const struct ticket ticket = ticket_of(f, fill);

	if (permits_identities(f->permits, fill->want.api)->n < 2 ||
	    !(is_locked_out(reply) || reply->status == 429))
		return false;
	if (is_locked_out(reply)) {
		f->store->cool_down(f->store, ticket.budget, LOCKED_OUT_MS, false);
		log_line(LOG_WARN, "identity_refused", "budget=%.*s status=%d",
			 STR_ARG(ticket.budget), reply->status);
	} else {
		f->store->cool_down(f->store, ticket.budget, failure->retry_after_s * 1000LL,
				    failure->retry_after_s && !retry_is_told(reply));
	}
	settle(f, &ticket, reply->status == 429 ? COUNTED_NO : COUNTED_PERHAPS, NULL);
	put_back(f, fill, FILL_QUEUED, 0);
	return true;
}

/* The call has brought nothing. After a 429 nobody asks for a while. */
static void fail_call(struct fills *f, struct fill *fill, const struct reply *reply,
		      enum counted counted, const struct fail *failure)
{
	const struct ticket ticket = ticket_of(f, fill);

	if (reply->status == 429)
		f->store->cool_down(f->store, ticket.budget, failure->retry_after_s * 1000LL,
				    failure->retry_after_s && !retry_is_told(reply));
	settle(f, &ticket, counted, failure);
	give_up(f, fill, failure);
}

static void finish_count(struct fills *f, struct fill *fill, const struct reply *reply)
{
	const struct ticket ticket = ticket_of(f, fill);
	struct wall now = f->clock->wall(f->clock);
	struct fail failure;

	if (!compare_finish(f->permits, &fill->want, reply, now, &failure)) {
		fail_call(f, fill, reply, COUNTED_NO, &failure);
		return;
	}
	settle(f, &ticket, COUNTED_NO, NULL);
	succeed(f, fill, NULL, false);
}

/* What was asked for before an operator purged it must not be taken for fresh. */
static struct entry *without_purged(struct fills *f, const struct fill *fill, struct entry *e)
{
	struct entry *outdated;

	if (!f->store->purge_late(f->store, e, fill->begun))
		return e;
	log_line(LOG_INFO, "purged", "what=fill target=%.*s", STR_ARG(e->target));
	outdated = entry_outdated(e);
	if (!outdated)
		return e;
	entry_unref(e);
	return outdated;
}

/* To other workers, what could not be stored is a failure: who waits there would else make the call
 * again, on each of them. */
static void settle_filled(struct fills *f, const struct ticket *ticket, enum counted counted,
			  bool stored)
{
	struct fail failure;

	fail_set(&failure, FAULT_STORE_DOWN, "The answer could not be stored.");
	settle(f, ticket, counted, stored ? NULL : &failure);
}

static void finish_fill(struct fills *f, struct fill *fill, const struct reply *reply)
{
	const struct ticket ticket = ticket_of(f, fill);
	struct wall now = f->clock->wall(f->clock);
	struct fail failure = { .fault = FAULT_NONE };
	struct entry *e = intake(reply, &fill->want, now, &failure);
	bool stored;

	if (!e && pass_on(f, fill, reply, &failure))
		return;
	if (!e) {
		fail_call(f, fill, reply, counted_of(reply), &failure);
		return;
	}
	stored = f->store->save(f->store, fill->want.target, e, e->usable_until.ms - now.ms);
	e = without_purged(f, fill, e);
	settle_filled(f, &ticket, counted_of(reply), stored);
	succeed(f, fill, e, stored);
}

static enum call_kind kind_of(const struct fill *fill)
{
	if (is_for_count(fill))
		return KIND_CALIBRATION;
	return fill->caller[0] ? KIND_DEMAND : KIND_BACKGROUND;
}

static void finish_call(struct fills *f, struct reply *reply)
{
	struct fill *fill = reply->tag;

	pthread_mutex_lock(&f->lock);
	fill->calling = false;
	fill->took_ms = reply->took_ms;
	pthread_mutex_unlock(&f->lock);
	log_set_cause(&fill->cause);
	log_line(LOG_INFO, "upstream", "status=%d took_ms=%lld bytes=%zu target=%.*s",
		 reply->status, (long long)reply->took_ms, reply->body.n,
		 STR_ARG(fill->want.target));
	metrics_upstream(f->options.metrics, kind_of(fill), reply);
	if (is_for_count(fill)) {
		/* To the breaker that is nothing: it says nothing of what else may be asked. */
		finish_count(f, fill, reply);
	} else {
		permits_note(f->permits, fill->want.api, is_answered(reply));
		finish_fill(f, fill, reply);
	}
	buf_release(&reply->body);
	log_set_cause(NULL);
}

/* Whoever makes a call for longer than a lease lives, and its target is still its own. */
static void renew_leases(struct fills *f)
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
		const struct ticket ticket = ticket_of(f, calls[i]);

		f->store->renew(f->store, &ticket);
	}
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
	tell(f, late, NULL, false, &failure, -1);
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

static void drop_active(struct fills *f)
{
	const struct reply cut_off = { .fault = FAULT_STOPPING };
	struct fail failure;

	fail_set(&failure, FAULT_STOPPING, "The gateway is shutting down.");
	while (f->table.active) {
		const struct ticket ticket = ticket_of(f, f->table.active);

		log_set_cause(&f->table.active->cause);
		/* Other workers need not wait for the end of the lease. */
		if (f->table.active->calling) {
			settle(f, &ticket, COUNTED_PERHAPS, NULL);
			metrics_upstream(f->options.metrics, kind_of(f->table.active), &cut_off);
		}
		give_up(f, f->table.active, &failure);
	}
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
			renew_leases(f);
			swept = now;
		}
		take_options(f);
		start_queued(f);
		wait_ms = expire_waiters(f);
		pulse_end(pulse);
		over = f->origin->wait(f->origin, wait_ms, &reply);
		pulse_begin(pulse, f->clock->mono(f->clock));
		if (over)
			finish_call(f, &reply);
	}
	pulse_end(pulse);
	drop_active(f);
	return NULL;
}

bool fills_start(struct fills *f, const struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->apis_n; i++)
		calibrate_all(f, &catalog->apis[i]);
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
