#ifndef PERIGEE_HTTP_SHELF_KEY_H
#define PERIGEE_HTTP_SHELF_KEY_H

/*
 * What an answer on the shelf (base/shelf.h) is known by: all of a request that its answer depends
 * on, as it came. Made by the worker that puts it there and by nginx (nginx/module), alike, of the
 * same fields.
 */

#include "base/shelf.h"

/* A view of `text`; empty: there is none for such a request. Empty fields are like none. */
struct str shelf_key(char text[static SHELF_KEY_BYTES], struct str target, struct str host,
		     struct str forwarded_host, struct str accept_encoding);

#endif
