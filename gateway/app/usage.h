#ifndef PERIGEE_APP_USAGE_H
#define PERIGEE_APP_USAGE_H

/*
 * How much of a budget is used, all identities together or one of them.
 */

#include "api/catalog.h"
#include "policy/identity.h"
#include "policy/ports.h"

#define USAGE_NAME_BYTES 128

/* The name of that identity's budget in the store: a view of `text`. */
struct str usage_name(const struct api *api, const struct identity *as,
		      char text[static USAGE_NAME_BYTES]);

/* Those who may call the api: `ids`, if the keys belong to it; one at least. */
const struct identities *usage_identities(const struct identities *ids, const struct api *api);

/* The sum over them; it waits until the first can call. False: the store did not answer. */
bool usage_of_all(struct store *store, const struct identities *ids, const struct api *api,
		  struct count *ret);

/* Of one of them. */
bool usage_of(struct store *store, const struct identity *as, const struct api *api,
	      struct count *ret);

#endif
