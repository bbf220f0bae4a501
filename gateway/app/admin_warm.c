/*
 * GET, POST and DELETE /admin/warm: walks through whole collections (app/walks.h).
 */

#include "app/admin_call.h"
#include "app/walks.h"

static void add_walk(void *ctx, const struct walk *walk)
{
	json_t *o = json_object();

	json_object_set_new(o, "target", admin_text(walk->target));
	json_object_set_new(o, "state", json_string(walk_state_word(walk->state)));
	json_object_set_new(o, "next", json_integer(walk->next));
	json_object_set_new(o, "count", walk->count < 0 ? json_null() : json_integer(walk->count));
	json_object_set_new(o, "begun_at", admin_moment(walk->begun));
	json_object_set_new(o, "moved_at", admin_moment(walk->moved));
	json_object_set_new(o, "waits_for",
			    walk->why == FAULT_NONE ? json_null()
						    : json_string(fault_title(walk->why)));
	json_array_append_new(ctx, o);
}

bool admin_warm(struct admin_call *call)
{
	json_t *walks = json_array();

	if (!walks_visit(call->store, add_walk, walks)) {
		json_decref(walks);
		return admin_store_down(call);
	}
	call->answer = json_pack("{s:o}", "walks", walks);
	return true;
}

/* The list that the request names, as a client would be understood. */
static bool find_list(struct admin_call *call, struct str *ret)
{
	struct str url = admin_param(call, "url");
	struct canon c;

	if (!url.n)
		return fail(&call->refusal.fail, FAULT_PARAMETERS, "url: it is needed.");
	*ret = admin_target(url);
	return admin_canon(call, url, &c);
}

bool admin_warm_begin(struct admin_call *call)
{
	struct str target;

	return find_list(call, &target) &&
	       walks_begin(call->gw, call->store, target, &call->refusal.fail) && admin_warm(call);
}

bool admin_warm_end(struct admin_call *call)
{
	struct str target;

	return find_list(call, &target) &&
	       walks_forget(call->gw, call->store, target, &call->refusal.fail) && admin_warm(call);
}
