#ifndef PERIGEE_APP_SERVE_H
#define PERIGEE_APP_SERVE_H

/*
 * The life of a request, from what it says to its answer. Read this file's .c
 * from bottom to top to see what perigee does.
 */

#include "app/exchange.h"
#include "app/gateway.h"

/* Serves x if that needs no look at the store, nor any other waiting. True: its answer is
 * written. False: it is as it was. */
bool serve_at_once(const struct gateway *gw, struct exchange *x);

/*
 * Serves x as far as it can be without waiting. True: its answer is written.
 * False: it waits for upstream and belongs to the fills; call serve() again
 * when they hand it back.
 */
bool serve(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
