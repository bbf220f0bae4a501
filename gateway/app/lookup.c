#include "app/lookup.h"

#include "api/moment.h"
#include "api/window.h"
#include "app/memory.h"
#include "policy/agree.h"

/* A month: further from now no bound moves. */
#define MOVING_US (31 * MOMENT_DAY_US)

/* One look_up(): what it reads from and what it has found. */
struct search {
	const struct gateway *gw;
	struct store *store;
	const struct exchange *x;
	struct query filter; /* of the list that is looked for */
	bool as_is;	     /* it will do if it cannot be cut, too */
	struct lookup *found;
	struct wall now;
};

/* What a fill brought to this request, else what this worker remembers and is fresh, else what the
 * store has; else what is remembered, however old. */
static struct entry *obtain(struct search *s, struct str target)
{
	struct entry *e = exchange_held(s->x, target);
	struct entry *stored = NULL;
	uint64_t purges = memory_purges(s->gw->memory);
	bool in_doubt;

	if (e) {
		memory_put(s->gw->memory, e, s->x->purges);
		return entry_ref(e);
	}
	e = memory_get(s->gw->memory, target, &in_doubt);
	if (!in_doubt && entry_state(e, s->now) == ENTRY_FRESH)
		return e;
	if (s->store->load(s->store, target, &stored) == LOAD_BROKEN)
		s->found->broken = true;
	if (!stored)
		return e;
	entry_unref(e);
	memory_put(s->gw->memory, stored, purges);
	return stored;
}

bool lookup_want(const struct exchange *x, const struct query *filter, int64_t start, uint32_t size,
		 struct want *ret)
{
	const struct canon *c = &x->canon;

	*ret = (struct want){
		.api = c->api,
		.endpoint = c->endpoint,
		.is_object = c->is_object,
		.start = start,
		.size = size,
		.target = canon_page_target(c, filter, size, start, x->arena),
	};
	return ret->target.p != NULL;
}

static bool make_want(const struct search *s, int64_t start, uint32_t size, struct want *ret)
{
	return lookup_want(s->x, &s->filter, start, size, ret);
}

static bool is_held(const struct search *s, const struct entry *e)
{
	return e && exchange_held(s->x, e->target) == e;
}

/* The entry for the target, and in *ret its state; absent ones are as if they were not there. */
static struct entry *obtain_usable(struct search *s, struct str target, enum entry_state *ret)
{
	struct entry *e = obtain(s, target);

	/* What was fetched for this very request is fresh enough for it, however short its life. */
	*ret = is_held(s, e) ? ENTRY_FRESH : entry_state(e, s->now);
	if (*ret != ENTRY_ABSENT)
		return e;
	entry_unref(e);
	return NULL;
}

/* Puts the entry for wants[i] into its place. */
static void find(struct search *s, size_t i)
{
	struct lookup *l = s->found;
	enum entry_state state;

	l->entries[i] = obtain_usable(s, l->wants[i].target, &state);
	if (i == 0 || state < l->state) {
		l->state = state;
		l->wanted = i;
	}
}

/* Does the entry show that the page lies behind the list's end? */
static bool is_before_page(const struct search *s, const struct entry *e)
{
	return e && e->kind == ENTRY_WINDOW && e->count <= s->x->canon.offset;
}

/* A window that is not there may lie behind the list's end. The window before it (somebody walks)
 * and the first one (most asked for) know the count, and asking them costs no call. */
static void find_end(struct search *s, int64_t start)
{
	const uint32_t size = s->x->canon.endpoint->window;
	const int64_t neighbours[] = { start - size, 0 };
	struct lookup *l = s->found;

	for (size_t i = 0; start > 0 && i < 2 && l->state != ENTRY_FRESH && !l->broken; i++) {
		enum entry_state state;
		struct want want;
		struct entry *e;

		if (!make_want(s, neighbours[i], size, &want))
			return;
		e = obtain_usable(s, want.target, &state);
		if (!is_before_page(s, e) || state <= l->state) {
			entry_unref(e);
			continue;
		}
		entry_unref(l->entries[0]);
		l->entries[0] = e;
		l->wants[0] = want;
		l->state = state;
	}
}

/* Does the page go on behind the first window? */
static bool needs_second(const struct search *s, const struct entry *first, int64_t end)
{
	const struct canon *c = &s->x->canon;

	return first && first->kind == ENTRY_WINDOW &&
	       window_page(c->offset, c->limit, first->count).to > end;
}

/* The page lies in the list's small first window; the whole one is as good where it is fresher. */
static bool find_head(struct search *s)
{
	const struct canon *c = &s->x->canon;
	struct lookup *l = s->found;
	enum entry_state state;
	struct entry *whole;
	struct want want;

	if (!make_want(s, 0, c->head, &l->wants[0]))
		return false;
	find(s, 0);
	if (l->state == ENTRY_FRESH || l->broken)
		return true;
	if (!make_want(s, 0, c->endpoint->window, &want))
		return false;
	whole = obtain_usable(s, want.target, &state);
	if (state <= l->state) {
		entry_unref(whole);
		return true;
	}
	entry_unref(l->entries[0]);
	l->entries[0] = whole;
	l->wants[0] = want;
	l->state = state;
	return true;
}

static bool find_windows(struct search *s)
{
	const struct canon *c = &s->x->canon;
	struct lookup *l = s->found;
	uint32_t size = c->endpoint->window;
	int64_t start = window_start(c->offset, size);
	int64_t end = start + size;

	if (!make_want(s, start, size, &l->wants[0]))
		return false;
	find(s, 0);
	if (!l->entries[0])
		find_end(s, start);
	if (!needs_second(s, l->entries[0], end))
		return true;
	if (!make_want(s, end, size, &l->wants[1]))
		return false;
	find(s, 1);
	return true;
}

static bool find_object(struct search *s)
{
	if (!make_want(s, 0, 0, &s->found->wants[0]))
		return false;
	find(s, 0);
	return true;
}

static bool is_window(const struct entry *e)
{
	return e && e->kind == ENTRY_WINDOW;
}

static void check_agreement(struct search *s)
{
	struct lookup *l = s->found;

	l->agrees = true;
	for (size_t i = 0; i + 1 < LOOKUP_ENTRIES && l->agrees; i++) {
		const struct entry *a = l->entries[i];
		const struct entry *b = l->entries[i + 1];

		if (is_window(a) && is_window(b) && !agree(a, b, s->x->canon.endpoint->skew_ms)) {
			size_t older = a->fetched.ms <= b->fetched.ms ? i : i + 1;

			l->agrees = false;
			l->wants[older].again = true;
			l->wanted = older;
		}
	}
}

/* ---- lists with moving bounds of time ---- */

static void replace(struct lookup *l, const struct lookup *by)
{
	lookup_release(l);
	*l = *by;
}

/* Puts the first window, of `size`, into its place, and finds out what is to be cut off. */
static bool find_first_of(struct search *s, uint32_t size)
{
	struct lookup *l = s->found;
	const struct entry *e;

	if (!make_want(s, 0, size, &l->wants[0]))
		return false;
	find(s, 0);
	e = l->entries[0];
	return !is_window(e) || cut_find(e, &s->x->canon.bounds, s->x->arena, &l->cut);
}

/* Does the page lie in the small first window, and would the whole one tell no more? */
static bool is_enough(const struct search *s)
{
	const struct canon *c = &s->x->canon;
	const struct entry *e = s->found->entries[0];
	const struct cut *cut = &s->found->cut;

	if (!is_window(e))
		return e != NULL;
	if (!cut->is_exact && e->count <= c->endpoint->window)
		return false;
	if (!cut->is_exact && !cut->is_open && c->bounds.place <= BOUNDS_AT_ENDS)
		return false;
	return cut_page(cut, c->offset, c->limit, e->count).to <= e->n;
}

/* The whole first window, where it is as fresh as what was found of the small one or that does not
 * do. */
static bool find_whole_first(struct search *s, bool enough)
{
	struct lookup *l = s->found;
	enum entry_state useful = enough ? l->state : ENTRY_ABSENT;
	struct lookup whole = { .state = ENTRY_ABSENT };
	struct search other = *s;
	bool good;

	other.found = &whole;
	good = find_first_of(&other, s->x->canon.endpoint->window);
	if (good && (whole.state > useful || whole.broken || (l->entries[0] && !enough)))
		replace(l, &whole);
	else
		lookup_release(&whole);
	return good;
}

/* The first window, on which all depends. The small one has room for as many objects again as the
 * page could show, since some will be cut off. */
static bool find_first(struct search *s)
{
	const struct canon *c = &s->x->canon;
	uint32_t head = 2 * c->head < c->endpoint->window ? 2 * c->head : 0;
	bool enough;

	if (!find_first_of(s, head ? head : c->endpoint->window))
		return false;
	enough = is_enough(s);
	if (!head || s->found->broken || (enough && s->found->state == ENTRY_FRESH))
		return true;
	return find_whole_first(s, enough);
}

/* One more window, from `start`, in its place among the others, where it is not there yet. *ret is
 * its entry, or NULL. */
static bool find_another(struct search *s, int64_t start, const struct entry **ret)
{
	struct lookup *l = s->found;
	size_t at = 0;

	while (at + 1 < LOOKUP_ENTRIES && l->wants[at].target.p && l->wants[at].start < start)
		at++;
	if (!l->wants[at].target.p || l->wants[at].start > start) {
		for (size_t i = LOOKUP_ENTRIES - 1; i > at; i--) {
			l->wants[i] = l->wants[i - 1];
			l->entries[i] = l->entries[i - 1];
		}
		l->wanted += l->wanted >= at;
		l->entries[at] = NULL;
		if (!make_want(s, start, s->x->canon.endpoint->window, &l->wants[at]))
			return false;
		find(s, at);
	}
	*ret = l->entries[at];
	return true;
}

/* Looks at the list's end, in its last window; if all of that is cut off, in the one before, too. A
 * small first window is not that one. */
static bool find_open_end(struct search *s)
{
	struct lookup *l = s->found;
	const uint32_t size = s->x->canon.endpoint->window;
	int64_t first = l->wants[0].size == size ? 0 : size;
	int64_t start = window_start(l->entries[0]->count - 1, size);

	for (int i = 0; i < 2 && l->cut.is_open && start >= first; i++, start -= size) {
		const struct entry *last;

		if (!find_another(s, start, &last))
			return false;
		if (!is_window(last))
			return true;
		cut_end(last, &s->x->canon.bounds, &l->cut);
	}
	return true;
}

/* The windows behind the first one in which the page lies. */
static bool find_others(struct search *s)
{
	const struct canon *c = &s->x->canon;
	struct lookup *l = s->found;
	const uint32_t size = c->endpoint->window;
	struct span page = cut_page(&l->cut, c->offset, c->limit, l->entries[0]->count);
	const struct entry *e = l->entries[0];

	if (l->cut.kept || page.from == page.to)
		return true;
	for (int64_t at = window_start(page.from, size); e && at < page.to; at += size)
		if (at > 0 && !find_another(s, at, &e))
			return false;
	return true;
}

/* The list of s->filter: what is cut off, and the windows that this takes. */
static bool find_cut(struct search *s)
{
	struct lookup *l = s->found;

	if (!find_first(s))
		return false;
	if (is_window(l->entries[0])) {
		if (l->cut.is_open && !s->as_is && !find_open_end(s))
			return false;
		if ((l->cut.is_exact || s->as_is) && !find_others(s))
			return false;
	}
	check_agreement(s);
	return true;
}

/* The client's bound at the time when the entry was fetched, if it moves with the clock: was it
 * within the grid's point up to which the entry goes? */
static bool reached(const struct search *s, const struct entry *e, const struct bound *exact,
		    int64_t point_us)
{
	return exact->us - (s->now.ms - e->fetched.ms) * 1000 <= point_us;
}

/*
 * May l, a list of bounds that were a step earlier, be shown for those of today? Lower bounds only
 * make it longer. With an upper one it ends too early by now; but if it went far enough when it was
 * fetched, then it is what this client was told a moment ago. As bounds may also stand still, that
 * is said of fresh lists only, as long as a call can bring the right one.
 */
static bool will_do(const struct search *s, const struct lookup *l, const struct bounds *earlier,
		    int64_t step_us)
{
	const struct bounds *exact = &s->x->canon.bounds;
	bool in_vain = s->x->failed.fault != FAULT_NONE;

	if (l->state == ENTRY_ABSENT || !l->agrees || !is_window(l->entries[0]))
		return false;
	for (size_t k = 0; k < exact->n; k++) {
		if (bound_is_lower(&exact->list[k]))
			continue;
		if (l->state != ENTRY_FRESH && !in_vain)
			return false;
		for (size_t i = 0; i < LOOKUP_ENTRIES && l->entries[i]; i++)
			if (!reached(s, l->entries[i], &exact->list[k],
				     bound_rounded(&earlier->list[k], step_us)))
				return false;
	}
	return true;
}

static bool has_upper(const struct bounds *bounds)
{
	for (size_t i = 0; i < bounds->n; i++)
		if (!bound_is_lower(&bounds->list[i]))
			return true;
	return false;
}

/* Puts l, a list of bounds that were a step earlier, in the place of the one that is missing. What
 * is fetched for it will be that one. */
static bool stand_in(struct search *s, struct lookup *l)
{
	/* With upper bounds it lacks what the last moments would have added, and uncut it is wider
	 * than it should be. */
	if (l->state == ENTRY_FRESH && (has_upper(&s->x->canon.bounds) || !l->cut.is_exact))
		l->state = ENTRY_STALE;
	for (size_t i = 0; i < LOOKUP_ENTRIES && l->entries[i]; i++)
		if (!make_want(s, l->wants[i].start, l->wants[i].size, &l->wants[i]))
			return false;
	replace(s->found, l);
	return true;
}

/*
 * When bounds that move with the clock come to the grid's next point, nothing is stored under their
 * new target: at midnight a whole world of clients would wait, or be told of an outage. What was
 * fetched for them a step ago will do.
 */
static bool find_stand_in(struct search *s, int64_t step_us)
{
	const struct canon *c = &s->x->canon;
	struct lookup l = { .state = ENTRY_ABSENT };
	struct search back = *s;
	struct bounds earlier;

	back.found = &l;
	if (!bounds_earlier(&c->bounds, step_us, s->x->arena, &earlier) ||
	    !bounds_round(&earlier, &c->filter, step_us, s->x->arena, &back.filter) ||
	    !find_cut(&back))
		goto no_memory;
	if (will_do(s, &l, &earlier, step_us)) {
		if (!stand_in(s, &l))
			goto no_memory;
	} else {
		s->found->broken |= l.broken;
		lookup_release(&l);
	}
	return true;
no_memory:
	lookup_release(&l);
	return false;
}

/* The list whose bounds are rounded to steps of step_us. */
static bool find_rounded(struct search *s, int64_t step_us)
{
	const struct canon *c = &s->x->canon;

	if (!bounds_round(&c->bounds, &c->filter, step_us, s->x->arena, &s->filter) || !find_cut(s))
		return false;
	if (s->found->state != ENTRY_ABSENT || s->found->broken || step_us == 1)
		return true;
	return find_stand_in(s, step_us);
}

/* Where nothing can be cut off: a bound that moves with the clock is near to it. What is further
 * away stands still, asks for the past as it was, and is not rounded. */
static int64_t small_step_us(const struct search *s)
{
	const struct bounds *bounds = &s->x->canon.bounds;

	for (size_t i = 0; i < bounds->n && s->gw->time_step_us; i++) {
		int64_t distance_us = bounds->list[i].us - s->now.ms * 1000;

		if (distance_us > -MOVING_US && distance_us < MOVING_US)
			return s->gw->time_step_us;
	}
	return 1;
}

/*
 * The list of whole days, which all share; where that cannot be cut, the one that is rounded to
 * small steps, as it is. The former is not tried in vain: once it was fetched, it tells for as long
 * as it is kept, stale or not, that it cannot. Where the client orders by something else it hardly
 * ever can, so that only the latter is fetched.
 */
static bool find_bounded(struct search *s)
{
	const struct canon *c = &s->x->canon;
	struct lookup *l = s->found;

	if (c->bounds.place != BOUNDS_SCATTERED) {
		if (!find_rounded(s, MOMENT_DAY_US))
			return false;
		if (l->cut.is_exact || l->broken || l->state == ENTRY_ABSENT ||
		    !is_window(l->entries[0]))
			return true;
		replace(l, &(struct lookup){ .state = ENTRY_ABSENT });
	}
	s->as_is = true;
	return find_rounded(s, small_step_us(s));
}

/* ---- all ---- */

static bool find_all(struct search *s)
{
	const struct canon *c = &s->x->canon;

	if (c->is_object)
		return find_object(s);
	if (c->bounds.n)
		return find_bounded(s);
	return c->head ? find_head(s) : find_windows(s);
}

bool look_up(const struct gateway *gw, struct store *store, const struct exchange *x,
	     struct lookup *ret, struct fail *reterr)
{
	struct search s = { .gw = gw,
			    .store = store,
			    .x = x,
			    .filter = x->canon.filter,
			    .found = ret,
			    .now = gw->clock->wall(gw->clock) };
	const struct entry *old;

	*ret = (struct lookup){ .state = ENTRY_ABSENT };
	if (!find_all(&s))
		return fail(reterr, FAULT_INTERNAL, "The request is too large.");
	check_agreement(&s);
	old = ret->entries[ret->wanted];
	if (old)
		ret->newer_than = old->fetched;
	return true;
}

struct str lookup_self(struct exchange *x)
{
	const struct canon *c = &x->canon;

	if (!x->self.p)
		x->self = c->is_object ? c->target
				       : canon_page_target(c, &c->echo, c->limit, c->offset,
							   x->arena);
	return x->self;
}

void lookup_release(struct lookup *l)
{
	for (size_t i = 0; i < LOOKUP_ENTRIES; i++)
		entry_unref(l->entries[i]);
}
