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
 * Does for n of them what can be done at once: understands those that are new, refuses some, and
 * looks for stored answers in one round trip. For n up to ANSWERS_AT_ONCE, each of which is served
 * before this is called again.
 */
void serve_ahead(const struct gateway *gw, struct store *store, struct exchange *const *xs,
		 size_t n);

/*
 * Serves x as far as it can be without waiting. True: its answer is written.
 * False: it waits for upstream and belongs to the fills; call serve() again
 * when they hand it back.
 */
bool serve(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
