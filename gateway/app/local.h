#ifndef PERIGEE_APP_LOCAL_H
#define PERIGEE_APP_LOCAL_H

/*
 * The gateway's own pages: `/healthz` (the process lives) and `/readyz` (it can
 * answer requests, and how Redis is).
 */

#include "app/exchange.h"
#include "app/gateway.h"

/* Answers x if its path is one of them. */
bool local_answer(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
