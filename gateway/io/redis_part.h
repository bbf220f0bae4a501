#ifndef PERIGEE_IO_REDIS_PART_H
#define PERIGEE_IO_REDIS_PART_H

/*
 * The connection to one part of Redis: to the master, which takes writes, or to
 * where it can be read while there is none. Its place is the address, or what
 * Sentinels tell of it when it is opened. A part belongs to one thread.
 */

#include <stdatomic.h>

#include "base/histogram.h"
#include "io/redis_address.h"
#include "io/redis_link.h"
#include "io/sentinel.h"

/* How one part of Redis is, as all threads of the process have found it. */
struct redis_pause {
	atomic_int failures;	 /* since it last answered */
	atomic_llong away_until; /* ms on the monotonic clock: nobody tries before */
};

/* Zeroed to begin with. */
struct redis_health {
	struct redis_pause master;
	struct redis_pause replica;
	atomic_uint sentinel;  /* which one is asked first */
	atomic_uint master_id; /* a hash of where the master was found last */

	/* Where it is counted for /metrics, set before threads start; NULL: nowhere. */
	struct measure took;
	counter *errors;     /* no answer, or one that says that a command failed */
	counter *unreadable; /* entries that were none */
};

struct redis_options {
	struct redis_health *health; /* shared by all connections */
	struct redis_address address;
	struct redis_login login; /* for Redis itself */
	struct redis_timeouts timeouts;
};

/*
 * A connection of hiredis' own to the Redis that takes writes, logged in and with time-outs; the
 * caller ends it with redisFree(). Where Sentinels say which one that is, it has been asked
 * whether it is one. NULL: it cannot be had, which is logged.
 */
struct redisContext *redis_connect(const struct redis_options *options);

struct redis_part {
	struct redisContext *context; /* NULL: not connected */
	struct redis_pause *pause;
	enum sentinel_wanted wanted;
	struct sentinel_place last; /* where it was; port 0: nowhere yet */
	unsigned int master_id;	    /* the master of that time */
};

/* Opens it, if it is not open. False: it cannot be had, which is logged. */
bool redis_part_open(const struct redis_options *options, struct redis_part *part);

void redis_part_close(struct redis_part *part);

#endif
