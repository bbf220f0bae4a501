#ifndef PERIGEE_APP_STATUS_VIEW_H
#define PERIGEE_APP_STATUS_VIEW_H

/* What the status page's state (app/status_state.h) is made of. The store and the connection are
 * for nobody else meanwhile. */

#include "app/gateway.h"
#include "io/redis.h"

struct status_view {
	const struct gateway *gw;
	struct store *store;
	struct redis *redis;
	struct str prefix;
	const struct catalog *catalog;
	struct arena *arena;
};

#endif
