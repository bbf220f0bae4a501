#ifndef PERIGEE_APP_HEALTH_H
#define PERIGEE_APP_HEALTH_H

/*
 * `/healthz`: the process lives, and one of its threads is free to say so. Nothing else is
 * looked at, so that no trouble of somebody else's has a worker restarted.
 *
 * `/readyz`: shall requests be sent here? 503 while it drains, and when Redis is away and
 * nothing is remembered that could be answered. Neither upstream nor Redis alone makes a worker
 * unready: it answers from what it has, and taking it out of service would help nobody. The
 * body says how each of them is. (Before there is a configuration nobody listens, and nginx
 * answers 502.)
 */

#include "app/exchange.h"
#include "app/gateway.h"

void health_live(const struct gateway *gw, struct store *store, struct exchange *x);
void health_ready(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
