#ifndef PERIGEE_IO_SENTINEL_H
#define PERIGEE_IO_SENTINEL_H

/*
 * Asks Redis Sentinels where the master is, or else somebody who has its data.
 *
 * They are asked one after the other, beginning with the one that was right last
 * (`first`, which the connections of a process share). One that does not answer
 * loses that place. So with one Sentinel that hangs only the first to ask pays
 * for it, and a Sentinel that was cut off from the others is not believed again
 * and again.
 */

#include <stdatomic.h>

#include "io/redis_link.h"

#define SENTINEL_NAME_BYTES 256

struct sentinel_place {
	char name[SENTINEL_NAME_BYTES];
	int port;
};

enum sentinel_wanted {
	SENTINEL_MASTER,
	SENTINEL_READABLE, /* a replica that is not down, else the master */
};

/* False: none of them knew, or not within about connect_ms + 2 * command_ms. */
bool sentinel_ask(const struct redis_address *address, const struct redis_timeouts *timeouts,
		  atomic_uint *first, enum sentinel_wanted wanted, struct sentinel_place *ret);

/* What the first of them told was wrong: the next one is asked first. */
void sentinel_doubt(atomic_uint *first);

#endif
