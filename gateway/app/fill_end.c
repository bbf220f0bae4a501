#include "app/fill_end.h"

#include "app/compare.h"
#include "app/metrics.h"
#include "io/log.h"
#include "policy/news.h"

bool fill_is_for_count(const struct fill *fill)
{
	return compare_is_wanted(&fill->want);
}

struct ticket fill_ticket(const struct fills *f, const struct fill *fill)
{
	return (struct ticket){
		.budget = fill->budget.n ? fill->budget : fill->want.api->budget,
		.target = fill->want.target,
		.client = str_from(fill->caller),
		.id = str_from(fill->id),
		.hold_ms = fill_is_for_count(fill) ? 0 : f->options.permit.call_ms,
	};
}

void fill_settle(struct fills *f, const struct ticket *ticket, enum counted counted,
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

void fill_put_back(struct fills *f, struct fill *fill, enum fill_stage stage, int64_t wait_ms)
{
	struct mono now = f->clock->mono(f->clock);

	pthread_mutex_lock(&f->lock);
	fill_table_put_back(fill, stage, mono_after(now, wait_ms));
	pthread_mutex_unlock(&f->lock);
}

void fill_unpark(struct fills *f, struct str budget, const struct fail *failure)
{
	pthread_mutex_lock(&f->lock);
	fill_table_unpark(&f->table, budget, failure);
	pthread_mutex_unlock(&f->lock);
}

void fill_tell(struct fills *f, struct exchange *waiters, struct entry *e, bool stored,
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

void fill_succeed(struct fills *f, struct fill *fill, struct entry *e, bool stored)
{
	int64_t took_ms = fill->took_ms;
	struct exchange *waiters;

	if (fill_is_for_count(fill))
		fill_unpark(f, fill->want.api->budget, NULL);
	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_drop(&f->table, fill);
	pthread_mutex_unlock(&f->lock);
	fill_tell(f, waiters, e, stored, NULL, took_ms);
	entry_unref(e);
}

void fill_give_up(struct fills *f, struct fill *fill, const struct fail *failure)
{
	struct mono now = f->clock->mono(f->clock);
	int64_t took_ms = fill->took_ms;
	struct exchange *waiters;
	struct fail told;

	log_line(LOG_WARN, "fill_failed", "reason=%s detail=\"%s\" retry_after_s=%d target=%.*s",
		 fault_word(failure->fault), failure->text, failure->retry_after_s,
		 STR_ARG(fill->want.target));
	if (fill_is_for_count(fill)) {
		/* Whoever cannot do without it will find that it has just failed. */
		permits_untold(f->permits, &fill->want);
		fill_unpark(f, fill->want.api->budget, NULL);
	}
	pthread_mutex_lock(&f->lock);
	waiters = fill_take_waiters(&f->table, fill);
	fill_table_fail(&f->table, fill, failure, now, f->options.retry_ms);
	told = fill_failure(fill, now);
	pthread_mutex_unlock(&f->lock);
	fill_tell(f, waiters, NULL, false, &told, took_ms);
}

static enum call_kind kind_of(const struct fill *fill)
{
	if (fill_is_for_count(fill))
		return KIND_CALIBRATION;
	return fill->caller[0] ? KIND_DEMAND : KIND_BACKGROUND;
}

void fill_note_call(struct fills *f, const struct fill *fill, const struct reply *reply)
{
	metrics_upstream(f->options.metrics, kind_of(fill), reply);
}

void fills_cut_off(struct fills *f)
{
	const struct reply cut_off = { .fault = FAULT_STOPPING };
	struct fail failure;

	fail_set(&failure, FAULT_STOPPING, "The gateway is shutting down.");
	while (f->table.active) {
		const struct ticket ticket = fill_ticket(f, f->table.active);

		log_set_cause(&f->table.active->cause);
		/* Other workers need not wait for the end of the lease. */
		if (f->table.active->calling) {
			fill_settle(f, &ticket, COUNTED_PERHAPS, NULL);
			fill_note_call(f, f->table.active, &cut_off);
		}
		fill_give_up(f, f->table.active, &failure);
	}
}
