/*
 * GET /admin/top: what is most wanted and slowest in this worker (app/tops.h). Requests
 * are weighted by age: they count half after ten minutes.
 */

#include "app/admin_call.h"
#include "app/tops.h"

#include <stdlib.h>

#define LIMIT_DEFAULT 20

static json_t *row(const struct top *t, size_t i, const char *unit)
{
	const struct top_slot *slot = &t->slots[i];
	json_t *o = json_object();

	json_object_set_new(o, "name", admin_text(top_name(t, i)));
	json_object_set_new(o, unit, json_real(t->weights[i]));
	json_object_set_new(o, "error", json_real(t->errors[i]));
	json_object_set_new(o, "times", json_integer((json_int_t)slot->times));
	json_object_set_new(o, "largest", json_integer(slot->largest));
	return o;
}

static json_t *rows(const struct top *t, size_t limit, const char *unit)
{
	size_t order[TOP_SLOTS];
	size_t n = top_order(t, order);
	json_t *list = json_array();

	for (size_t i = 0; i < n && i < limit; i++)
		json_array_append_new(list, row(t, order[i], unit));
	return list;
}

bool admin_top(struct admin_call *call)
{
	static const struct {
		enum tops_kind kind;
		const char *name;
		const char *unit;
	} parts[] = {
		{ TOPS_WANTED, "wanted", "requests" },
		{ TOPS_SLOW, "slow", "ms" },
		{ TOPS_ENDPOINTS, "endpoints", "requests" },
	};
	struct mono now = call->gw->clock->mono(call->gw->clock);
	struct str text = admin_param(call, "limit");
	struct top *t = malloc(sizeof(*t));
	int64_t limit = LIMIT_DEFAULT;

	if (text.n && (!str_to_i64(text, &limit) || limit < 1 || limit > TOP_SLOTS)) {
		free(t);
		return fail(&call->refusal.fail, FAULT_PARAMETERS, "limit: 1 to %d.", TOP_SLOTS);
	}
	if (!t)
		return fail(&call->refusal.fail, FAULT_INTERNAL, "There is no memory left.");
	call->answer = json_pack("{s:i}", "half_life_s", 600);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		tops_read(call->gw->tops, parts[i].kind, now, t);
		json_object_set_new(call->answer, parts[i].name,
				    rows(t, (size_t)limit, parts[i].unit));
	}
	free(t);
	return true;
}
