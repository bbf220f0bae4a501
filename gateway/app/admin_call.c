#include "app/admin_call.h"

#include "http/date.h"

struct str admin_param(const struct admin_call *call, const char *name)
{
	for (size_t i = 0; i < call->params.n; i++)
		if (str_eq(call->params.pairs[i].name, str_from(name)))
			return call->params.pairs[i].value;
	return (struct str){ NULL, 0 };
}

bool admin_param_yes(const struct admin_call *call, const char *name)
{
	return str_eq(admin_param(call, name), STR("yes"));
}

struct str admin_target(struct str url)
{
	struct str rest = str_trim(url);
	size_t scheme = str_find(rest, ':');

	rest = str_slice(rest, 0, str_find(rest, '#'));
	if (scheme + 2 >= rest.n || !str_starts(str_slice(rest, scheme, rest.n), STR("://")))
		return rest;
	rest = str_slice(rest, scheme + 3, rest.n);
	return str_slice(rest, str_find(rest, '/'), rest.n);
}

bool admin_canon(struct admin_call *call, struct str url, struct canon *ret)
{
	struct str target = arena_dup(call->arena, admin_target(url));

	if (!target.p)
		return fail(&call->refusal.fail, FAULT_TOO_LONG, "The address is too long.");
	if (!canon_request(call->catalog, &call->gw->canon, target, call->arena, ret,
			   &call->refusal))
		return false;
	if (ret->endpoint->kind == ENDPOINT_THROTTLE)
		return fail(&call->refusal.fail, FAULT_NOT_FOUND,
			    "The gateway answers that itself; nothing of it is stored.");
	return true;
}

json_t *admin_moment(struct wall t)
{
	char text[DATE_ISO_BYTES];

	date_put_iso(t, text);
	return json_stringn(text, sizeof(text));
}

json_t *admin_age(const struct admin_call *call, struct wall t)
{
	return json_integer((call->gw->clock->wall(call->gw->clock).ms - t.ms) / 1000);
}

json_t *admin_text(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

bool admin_store_down(struct admin_call *call)
{
	return fail(&call->refusal.fail, FAULT_STORE_DOWN, "Redis does not answer.");
}
