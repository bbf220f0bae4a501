#ifndef PERIGEE_POLICY_DEMAND_H
#define PERIGEE_POLICY_DEMAND_H

/*
 * Is an answer asked for so often that nginx should keep it for the rest of the second
 * (nginx/perigee/micro-cache.conf)?
 *
 * For nginx to keep an answer takes it a new file, which costs as much as DEMAND_WORTH requests
 * more that reach a worker. What has been asked for n times since the second began will be asked
 * for about as often in as much time again; from that follows whether it is worth it. One or two
 * requests say little: they count only for what was given to nginx in the second before as well.
 *
 * An answer is given at the 1st, 2nd, 4th, 8th ... request of a second only, since those that come
 * meanwhile were sent before nginx had it; they would all have it written anew. What comes long
 * after shows that nginx did not take it (a spelling of Accept-Encoding that it does not know).
 *
 * Plain data: no lock, no clock. All zeroes is an answer that nobody has asked for. It is one
 * worker's guess: others see the rest of the requests.
 */

#include <stdbool.h>

#include "base/clock.h"

#define DEMAND_WORTH 4

struct demand {
	uint32_t second;   /* of the clock, its lower bits */
	uint16_t asked;	   /* for it in that second */
	bool given;	   /* to nginx in that second */
	bool given_before; /* in the second before */
};

/* It is asked for. True: nginx should keep it. */
bool demand_ask(struct demand *d, struct wall now);

#endif
