#ifndef PERIGEE_APP_LOCAL_H
#define PERIGEE_APP_LOCAL_H

/*
 * The gateway's own pages: `/healthz` and `/readyz` (app/health.h), `/metrics`
 * (app/scrape.h), `/openapi.json`; and what it answers for upstream: the list
 * of an API's endpoints at its root, and `api-throttle/`.
 */

#include "app/exchange.h"
#include "app/gateway.h"

/* Answers x if its path is one of the pages or an API's root. */
bool local_answer(const struct gateway *gw, struct store *store, struct exchange *x);

/*
 * Answers in the shape of upstream's /api-throttle/, with the budgets (of all identities together)
 * that all of the gateway's clients share. Upstream's own answer names the caller, by address or by
 * key: it is never asked for a client.
 */
void local_throttle(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
