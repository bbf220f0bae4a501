#include "api/catalog.h"

#include <stdlib.h>

struct catalog *catalog_ref(struct catalog *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void catalog_unref(struct catalog *c)
{
	if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	arena_free(c->memory);
	free(c);
}

int endpoint_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct endpoint *)a)->name, ((const struct endpoint *)b)->name);
}

int param_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct param *)a)->name, ((const struct param *)b)->name);
}

const struct endpoint *api_endpoint(const struct api *api, struct str name)
{
	const struct endpoint wanted = { .name = name };

	return bsearch(&wanted, api->endpoints, api->endpoints_n, sizeof(wanted), endpoint_cmp);
}

const struct param *endpoint_param(const struct endpoint *endpoint, struct str name)
{
	const struct param wanted = { .name = name };

	return bsearch(&wanted, endpoint->params, endpoint->params_n, sizeof(wanted), param_cmp);
}

const struct endpoint *api_former(const struct api *api, struct str name)
{
	for (size_t i = 0; i < api->endpoints_n; i++)
		for (size_t k = 0; k < api->endpoints[i].former_n; k++)
			if (str_eq(api->endpoints[i].former[k], name))
				return &api->endpoints[i];
	return NULL;
}

const struct api *api_throttle(const struct api *api, const struct endpoint **ret_endpoint)
{
	const struct catalog *catalog = api->catalog;

	for (size_t i = catalog->apis_n; i-- > 0;) {
		const struct api *one = &catalog->apis[i];

		for (size_t k = 0; k < one->endpoints_n && str_eq(one->budget, api->budget); k++) {
			*ret_endpoint = &one->endpoints[k];
			if (one->endpoints[k].kind == ENDPOINT_THROTTLE)
				return one;
		}
	}
	return NULL;
}

bool api_is_first_of_budget(const struct api *api)
{
	const struct api *first = api->catalog->apis;

	while (!str_eq(first->budget, api->budget))
		first++;
	return first == api;
}

uint32_t endpoint_head(const struct endpoint *endpoint, struct str mode)
{
	uint32_t any = 0;

	for (size_t i = 0; i < endpoint->heads_n; i++) {
		if (str_eq(endpoint->heads[i].mode, mode))
			return endpoint->heads[i].n;
		if (!endpoint->heads[i].mode.n)
			any = endpoint->heads[i].n;
	}
	return any;
}
