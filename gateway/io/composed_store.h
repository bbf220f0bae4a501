#ifndef PERIGEE_IO_COMPOSED_STORE_H
#define PERIGEE_IO_COMPOSED_STORE_H

/*
 * Composed answers (policy/composed.h) in Redis: fields of the hashes that hold the entries they
 * are made of. Part of a store (io/store.h), and like it of one thread.
 *
 * To look for one takes three fields of each hash: the entry's sum, whether it has been purged, and
 * the answer. What is looked for together is asked for in one round trip.
 */

#include "base/counter.h"
#include "io/redis.h"
#include "policy/ports.h"

#define COMPOSED_COMMANDS (ANSWERS_AT_ONCE * COMPOSED_PARTS)

struct composed_store {
	struct redis *redis;
	struct str prefix;
	counter *unreadable;			       /* those that were none; NULL: not counted */
	struct buf keys;			       /* scratch, kept over calls */
	struct buf value;			       /* likewise */
	struct redisReply *replies[COMPOSED_COMMANDS]; /* of the last time, which views are of */
	size_t replies_n;
};

/* `redis` and the prefix must outlive it. */
struct composed_store composed_store_new(struct redis *redis, struct str prefix,
					 counter *unreadable);
void composed_store_release(struct composed_store *s);

void composed_store_find(struct composed_store *s, struct answer_query *const *queries, size_t n);

void composed_store_keep(struct composed_store *s, struct str target, struct str sum,
			 struct str url, const struct composed *answer);

#endif
