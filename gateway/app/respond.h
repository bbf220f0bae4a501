#ifndef PERIGEE_APP_RESPOND_H
#define PERIGEE_APP_RESPOND_H

/*
 * Writing answers: the head (CGI style, as FastCGI wants it) and the body of an
 * exchange. Every answer has a Content-Length, since HTTP/1.0 clients know no
 * chunks, and open CORS headers. Each function fills x->result, status, head
 * and body; nothing is sent here.
 */

#include "app/exchange.h"
#include "app/gateway.h"
#include "app/lookup.h"

/* From what look_up() found, `plan` being one of those that answer. What is composed may be kept in
 * the store (app/stored.h). */
void respond_found(const struct gateway *gw, struct store *store, struct exchange *x,
		   const struct lookup *found);

/* OPTIONS, CORS preflights included. */
void respond_options(struct exchange *x);

/* The document of the gateway's own (JSON, or what x->media says) that stands in x->body, known by
 * x->canon.target: for caches to keep and to ask about each time. */
void respond_document(const struct gateway *gw, struct exchange *x);

/* A page of the gateway's own, never cached. */
void respond_page(struct exchange *x, int status, const char *content_type, struct str body);

#endif
