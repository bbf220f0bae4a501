#ifndef PERIGEE_IO_REDIS_LINK_H
#define PERIGEE_IO_REDIS_LINK_H

/* One connection to one place, by hiredis: opened, logged in, and with time-outs. */

#include "io/redis_address.h"

struct redisContext; /* hiredis */

/* A name is looked up by the C library, in its own time: addresses, or names in /etc/hosts, are
 * found at once. */
struct redis_timeouts {
	int64_t connect_ms;
	int64_t command_ms; /* for each piece of a reply */
};

/* To the socket or host of the address. The caller ends it with redisFree(). NULL: it cannot be
 * had, which is logged. */
struct redisContext *redis_link(const char *socket, const struct redis_host *host,
				const struct redis_login *login,
				const struct redis_timeouts *timeouts);

#endif
