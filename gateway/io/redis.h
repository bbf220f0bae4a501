#ifndef PERIGEE_IO_REDIS_H
#define PERIGEE_IO_REDIS_H

/*
 * A connection to Redis that mends itself, by hiredis. It belongs to one
 * thread.
 *
 * After any error the connection is thrown away: a late reply would otherwise
 * be taken for the next one. It is opened again when it is next needed, but not
 * before a pause that doubles from REDIS_PAUSE_MS to REDIS_PAUSE_MAX_MS. The pause
 * holds for all connections of the process, and after it one of them tries
 * first. So a Redis that is away, or hangs, costs one request now and then its
 * time-out, and all others nothing but the knowledge.
 *
 * Where there are Sentinels (io/redis_address.h) they are asked for the master each
 * time a connection is opened, and one is given up when it says that it is a
 * replica (READONLY), or when another connection of the process has found another
 * master: so a failover is followed without a restart. What is only
 * read (redis_read()) is read from a replica while there is no master.
 */

#include "io/redis_part.h"

#define REDIS_PAUSE_MS	   250
#define REDIS_PAUSE_MAX_MS 4000

struct redis;
struct redisReply; /* hiredis */

/* On such a connection a command was answered: whatever pause there is for others is over. */
void redis_has_answered(const struct redis_options *options);

/* Connects at the first command. The options must outlive it. NULL without memory. */
struct redis *redis_new(const struct redis_options *options);
void redis_free(struct redis *r);

struct redis_command {
	size_t argc;
	const struct str *argv;
};

/*
 * Sends n commands at once and waits for all replies: replies[i] answers
 * commands[i], and the caller frees each with freeReplyObject(). False, with no
 * reply given, if Redis is away or did not answer in time. A reply that says
 * that the command failed (REDIS_REPLY_ERROR) is a reply.
 */
bool redis_run(struct redis *r, const struct redis_command *commands, size_t n,
	       struct redisReply **replies);

/* The same for what changes nothing, and may be a little old: while there is no master, a replica
 * that the Sentinels know of answers. */
bool redis_read(struct redis *r, const struct redis_command *commands, size_t n,
		struct redisReply **replies);

#endif
