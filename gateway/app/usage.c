#include "app/usage.h"

#include <stdio.h>

/* To those whom no key belongs to, and where there is none. */
static const struct identities nobody = { .n = 1 };

struct str usage_name(const struct api *api, const struct identity *as,
		      char text[static USAGE_NAME_BYTES])
{
	int n = snprintf(text, USAGE_NAME_BYTES, "%.*s%s%.*s", STR_ARG(api->budget),
			 as->name.n ? "/" : "", STR_ARG(as->name));

	return (struct str){ text, n < USAGE_NAME_BYTES ? (size_t)n : USAGE_NAME_BYTES - 1 };
}

const struct identities *usage_identities(const struct identities *ids, const struct api *api)
{
	return api->authorized && ids && ids->n ? ids : &nobody;
}

bool usage_of(struct store *store, const struct identity *as, const struct api *api,
	      struct count *ret)
{
	char text[USAGE_NAME_BYTES];

	return store->usage(store, usage_name(api, as, text),
			    as->quota.calls ? as->quota : api->quota, ret);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

bool usage_of_all(struct store *store, const struct identities *ids, const struct api *api,
		  struct count *ret)
{
	const struct identities *all = usage_identities(ids, api);

	if (!usage_of(store, &all->list[0], api, ret))
		return false;
	for (size_t i = 1; i < all->n; i++) {
		struct count one;

		if (!usage_of(store, &all->list[i], api, &one))
			return false;
		ret->quota.calls += one.quota.calls;
		ret->used += one.used;
		if (one.quota.window_ms > ret->quota.window_ms)
			ret->quota.window_ms = one.quota.window_ms;
		ret->wait_ms = sooner(ret->wait_ms, one.wait_ms);
		ret->free_ms = sooner(ret->free_ms, one.free_ms);
		ret->cool_ms = sooner(ret->cool_ms, one.cool_ms);
	}
	return true;
}
