#ifndef PERIGEE_APP_PRESS_H
#define PERIGEE_APP_PRESS_H

/*
 * Answers in a content coding, compressed once and kept.
 *
 * A body is known by the target it answers, its hash and its coding. The hash alone
 * would do by chance, but not against somebody who makes two bodies with one hash on
 * purpose: what clients choose (a search) stands in the links. So nobody can put
 * anything in the place of another target's answer.
 *
 * Any thread may call press(). What it gives is immutable and counted by
 * references: it outlives its eviction for as long as somebody holds it. Two threads
 * that want the same body compressed at the same moment both do it, and one result
 * is kept: waiting would take as long as working does, and nothing is locked while a
 * thread compresses.
 *
 * What is kept takes at most the bytes given, keys and bookkeeping counted. When
 * they are used up SIEVE decides: in the order of arrival, what has not been asked for
 * since it was last looked at has to go.
 */

#include "base/hash.h"
#include "http/encoding.h"

struct press;

/* A compressed body. */
struct pressed;

/* Keeps at most bytes_max (0: nothing, every answer is compressed anew). NULL without memory. */
struct press *press_new(size_t bytes_max);
void press_free(struct press *p);

/*
 * `body`, the answer to `target`, in `coding` (not identity). `hash` is the body's.
 * The reference is the caller's. NULL without memory: then it goes out as it is.
 */
struct pressed *press(struct press *p, struct str target, const char hash[static HASH_HEX_BYTES],
		      enum coding coding, struct str body);

/* Its bytes; they live as long as the reference does. */
struct str pressed_bytes(const struct pressed *pressed);

/* Gives a reference back. NULL is fine. */
void pressed_unref(struct pressed *pressed);

/* What is kept just now, for tests and metrics. */
struct press_stats {
	size_t bytes; /* bookkeeping included */
	size_t bytes_max;
	size_t bodies;
	uint64_t hits;
	uint64_t misses; /* each of them has compressed something */
	uint64_t evicted;
};

struct press_stats press_stats(struct press *p);

#endif
