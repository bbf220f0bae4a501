#ifndef PERIGEE_POLICY_DEMAND_H
#define PERIGEE_POLICY_DEMAND_H

/*
 * Is an answer asked for so often that nginx should keep it for the rest of the second
 * (nginx/perigee/micro-cache.conf)?
 *
 * For nginx to keep an answer takes it a new file, which costs as much as DEMAND_WORTH requests
 * more that reach a worker. What has been asked for n times since the second began will be asked
 * for about as often in as much time again; from that follows whether it is worth it.
 *
 * Of what nginx keeps a worker sees only the first request of a second, if not another worker does:
 * the more are to come, the earlier that one is. So it counts like any other, if the answer is
 * known to be asked for again and again, in one of the DEMAND_FORGET_S seconds before. What a
 * crawler reads is not.
 *
 * An answer is given at the 1st, 2nd, 4th, 8th ... request of a second only, since those that come
 * meanwhile were sent before nginx had it; they would all have it written anew. What comes long
 * after shows that nginx did not take it (a spelling of Accept-Encoding that it does not know).
 *
 * Plain data: no lock, no clock. All zeroes is an answer that nobody has asked for.
 */

#include <stdbool.h>

#include "base/clock.h"

#define DEMAND_WORTH	2
#define DEMAND_FORGET_S 3

struct demand {
	uint32_t second; /* of the clock, its lower bits */
	uint32_t asked;	 /* for it in that second */
};

/* It is asked for. True: nginx should keep it. */
bool demand_ask(struct demand *d, struct wall now);

#endif
