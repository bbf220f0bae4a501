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
 */

#include <stdatomic.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/str.h"

#define REDIS_PAUSE_MS	   250
#define REDIS_PAUSE_MAX_MS 4000

struct redis;
struct redisReply;   /* hiredis */
struct redisContext; /* hiredis */

/* How Redis is, as all threads of the process have found it; zeroed to begin with. */
struct redis_health {
	atomic_int failures;	 /* since it last answered */
	atomic_llong away_until; /* ms on the monotonic clock: nobody tries before */

	/* Where it is counted for /metrics, set before threads start; NULL: nowhere. */
	struct measure took;
	counter *errors;     /* no answer, or one that says that a command failed */
	counter *unreadable; /* entries that were none */
};

struct redis_options {
	struct redis_health *health; /* shared by all connections */
	const char *socket;	     /* path of a Unix socket; NULL: host and port */
	const char *host;
	int port;
	const char *username; /* NULL: none */
	const char *password; /* NULL: none */
	int64_t connect_timeout_ms;
	int64_t command_timeout_ms;
};

/*
 * Reads `unix:/path`, or `redis://[user:password@]host[:port]`, into *ret, with
 * text allocated for good. NULL, or why it cannot be used (never with the text,
 * which may hold a password).
 */
const char *redis_parse_address(struct str text, struct redis_options *ret);

/* A connection of hiredis' own, logged in and with time-outs; the caller ends it with redisFree().
 * NULL: it cannot be had, which is logged. */
struct redisContext *redis_connect(const struct redis_options *options);

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

#endif
