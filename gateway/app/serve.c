#include "app/serve.h"

#include "app/ahead.h"
#include "app/behind.h"
#include "app/fill.h"
#include "app/local.h"
#include "app/lookup.h"
#include "app/memory.h"
#include "app/origin.h"
#include "app/represent.h"
#include "app/refuse.h"
#include "app/respond.h"
#include "app/stored.h"
#include "policy/plan.h"

/* Only GET may cost a call: a HEAD is answered from what is there. */
static bool may_fetch(const struct exchange *x)
{
	return request_method(&x->request) == METHOD_GET && !request_only_if_cached(&x->request);
}

static struct situation situation_of(const struct exchange *x, const struct lookup *found)
{
	return (struct situation){
		.mode = x->mode,
		.state = found->state,
		.agrees = found->agrees,
		.may_fetch = may_fetch(x),
		.fetch_failed = x->failed.fault != FAULT_NONE || x->fills >= FILLS_MAX,
	};
}

/* Why there is nothing to answer with. */
static void refuse_unfound(const struct lookup *found, struct exchange *x)
{
	struct fail why = x->failed;

	if (found->broken)
		fail_set(&why, FAULT_STORE_DOWN, "The cache cannot be reached.");
	else if (why.fault == FAULT_NONE && may_fetch(x) && x->mode == MODE_NEVER)
		fail_set(&why, FAULT_ORIGIN_OFF,
			 "There is no stored answer, and upstream is not asked at present.");
	else if (why.fault == FAULT_NONE)
		fail_set(&why, FAULT_NOT_CACHED,
			 "There is no stored answer, and none was to be fetched.");
	refuse(x, &why);
}

/* The answer itself, where it is stored, else what it is to be made of. */
static bool find(const struct gateway *gw, struct store *store, struct exchange *x,
		 struct lookup *ret)
{
	return stored_find(gw, x, ret) || look_up(gw, store, x, ret, &x->failed);
}

/* Looks, decides, acts; again as often as a fill fails at once. */
static bool answer(const struct gateway *gw, struct store *store, struct exchange *x)
{
	for (;;) {
		struct lookup found;
		struct situation situation;
		bool answered = true;

		x->mode = origin_mode(gw->origin);
		if (!find(gw, store, x, &found)) {
			refuse(x, &x->failed);
			lookup_release(&found);
			return true;
		}
		situation = situation_of(x, &found);
		switch (plan_choose(&situation)) {
		case PLAN_HIT:
		case PLAN_LAST_GOOD:
			respond_found(gw, store, x, &found);
			ahead_note(gw, x, &found);
			break;
		case PLAN_STALE:
			respond_found(gw, store, x, &found);
			refresh_behind(gw, &found);
			ahead_note(gw, x, &found);
			break;
		case PLAN_FETCH:
			answered = false;
			if (!x->fills)
				x->outdated = found.entries[found.wanted] != NULL;
			/* When it is joined, x is not ours any more. */
			if (fills_join(gw->fills, &found.wants[found.wanted], found.newer_than, x,
				       &x->failed)) {
				lookup_release(&found);
				return false;
			}
			break;
		case PLAN_REFUSE:
			refuse_unfound(&found, x);
			break;
		}
		lookup_release(&found);
		if (answered)
			return true;
	}
}

/* Understands the request; true if that already answered it. */
static bool refuse_or_route(const struct gateway *gw, struct store *store, struct exchange *x)
{
	struct refusal refusal = { .faults_n = 0 };

	switch (request_method(&x->request)) {
	case METHOD_OPTIONS:
		x->page = PAGE_OPTIONS;
		respond_options(x);
		return true;
	case METHOD_OTHER:
		fail_set(&refusal.fail, FAULT_METHOD, "Method \"%.*s\" not allowed.",
			 (int)(x->request.method.n < 40 ? x->request.method.n : 40),
			 x->request.method.p);
		refuse(x, &refusal.fail);
		return true;
	case METHOD_GET:
	case METHOD_HEAD:
		break;
	}
	x->catalog = catalog_ref(gw->catalog);
	if (local_answer(gw, store, x))
		return true;
	if (!canon_request(x->catalog, &gw->canon, x->request.target, x->arena, &x->canon,
			   &refusal)) {
		x->series = canon_series(&x->canon);
		refuse_request(x, &refusal);
		return true;
	}
	x->series = canon_series(&x->canon);
	if (x->canon.endpoint->kind == ENDPOINT_THROTTLE) {
		local_throttle(gw, store, x);
		return true;
	}
	x->purges = memory_purges(gw->memory);
	x->routed = true;
	return false;
}

bool serve_at_once(const struct gateway *gw, struct exchange *x)
{
	return represent_at_once(gw, x);
}

void serve_ahead(const struct gateway *gw, struct store *store, struct exchange *const *xs,
		 size_t n)
{
	struct exchange *routed[ANSWERS_AT_ONCE];
	size_t routed_n = 0;

	for (size_t i = 0; i < n && i < ANSWERS_AT_ONCE; i++) {
		if (xs[i]->routed)
			continue;
		xs[i]->answered = refuse_or_route(gw, store, xs[i]);
		if (!xs[i]->answered)
			routed[routed_n++] = xs[i];
	}
	if (routed_n)
		stored_look(gw, store, routed, routed_n);
}

bool serve(const struct gateway *gw, struct store *store, struct exchange *x)
{
	if (x->answered || (!x->routed && refuse_or_route(gw, store, x)))
		return true;
	return answer(gw, store, x);
}
