#include "app/fill_reply.h"

#include "app/compare.h"
#include "app/fill_end.h"
#include "io/log.h"
#include "policy/outcome.h"

/* Upstream does not take the key, or so it says to everybody: not asked as that one for so long. */
#define LOCKED_OUT_MS (10 * 60 * 1000)

/* After upstream's 429: nobody asks on that budget for a while. */
static void cool_down(struct fills *f, struct str budget, const struct reply *reply,
		      const struct fail *failure)
{
	f->store->cool_down(f->store, budget, failure->retry_after_s * 1000LL,
			    failure->retry_after_s && !retry_is_told(reply));
}

/*
 * Upstream has refused the call to this identity, for a while; there are others, and
 * the fill asks again as one of them. It ends: each of them cools down in its turn.
 */
static bool pass_on(struct fills *f, struct fill *fill, const struct reply *reply,
		    const struct fail *failure)
{
	const struct ticket ticket = fill_ticket(f, fill);
	bool locked_out = outcome_is_locked_out(reply);

	if (permits_identities(f->permits, fill->want.api)->n < 2 ||
	    !(locked_out || reply->status == 429))
		return false;
	if (locked_out) {
		f->store->cool_down(f->store, ticket.budget, LOCKED_OUT_MS, false);
		log_line(LOG_WARN, "identity_refused", "budget=%.*s status=%d",
			 STR_ARG(ticket.budget), reply->status);
	} else {
		cool_down(f, ticket.budget, reply, failure);
	}
	fill_settle(f, &ticket, reply->status == 429 ? COUNTED_NO : COUNTED_PERHAPS, NULL);
	fill_put_back(f, fill, FILL_QUEUED, 0);
	return true;
}

/* The call has brought nothing. After a 429 nobody asks for a while. */
static void fail_call(struct fills *f, struct fill *fill, const struct reply *reply,
		      enum counted counted, const struct fail *failure)
{
	const struct ticket ticket = fill_ticket(f, fill);

	if (reply->status == 429)
		cool_down(f, ticket.budget, reply, failure);
	fill_settle(f, &ticket, counted, failure);
	fill_give_up(f, fill, failure);
}

static void finish_count(struct fills *f, struct fill *fill, const struct reply *reply)
{
	const struct ticket ticket = fill_ticket(f, fill);
	struct wall now = f->clock->wall(f->clock);
	struct fail failure;

	if (!compare_finish(f->permits, &fill->want, reply, now, &failure)) {
		fail_call(f, fill, reply, COUNTED_NO, &failure);
		return;
	}
	fill_settle(f, &ticket, COUNTED_NO, NULL);
	fill_succeed(f, fill, NULL, false);
}

/* What was asked for before an operator purged it must not be taken for fresh. */
static struct entry *without_purged(struct fills *f, const struct fill *fill, struct entry *e)
{
	struct entry *outdated;

	if (!f->store->purge_late(f->store, e, fill->asked_ms))
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
	fill_settle(f, ticket, counted, stored ? NULL : &failure);
}

static void finish_fill(struct fills *f, struct fill *fill, const struct reply *reply)
{
	const struct ticket ticket = fill_ticket(f, fill);
	struct wall now = f->clock->wall(f->clock);
	struct fail failure = { .fault = FAULT_NONE };
	struct entry *e = intake(reply, &fill->want, now, &failure);
	bool stored;

	if (!e && pass_on(f, fill, reply, &failure))
		return;
	if (!e) {
		fail_call(f, fill, reply, outcome_counted(reply), &failure);
		return;
	}
	stored = f->store->save(f->store, fill->want.target, e, e->usable_until.ms - now.ms);
	e = without_purged(f, fill, e);
	settle_filled(f, &ticket, outcome_counted(reply), stored);
	fill_succeed(f, fill, e, stored);
}

void fill_finish(struct fills *f, struct reply *reply)
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
	fill_note_call(f, fill, reply);
	if (fill_is_for_count(fill)) {
		/* To the breaker that is nothing: it says nothing of what else may be asked. */
		finish_count(f, fill, reply);
	} else {
		permits_note(f->permits, fill->want.api, outcome_is_answer(reply));
		finish_fill(f, fill, reply);
	}
	buf_release(&reply->body);
	log_set_cause(NULL);
}
