#ifndef PERIGEE_APP_MISSED_H
#define PERIGEE_APP_MISSED_H

/*
 * What a worker could not hear while its feed of news was broken (io/feed.h): that somebody
 * fetched something newer, and what operators purged. Without that what it remembers would stand
 * until its time is over, which can be days.
 */

#include "app/gateway.h"
#include "io/redis.h"

/* All that is remembered is in doubt; what was purged since then is purged. False:
 * Redis did not tell, and has to be asked again. */
bool missed_make_good(const struct gateway *gw, struct redis *r, struct str prefix,
		      struct mono since);

#endif
