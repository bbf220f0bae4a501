#include "app/walks.h"

#include "app/fill.h"
#include "base/limits.h"
#include "io/log.h"

static const struct str folder = STR("walks");

/* How long one that is over can be looked at. */
#define KEPT_MS (24 * 3600 * 1000LL)

/* Windows that one step passes over, so that a long list that is stored already holds up nobody. */
#define WINDOWS_AT_ONCE 50

/* ---- notes ---- */

struct visit {
	walks_visitor *visit;
	void *ctx;
};

static void visit_note(void *ctx, struct str name, struct str value)
{
	const struct visit *v = ctx;
	struct walk walk;

	if (walk_parse(name, value, &walk))
		v->visit(v->ctx, &walk);
}

bool walks_visit(struct store *store, walks_visitor *visit, void *ctx)
{
	struct visit v = { visit, ctx };

	return store->recall_all(store, folder, visit_note, &v);
}

static bool keep(struct store *store, const struct walk *walk)
{
	struct buf line = buf_init(WALK_LINE_BYTES);
	bool kept;

	walk_put(&line, walk);
	kept = !line.failed && store->remember_in(store, folder, walk->target, buf_str(&line));
	buf_release(&line);
	return kept;
}

static bool forget(struct store *store, struct str target)
{
	return store->remember_in(store, folder, target, STR(""));
}

/* ---- beginning and ending ---- */

/* What is known of a target, and how many others run. */
struct search {
	struct str target;
	bool found;
	bool runs;
	size_t others;
};

static void look_at(void *ctx, const struct walk *walk)
{
	struct search *s = ctx;
	bool runs = walk->state == WALK_RUNNING;

	if (str_eq(walk->target, s->target)) {
		s->found = true;
		s->runs = runs;
	} else {
		s->others += runs;
	}
}

static bool search(struct store *store, struct search *s, struct fail *reterr)
{
	return walks_visit(store, look_at, s) ||
	       fail(reterr, FAULT_STORE_DOWN, "The cache cannot be reached.");
}

/* The list that `target` names: what it means, and its canonical name without limit and offset. */
static bool name_list(const struct gateway *gw, struct str target, struct arena *a,
		      struct canon *ret, struct str *ret_name, struct fail *reterr)
{
	struct refusal refusal = { .faults_n = 0 };

	if (!canon_request(gw->catalog, &gw->canon, target, a, ret, &refusal)) {
		*reterr = refusal.fail;
		return false;
	}
	if (ret->is_object || ret->endpoint->kind != ENDPOINT_LIST)
		return fail(reterr, FAULT_PARAMETERS, "Only a list can be walked through.");
	if (ret->bounds.n)
		return fail(reterr, FAULT_PARAMETERS,
			    "A list whose bounds of time move cannot be walked through.");
	*ret_name = canon_page_target(ret, &ret->filter, 0, 0, a);
	return ret_name->p || fail(reterr, FAULT_INTERNAL, "There is no memory left.");
}

static bool begin(struct store *store, struct str name, struct wall now, struct fail *reterr)
{
	const struct walk walk = walk_begin(name, now);
	struct search s = { .target = name };

	if (!search(store, &s, reterr))
		return false;
	if (s.runs)
		return true;
	if (s.others >= WALKS_MAX)
		return fail(reterr, FAULT_OVERLOAD, "Too many walks are under way.");
	return keep(store, &walk) || fail(reterr, FAULT_STORE_DOWN, "The walk could not be noted.");
}

static bool end(struct store *store, struct str name, struct fail *reterr)
{
	struct search s = { .target = name };

	if (!search(store, &s, reterr))
		return false;
	if (!s.found)
		return fail(reterr, FAULT_NOT_FOUND, "There is no such walk.");
	return forget(store, name) ||
	       fail(reterr, FAULT_STORE_DOWN, "The walk could not be ended.");
}

/* Does with the list of that target what is to be done. */
static bool on_list(const struct gateway *gw, struct store *store, struct str target, bool begins,
		    struct fail *reterr)
{
	struct arena *a = arena_new(LIMIT_REQUEST_BYTES);
	struct canon c;
	struct str name;
	bool good;

	if (!a)
		good = fail(reterr, FAULT_INTERNAL, "There is no memory left.");
	else
		good = name_list(gw, target, a, &c, &name, reterr) &&
		       (begins ? begin(store, name, gw->clock->wall(gw->clock), reterr)
			       : end(store, name, reterr));
	arena_free(a);
	return good;
}

bool walks_begin(const struct gateway *gw, struct store *store, struct str target,
		 struct fail *reterr)
{
	return on_list(gw, store, target, true, reterr);
}

bool walks_forget(const struct gateway *gw, struct store *store, struct str target,
		  struct fail *reterr)
{
	return on_list(gw, store, target, false, reterr);
}

/* ---- steps ---- */

/* One round: the walks of the moment, copies that live in the arena. */
struct round {
	const struct gateway *gw;
	struct store *store;
	struct arena *arena;
	struct wall now;
	struct walk walks[2 * WALKS_MAX];
	size_t n;
};

static void collect(void *ctx, const struct walk *walk)
{
	struct round *r = ctx;
	struct walk copy = *walk;

	if (r->n == sizeof(r->walks) / sizeof(r->walks[0]))
		return;
	copy.target = arena_dup(r->arena, walk->target);
	if (copy.target.p)
		r->walks[r->n++] = copy;
}

static void fail_walk(struct walk *walk, enum fault why)
{
	walk->state = WALK_FAILED;
	walk->why = why;
}

/* Passes over the window that `e` holds; where upstream has refused it, the walk is over. */
static void pass(struct walk *walk, const struct want *want, const struct entry *e, struct wall now)
{
	if (e->kind == ENTRY_WINDOW)
		walk_advance(walk, want->size, e->count, now);
	else
		fail_walk(walk, e->status == 404 ? FAULT_NOT_FOUND : FAULT_PARAMETERS);
}

/* Has the walk brought it, or does it hold anyway? */
static bool is_there(const struct entry *e, const struct walk *walk, struct wall now)
{
	return entry_state(e, now) == ENTRY_FRESH || (e && e->fetched.ms >= walk->begun.ms);
}

/* The window that is next: passed over if it is there, else asked for. True: the walk goes on. */
static bool step(struct round *r, struct walk *walk, const struct want *want)
{
	struct entry *e = NULL;
	struct fail failure = { .fault = FAULT_NONE };
	bool there;

	if (r->store->load(r->store, want->target, &e) == LOAD_BROKEN) {
		walk->why = FAULT_STORE_DOWN;
		return false;
	}
	there = is_there(e, walk, r->now);
	if (there)
		pass(walk, want, e, r->now);
	else if (!fills_spare(r->gw->fills, want, e ? e->fetched : (struct wall){ 0 }, &failure))
		walk->why = failure.fault;
	entry_unref(e);
	return there && walk->state == WALK_RUNNING;
}

static void take_steps(struct round *r, struct walk *walk)
{
	struct fail failure = { .fault = FAULT_NONE };
	struct canon c;
	struct str name;

	/* The tables may have changed since it began. */
	if (!name_list(r->gw, walk->target, r->arena, &c, &name, &failure)) {
		fail_walk(walk, failure.fault);
		return;
	}
	for (int i = 0; i < WINDOWS_AT_ONCE; i++) {
		struct want want = {
			.api = c.api,
			.endpoint = c.endpoint,
			.start = walk->next,
			.size = c.endpoint->window,
			.target = canon_page_target(&c, &c.filter, c.endpoint->window, walk->next,
						    r->arena),
		};

		if (!want.target.p || !step(r, walk, &want))
			return;
	}
}

static bool is_same(const struct walk *a, const struct walk *b)
{
	return a->state == b->state && a->next == b->next && a->count == b->count &&
	       a->why == b->why;
}

static void deal_with(struct round *r, struct walk *walk)
{
	const struct walk before = *walk;

	if (walk->state != WALK_RUNNING) {
		if (r->now.ms - walk->moved.ms > KEPT_MS)
			forget(r->store, walk->target);
		return;
	}
	take_steps(r, walk);
	if (is_same(walk, &before))
		return;
	keep(r->store, walk);
	log_line(LOG_INFO, "walk", "state=%s next=%lld count=%lld why=%s target=%.*s",
		 walk_state_word(walk->state), (long long)walk->next, (long long)walk->count,
		 fault_word(walk->why), STR_ARG(walk->target));
}

bool walks_round(const struct gateway *gw, struct store *store, struct arena *a)
{
	struct round r = {
		.gw = gw, .store = store, .arena = a, .now = gw->clock->wall(gw->clock)
	};
	bool running = false;

	arena_reset(a);
	walks_visit(store, collect, &r);
	for (size_t i = 0; i < r.n; i++) {
		deal_with(&r, &r.walks[i]);
		running |= r.walks[i].state == WALK_RUNNING;
	}
	return running;
}
