#ifndef PERIGEE_APP_COMPOSE_H
#define PERIGEE_APP_COMPOSE_H

/* The body of a page: cut out of the windows that it lies in, with the public base in its links,
 * in an envelope as DRF writes it. */

#include "api/links.h"
#include "app/exchange.h"
#include "app/lookup.h"

/* Into x->body; what it links to lives in the arena. False: that is exhausted. */
bool compose_page(struct exchange *x, const struct lookup *found, struct str base,
		  struct links *ret_links);

#endif
