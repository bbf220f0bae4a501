/*
 * GET and POST /admin/origin: how much upstream may be asked, on all hosts (app/origin.h).
 */

#include "app/admin_call.h"
#include "app/origin.h"

static bool tell_mode(struct admin_call *call)
{
	const struct origin_switch *o = call->gw->origin;

	call->answer = json_pack("{s:s,s:s}", "mode", mode_word(origin_mode(o)), "configured",
				 mode_word(o->configured));
	return true;
}

bool admin_origin(struct admin_call *call)
{
	return tell_mode(call);
}

bool admin_origin_set(struct admin_call *call)
{
	enum mode mode;

	if (!mode_parse(admin_param(call, "mode"), &mode))
		return fail(&call->refusal.fail, FAULT_PARAMETERS,
			    "mode: one of normal, avoid and never.");
	return origin_set(call->gw->origin, call->store, mode) ? tell_mode(call)
							       : admin_store_down(call);
}
