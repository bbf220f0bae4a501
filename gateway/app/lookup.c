#include "app/lookup.h"

#include "api/window.h"
#include "policy/agree.h"

/* One look_up(): what it reads from and what it has found. */
struct search {
	const struct gateway *gw;
	struct store *store;
	const struct exchange *x;
	struct lookup *found;
	struct wall now;
};

static struct entry *obtain(struct search *s, struct str target)
{
	struct entry *e = exchange_held(s->x, target);

	if (e)
		return entry_ref(e);
	if (s->store->load(s->store, target, &e) == LOAD_BROKEN)
		s->found->broken = true;
	return e;
}

/* How to ask for the object (of no size), or for the window of `size` that begins at `start`. */
static bool make_want(const struct search *s, int64_t start, uint32_t size, struct want *ret)
{
	const struct canon *c = &s->x->canon;

	*ret = (struct want){
		.api = c->api,
		.endpoint = c->endpoint,
		.is_object = c->is_object,
		.start = start,
		.size = size,
		.target = canon_page_target(c, &c->filter, size, start, s->x->arena),
	};
	return ret->target.p != NULL;
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

/* A window that is not there may lie behind the list's end. The window before it (somebody walks)
 * and the first one (most asked for) know the count, and asking them costs no call. */
static void find_end(struct search *s, int64_t start)
{
	const uint32_t size = s->x->canon.endpoint->window;
	const int64_t neighbours[] = { start - size, 0 };
	struct lookup *l = s->found;

	for (size_t i = 0; start > 0 && i < 2 && !l->broken; i++) {
		struct want want;
		struct entry *e =
			make_want(s, neighbours[i], size, &want) ? obtain(s, want.target) : NULL;

		if (e && entry_state(e, s->now) == ENTRY_FRESH && e->kind == ENTRY_WINDOW &&
		    e->count <= s->x->canon.offset) {
			l->entries[0] = e;
			l->wants[0] = want;
			l->state = ENTRY_FRESH;
			return;
		}
		entry_unref(e);
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

static void check_agreement(struct search *s)
{
	struct lookup *l = s->found;
	const struct entry *a = l->entries[0];
	const struct entry *b = l->entries[1];

	l->agrees = true;
	if (a && b && a->kind == ENTRY_WINDOW && b->kind == ENTRY_WINDOW &&
	    !agree(a, b, s->x->canon.endpoint->skew_ms)) {
		size_t older = a->fetched.ms <= b->fetched.ms ? 0 : 1;

		l->agrees = false;
		l->wants[older].again = true;
		l->wanted = older;
	}
}

bool look_up(const struct gateway *gw, struct store *store, const struct exchange *x,
	     struct lookup *ret, struct fail *reterr)
{
	struct search s = {
		.gw = gw, .store = store, .x = x, .found = ret, .now = gw->clock->wall(gw->clock)
	};
	const struct entry *old;
	bool enough;

	*ret = (struct lookup){ .state = ENTRY_ABSENT };
	if (x->canon.is_object)
		enough = find_object(&s);
	else
		enough = x->canon.head ? find_head(&s) : find_windows(&s);
	if (!enough)
		return fail(reterr, FAULT_INTERNAL, "The request is too large.");
	check_agreement(&s);
	old = ret->entries[ret->wanted];
	if (old)
		ret->newer_than = old->fetched;
	return true;
}

void lookup_release(struct lookup *l)
{
	entry_unref(l->entries[0]);
	entry_unref(l->entries[1]);
}
