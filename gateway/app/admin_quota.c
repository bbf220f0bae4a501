/*
 * GET /admin/quota: each budget of upstream calls that all workers share: how much is
 * used, which calls were made in its window and for whom, when the next one is free, and
 * what is being fetched now.
 */

#include "app/admin_call.h"

#include "app/usage.h"
#include "base/limits.h"
#include "io/ledger.h"
#include "io/scan.h"

#include <stdlib.h>

/* Leases that are shown. */
#define LEASES_MAX 100

static json_t *moment(int64_t ms)
{
	return ms ? admin_moment((struct wall){ ms }) : json_null();
}

static json_t *calls_of(const struct ledger *l)
{
	json_t *calls = json_array();

	for (size_t i = 0; i < l->calls_n; i++) {
		const struct ledger_call *call = &l->calls[i];
		int64_t age_ms = l->now_ms - call->at_ms;

		json_array_append_new(
			calls, json_pack("{s:o,s:I,s:s,s:b}", "at", moment(call->at_ms), "age_s",
					 (json_int_t)(age_ms > 0 ? age_ms / 1000 : 0), "class",
					 ledger_class_words[call->class], "open", call->open));
	}
	return calls;
}

static json_t *classes_of(const struct ledger *l)
{
	json_int_t n[LEDGER_CLASSES] = { 0 };
	json_t *o = json_object();

	for (size_t i = 0; i < l->calls_n; i++)
		n[l->calls[i].class]++;
	for (size_t i = 0; i < LEDGER_CLASSES; i++)
		json_object_set_new(o, ledger_class_words[i], json_integer(n[i]));
	return o;
}

static void note_lease(void *ctx, struct str target, struct str value)
{
	json_t *leases = ctx;

	(void)value;
	if (json_array_size(leases) < LEASES_MAX)
		json_array_append_new(leases, admin_text(target));
}

/* Who fetches what now, on all hosts. */
static bool find_leases(struct admin_call *call, struct str budget, json_t *leases)
{
	struct buf begin = buf_init(LIMIT_TARGET_BYTES);
	struct scan scan = { .visit = note_lease, .ctx = leases };
	bool good = true;

	buf_putf(&begin, "%.*s:{%.*s}:fill:", STR_ARG(call->prefix), STR_ARG(budget));
	scan.begin = buf_str(&begin);
	while (good && !scan.done && !atomic_load(call->stopping))
		good = scan_step(&scan, call->redis);
	buf_release(&begin);
	return good;
}

static json_t *describe(struct str budget, const struct count *count, const struct ledger *l,
			json_t *leases)
{
	json_int_t left = (json_int_t)count->quota.calls - (json_int_t)count->used;
	bool cools = l->cool_until_ms > l->now_ms;
	json_t *o = json_object();

	json_object_set_new(o, "budget", admin_text(budget));
	json_object_set_new(o, "limit", json_integer(count->quota.calls));
	json_object_set_new(o, "window_s", json_integer(count->quota.window_ms / 1000));
	json_object_set_new(o, "used", json_integer(count->used));
	json_object_set_new(o, "remaining", json_integer(left > 0 ? left : 0));
	json_object_set_new(o, "wait_s", json_integer((count->wait_ms + 999) / 1000));
	json_object_set_new(o, "next_free_at", moment(l->now_ms + count->wait_ms));
	json_object_set_new(o, "cool_down_until", cools ? moment(l->cool_until_ms) : json_null());
	json_object_set_new(o, "compared_at", moment(l->calibrated_at_ms));
	json_object_set_new(o, "by_class", classes_of(l));
	json_object_set_new(o, "calls", calls_of(l));
	json_object_set_new(o, "fetching", leases);
	return o;
}

static bool add_budget(struct admin_call *call, const struct api *api, const struct identity *as)
{
	char text[USAGE_NAME_BYTES];
	struct str budget = usage_name(api, as, text);
	struct ledger *l = malloc(sizeof(*l));
	json_t *leases = json_array();
	struct count count;
	bool good;

	good = l && usage_of(call->store, as, api, &count) &&
	       ledger_read(call->redis, call->prefix, budget, count.quota.window_ms, l) &&
	       find_leases(call, api->budget, leases);
	if (good)
		json_array_append_new(json_object_get(call->answer, "budgets"),
				      describe(budget, &count, l, leases));
	else
		json_decref(leases);
	free(l);
	return good;
}

/* Of each identity that may call the api. */
static bool add_budgets(struct admin_call *call, const struct api *api)
{
	const struct identities *all = usage_identities(call->gw->identities, api);
	bool good = true;

	for (size_t i = 0; good && i < all->n; i++)
		good = add_budget(call, api, &all->list[i]);
	return good;
}

bool admin_quota(struct admin_call *call)
{
	call->answer = json_pack("{s:[]}", "budgets");
	for (size_t i = 0; i < call->catalog->apis_n; i++)
		if (api_is_first_of_budget(&call->catalog->apis[i]) &&
		    !add_budgets(call, &call->catalog->apis[i]))
			return admin_store_down(call);
	return true;
}
