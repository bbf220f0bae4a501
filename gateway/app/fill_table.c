#include "app/fill_table.h"

#include "base/hash.h"
#include "policy/refresh.h"

#include <stdlib.h>

/* A failed fill is asked again after a pause that doubles up to this. */
#define PAUSE_MAX_MS (5 * 60 * 1000)

/* A refresh that nobody has asked for in this time is not worth a call any more. */
#define UNWANTED_MS (30 * 60 * 1000)

/* While the budget refuses, or nobody can be asked, each target asks at most once in this time. */
#define BUDGET_PAUSE_MS 1000

void fill_table_init(struct fill_table *t)
{
	*t = (struct fill_table){ .expiry = { INT64_MAX } };
	t->last_active = &t->active;
}

static void free_fill(struct fill *fill)
{
	catalog_unref(fill->want.api->catalog);
	free((char *)fill->want.target.p);
	free(fill);
}

void fill_table_release(struct fill_table *t)
{
	for (size_t i = 0; i < FILL_SLOTS; i++) {
		while (t->slots[i]) {
			struct fill *fill = t->slots[i];

			t->slots[i] = fill->next_in_slot;
			free_fill(fill);
		}
	}
}

static size_t slot_of(struct str target)
{
	return hash64(target) % FILL_SLOTS;
}

struct fill *fill_table_find(const struct fill_table *t, struct str target)
{
	struct fill *fill = t->slots[slot_of(target)];

	while (fill && !str_eq(fill->want.target, target))
		fill = fill->next_in_slot;
	return fill;
}

static struct fill *add(struct fill_table *t, const struct want *want)
{
	struct fill **slot = &t->slots[slot_of(want->target)];
	struct fill *fill = calloc(1, sizeof(*fill));
	char *target = strndup(want->target.p, want->target.n);

	if (!fill || !target) {
		free(fill);
		free(target);
		return NULL;
	}
	fill->want = *want;
	fill->want.target.p = target;
	catalog_ref(want->api->catalog);
	fill->last_waiter = &fill->waiters;
	fill->next_in_slot = *slot;
	*slot = fill;
	t->n++;
	return fill;
}

/* A failed fill is wanted again, perhaps by other tables than it was the last time. */
static void take_over(struct fill *fill, const struct want *want)
{
	struct catalog *old = fill->want.api->catalog;
	struct str target = fill->want.target;

	fill->want = *want;
	fill->want.target = target;
	catalog_ref(want->api->catalog);
	catalog_unref(old);
}

struct fill *fill_table_queue(struct fill_table *t, struct fill *failed, const struct want *want,
			      struct wall newer_than, enum call_class class)
{
	struct fill *fill = failed ? failed : add(t, want);

	if (!fill)
		return NULL;
	if (failed)
		take_over(fill, want);
	fill->stage = FILL_QUEUED;
	fill->class = class;
	fill->newer_than = newer_than;
	fill->client[0] = '\0';
	fill->heard = false;
	fill->told.fault = FAULT_NONE;
	fill->not_before = (struct mono){ 0 };
	fill->asked = 0;
	fill->next = NULL;
	*t->last_active = fill;
	t->last_active = &fill->next;
	return fill;
}

static double worth(const struct fill *fill, struct mono now, struct wall wall)
{
	return refresh_index(fill->asked, now.ms - fill->asked_first.ms,
			     wall.ms - fill->newer_than.ms);
}

static struct fill *first_demanded(const struct fill_table *t)
{
	struct fill *fill = t->active;

	while (fill && (fill->stage != FILL_QUEUED || fill->class != CALL_DEMAND))
		fill = fill->next;
	return fill;
}

static struct fill *most_wanted(const struct fill_table *t, struct mono now, struct wall wall)
{
	struct fill *best = NULL;

	for (struct fill *fill = t->active; fill; fill = fill->next)
		if (fill->stage == FILL_QUEUED && fill->class == CALL_BACKGROUND &&
		    fill->not_before.ms <= now.ms &&
		    (!best || worth(fill, now, wall) > worth(best, now, wall)))
			best = fill;
	return best;
}

/* Does a refresh wait for a call of that budget, perhaps held back? */
static bool is_refreshing(const struct fill_table *t, struct str budget)
{
	const struct fill *fill = t->active;

	while (fill && (fill->stage != FILL_QUEUED || fill->class != CALL_BACKGROUND ||
			!str_eq(fill->want.api->budget, budget)))
		fill = fill->next;
	return fill != NULL;
}

static struct fill *first_spare(const struct fill_table *t, struct mono now)
{
	struct fill *fill = t->active;

	while (fill && (fill->stage != FILL_QUEUED || fill->class != CALL_SPARE ||
			fill->not_before.ms > now.ms || is_refreshing(t, fill->want.api->budget)))
		fill = fill->next;
	return fill;
}

struct fill *fill_table_next(struct fill_table *t, struct mono now, struct wall wall)
{
	struct fill *fill = first_demanded(t);

	if (!fill)
		fill = most_wanted(t, now, wall);
	if (!fill)
		fill = first_spare(t, now);
	if (fill) {
		fill->stage = FILL_TAKEN;
		memcpy(fill->caller, fill->client, sizeof(fill->caller));
	}
	return fill;
}

/* Also in the background, where a turn does not come before its time. */
static void look_now(struct fill *fill)
{
	fill->stage = FILL_QUEUED;
	fill->not_before = (struct mono){ 0 };
}

void fill_table_put_back(struct fill *fill, enum fill_stage stage, struct mono not_before)
{
	fill->stage = stage;
	fill->not_before = not_before;
	if (fill->heard)
		look_now(fill);
}

void fill_table_hear(struct fill *fill)
{
	fill->heard = true;
	if (fill->stage == FILL_ELSEWHERE || fill->stage == FILL_QUEUED)
		look_now(fill);
}

void fill_table_wake(struct fill_table *t, struct mono now, bool all)
{
	for (struct fill *fill = t->active; fill; fill = fill->next)
		if (fill->stage == FILL_ELSEWHERE && (all || fill->not_before.ms <= now.ms))
			look_now(fill);
}

void fill_table_unpark(struct fill_table *t, struct str budget, const struct fail *failure)
{
	for (struct fill *fill = t->active; fill; fill = fill->next) {
		if (fill->stage != FILL_PARKED || !str_eq(fill->want.api->budget, budget))
			continue;
		fill->stage = FILL_QUEUED;
		if (failure)
			fill->told = *failure;
	}
}

void fill_table_hold_back(struct fill_table *t, struct str budget, enum call_class class,
			  struct mono until)
{
	for (struct fill *fill = t->active; fill; fill = fill->next)
		if (fill->class >= class && str_eq(fill->want.api->budget, budget))
			fill->not_before = until;
}

void fill_note_asked(struct fill *fill, enum call_class class, struct mono now)
{
	fill->asked_last = now;
	if (class == CALL_SPARE)
		return;
	/* It is an answer that people get now. */
	if (fill->class == CALL_SPARE) {
		fill->class = CALL_BACKGROUND;
		fill->not_before = now;
	}
	if (!fill->asked++)
		fill->asked_first = now;
}

static void take_off_active(struct fill_table *t, struct fill *fill)
{
	struct fill **at = &t->active;

	while (*at != fill)
		at = &(*at)->next;
	*at = fill->next;
	if (!*at)
		t->last_active = at;
}

static void take_off_slots(struct fill_table *t, struct fill *fill)
{
	struct fill **at = &t->slots[slot_of(fill->want.target)];

	while (*at != fill)
		at = &(*at)->next_in_slot;
	*at = fill->next_in_slot;
	t->n--;
}

void fill_table_drop(struct fill_table *t, struct fill *fill)
{
	take_off_active(t, fill);
	take_off_slots(t, fill);
	free_fill(fill);
}

void fill_table_drop_unwanted(struct fill_table *t, struct mono now, bool all)
{
	struct fill *next;

	for (struct fill *fill = t->active; fill; fill = next) {
		next = fill->next;
		if (fill->stage != FILL_TAKEN && fill->class != CALL_DEMAND &&
		    (all || now.ms - fill->asked_last.ms > UNWANTED_MS))
			fill_table_drop(t, fill);
	}
}

static int64_t pause_after(unsigned int failures, int64_t retry_ms)
{
	int64_t ms = retry_ms;

	for (unsigned int i = 1; i < failures && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

/* It says nothing about this target: it may be had as soon as any other. */
static bool is_for_all(const struct fail *failure)
{
	return failure->fault == FAULT_NO_BUDGET || failure->fault == FAULT_STORE_DOWN ||
	       failure->fault == FAULT_ORIGIN_OFF;
}

void fill_table_fail(struct fill_table *t, struct fill *fill, const struct fail *failure,
		     struct mono now, int64_t retry_ms)
{
	int64_t pause_ms = BUDGET_PAUSE_MS;

	take_off_active(t, fill);
	fill->stage = FILL_FAILED;
	fill->failure = *failure;
	fill->free_at = mono_after(now, failure->retry_after_s * 1000LL);
	if (!is_for_all(failure))
		pause_ms = pause_after(++fill->failures, retry_ms);
	fill->retry_at = mono_after(now, pause_ms);
	fill->forget_at = mono_after(now, 2 * pause_ms);
}

void fill_table_forget(struct fill_table *t, struct mono now)
{
	for (size_t i = 0; i < FILL_SLOTS; i++) {
		struct fill *next;

		for (struct fill *fill = t->slots[i]; fill; fill = next) {
			next = fill->next_in_slot;
			if (fill->stage != FILL_FAILED || fill->forget_at.ms > now.ms)
				continue;
			take_off_slots(t, fill);
			free_fill(fill);
		}
	}
}

void fill_wait(struct fill_table *t, struct fill *fill, struct exchange *x)
{
	x->next = NULL;
	*fill->last_waiter = x;
	fill->last_waiter = &x->next;
	t->waiting++;
	if (x->deadline.ms < t->expiry.ms)
		t->expiry = x->deadline;
	/* A person waits now, whoever began it. */
	fill->class = CALL_DEMAND;
	if (!fill->client[0])
		memcpy(fill->client, x->client[0] ? x->client : "c",
		       x->client[0] ? CLIENT_BYTES : 2);
}

struct exchange *fill_take_waiters(struct fill_table *t, struct fill *fill)
{
	struct exchange *taken = fill->waiters;

	for (struct exchange *x = taken; x; x = x->next)
		t->waiting--;
	fill->waiters = NULL;
	fill->last_waiter = &fill->waiters;
	return taken;
}

/* Moves the late ones among the fill's waiters to the end of a list, which **last stands at. */
static void expire(struct fill_table *t, struct fill *fill, struct mono now,
		   struct exchange ***last)
{
	struct exchange **at = &fill->waiters;

	while (*at) {
		struct exchange *x = *at;

		if (x->deadline.ms > now.ms) {
			if (x->deadline.ms < t->expiry.ms)
				t->expiry = x->deadline;
			at = &x->next;
			continue;
		}
		*at = x->next;
		x->next = NULL;
		**last = x;
		*last = &x->next;
		t->waiting--;
	}
	fill->last_waiter = at;
}

struct exchange *fill_table_expire(struct fill_table *t, struct mono now)
{
	struct exchange *late = NULL;
	struct exchange **last = &late;

	/* Mostly nobody is late, and then nobody is looked at. */
	if (now.ms < t->expiry.ms)
		return NULL;
	t->expiry.ms = INT64_MAX;
	for (struct fill *fill = t->active; fill; fill = fill->next)
		expire(t, fill, now, &last);
	return late;
}

bool fill_still_failed(const struct fill *fill, enum call_class class, struct mono now)
{
	return fill->stage == FILL_FAILED && now.ms < fill->retry_at.ms &&
	       (fill->class == CALL_DEMAND || class != CALL_DEMAND ||
		fill->failure.fault != FAULT_NO_BUDGET);
}

struct fail fill_failure(const struct fill *fill, struct mono now)
{
	bool budget = fill->failure.fault == FAULT_NO_BUDGET;
	int64_t ms = (budget ? fill->free_at : fill->retry_at).ms - now.ms;
	struct fail failure = fill->failure;

	failure.retry_after_s = ms > 0 ? (int)((ms + 999) / 1000) : 1;
	return failure;
}
