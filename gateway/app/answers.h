#ifndef PERIGEE_APP_ANSWERS_H
#define PERIGEE_APP_ANSWERS_H

/*
 * Composed answers: a page as it goes out, with its entity tag and those fields of its
 * head that stay the same, in the coding in which it was asked for. So a page is
 * composed and compressed once for all who ask for it.
 *
 * An answer is known by what was asked, the public base in its links and which
 * codings are taken: in the client's own spelling, so that a hit needs to understand
 * nothing, and in the canonical one, so that all spellings share it. It is right
 *
 *   - without a look at anything, as long as it is fresh and nobody has heard of
 *     anything new (memory_epoch()) since it was found right;
 *   - else if what it would be made of now is what it was made of (`made_of`).
 *
 * Any thread. Answers are immutable, but for the epoch, and counted by references: they
 * outlive their eviction for as long as somebody sends them. They take at most the bytes
 * given, bookkeeping included (base/sieve.h); there is a lock for each of a few shards, held for
 * no longer than it takes to find one.
 */

#include <stdatomic.h>

#include "base/clock.h"
#include "base/str.h"
#include "http/encoding.h"
#include "policy/demand.h"

struct answers;

struct answer_key {
	struct str target;
	uint32_t variant; /* of base and codings, see answer_variant() */
};

struct answer {
	atomic_int refs;
	_Atomic uint64_t epoch; /* in which it was last found right */
	_Atomic struct demand demand;

	uint64_t made_of;
	struct str target;	 /* canonical, for the log */
	uint32_t series;	 /* as which it is counted (app/metrics.h) */
	struct wall fetched;	 /* the oldest of what it is made of */
	struct wall fresh_until; /* it must not be given without a look from then on */
	struct str etag;
	struct str head; /* the end of its head, with the blank line */
	struct str body;
};

/* `base`: the place of a public base among all; `accept`: the client's Accept-Encoding. */
uint32_t answer_variant(size_t base, struct str accept);

/* A copy of `facts` (whose refs is not looked at) with one reference, in one piece of memory.
 * NULL without memory. */
struct answer *answer_new(const struct answer *facts);

/* It is asked for. True: so often that nginx should keep it for a moment. */
bool answer_ask(struct answer *a, struct wall now);

/* Gives a reference back; the last one frees. NULL is fine. */
void answer_unref(struct answer *a);

/* 0 bytes: it keeps nothing. NULL without memory. */
struct answers *answers_new(size_t bytes_max);
void answers_free(struct answers *a);

/* A reference, or NULL. Whether it is still right is for the caller to find out. */
struct answer *answers_find(struct answers *a, const struct answer_key *key);

/*
 * Keeps a reference of its own, in the place of what was there under that key. Unless `at_once`,
 * it does so when the key comes for the second time within a while: what is asked
 * for once and never again is not worth its bytes.
 */
void answers_put(struct answers *a, const struct answer_key *key, struct answer *answer,
		 bool at_once);

void answers_clear(struct answers *a);

/* What is kept just now, for tests and metrics. */
struct answers_stats {
	size_t bytes; /* bookkeeping included */
	size_t bytes_max;
	size_t n;
	uint64_t evicted;
};

struct answers_stats answers_stats(struct answers *a);

#endif
