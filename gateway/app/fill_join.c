#include "app/fill_join.h"

#include "app/origin.h"
#include "base/limits.h"
#include "io/log.h"

static bool overloaded(struct fail *reterr, const char *why)
{
	fail_set(reterr, FAULT_OVERLOAD, "%s", why);
	reterr->retry_after_s = 1;
	return false;
}

bool fill_is_switched_off(const struct fills *f, enum call_class class)
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

bool fill_join(struct fills *f, const struct want *want, struct wall newer_than,
	       enum call_class class, struct exchange *waiter, struct fail *reterr)
{
	struct mono now = f->clock->mono(f->clock);
	struct fill *fill = fill_table_find(&f->table, want->target);
	bool under_way = fill && fill->stage != FILL_FAILED;

	if (f->closed)
		return fail(reterr, FAULT_STOPPING, "The gateway is shutting down.");
	if (fill_is_switched_off(f, class))
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
