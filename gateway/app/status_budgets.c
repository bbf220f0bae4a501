#include "app/status_budgets.h"

#include "app/metrics_rows.h"
#include "app/status_json.h"
#include "app/usage.h"
#include "io/ledger.h"

#include <stdlib.h>

#define HOUR_MS 3600000

struct making {
	const struct status_view *view;
	struct wall now;
	bool known; /* the store answers */
	struct supply worst;
};

static json_t *calls_of(const struct making *m, struct str budget, struct ledger *l)
{
	json_t *calls = json_array();

	if (!ledger_read(m->view->redis, m->view->prefix, budget, HOUR_MS, l))
		return calls;
	for (size_t i = 0; i < l->calls_n; i++) {
		/* By Redis' clock; the page knows the worker's. */
		int64_t at = l->calls[i].at_ms - l->now_ms + m->now.ms;

		json_array_append_new(calls,
				      json_pack("{s:I,s:s,s:b}", "at", (json_int_t)at, "class",
						ledger_class_words[l->calls[i].class], "in_flight",
						(int)l->calls[i].open));
	}
	return calls;
}

/* The worse of two: silent, cooling, with fewer calls left. */
static bool is_worse(const struct supply *a, const struct supply *b)
{
	if (a->silent != b->silent)
		return a->silent;
	if (a->cooldown_ms != b->cooldown_ms)
		return a->cooldown_ms > b->cooldown_ms;
	return a->remaining < b->remaining;
}

/* A quota of seconds comes and goes: that it is spent is not worth a word. */
static void note_supply(struct making *m, const struct count *count, bool silent)
{
	struct supply s = {
		.known = true,
		.silent = silent,
		.cooldown_ms = count->cool_ms,
		.remaining =
			count->used < count->quota.calls ? count->quota.calls - count->used : 0,
		.next_free_ms = count->wait_ms,
	};

	if (count->quota.window_ms < STATUS_CALLS_FROM_MS && !s.remaining)
		s.remaining = 1;
	if (!m->worst.known || is_worse(&s, &m->worst))
		m->worst = s;
}

static json_t *budget_of(struct making *m, const struct api *api, struct ledger *scratch)
{
	struct store *store = m->view->store;
	bool silent = metrics_any_breaker_is_open(m->view->gw->metrics, api->budget);
	struct count count = { .quota = api->quota };
	bool known = m->known && usage_of_all(store, m->view->gw->identities, api, &count);
	bool is_spent = known && count.used >= count.quota.calls;
	bool is_drawn = known && count.quota.window_ms >= STATUS_CALLS_FROM_MS;
	json_t *o = json_object();

	if (known)
		note_supply(m, &count, silent);
	json_object_set_new(o, "name", status_text(api->budget));
	json_object_set_new(o, "limit", json_integer(count.quota.calls));
	json_object_set_new(o, "window_s", json_integer(count.quota.window_ms / 1000));
	json_object_set_new(o, "known", json_boolean(known));
	json_object_set_new(o, "used", json_integer(count.used));
	json_object_set_new(o, "next_free_at",
			    is_spent ? status_moment(m->now.ms + count.wait_ms) : json_null());
	json_object_set_new(o, "cooldown_until",
			    count.cool_ms > 0 ? status_moment(m->now.ms + count.cool_ms)
					      : json_null());
	json_object_set_new(o, "breaker_open", json_boolean(silent));
	json_object_set_new(o, "calls",
			    is_drawn ? calls_of(m, api->budget, scratch) : json_array());
	return o;
}

json_t *status_budgets(const struct status_view *v, struct wall now, bool known, struct supply *ret)
{
	struct making m = { .view = v, .now = now, .known = known };
	struct ledger *scratch = malloc(sizeof(*scratch));
	json_t *list = json_array();

	for (size_t i = 0; scratch && i < v->catalog->apis_n; i++)
		if (api_is_first_of_budget(&v->catalog->apis[i]))
			json_array_append_new(list, budget_of(&m, &v->catalog->apis[i], scratch));
	free(scratch);
	*ret = m.worst;
	return list;
}
