#ifndef PERIGEE_APP_MEMORY_H
#define PERIGEE_APP_MEMORY_H

/*
 * Entries that this worker has met lately, so that Redis need not be asked for
 * them, and that they are still there when Redis is not.
 *
 * What is fresh here is answered without a look at Redis, unless news
 * (policy/news.h) have said that somebody fetched a newer one: then it is in
 * doubt, until it is put again. What is in doubt, or not fresh any more, is only
 * used when Redis has nothing or does not answer.
 *
 * What an operator purges goes, or gives way to a copy that was never fresh. A thread may
 * have read an entry from Redis just before it was purged there, and put it here just after
 * it was purged here: it counts the purges before it reads, and what it puts is in doubt if
 * there was another one since.
 *
 * Any thread. It takes at most the bytes given, bookkeeping included
 * (base/sieve.h).
 */

#include "base/counter.h"
#include "policy/entry.h"
#include "policy/purge.h"

struct memory;

/* 0 bytes: it keeps nothing. NULL without memory. */
struct memory *memory_new(size_t bytes_max);
void memory_free(struct memory *m);

/* The entry for the target: a reference, or NULL. */
struct entry *memory_get(struct memory *m, struct str target, bool *ret_in_doubt);

/* How many purges there have been: to be read before an entry is, and given to memory_put(). */
uint64_t memory_purges(const struct memory *m);

/* Keeps a reference of its own, unless it has a newer one for that target; in doubt, if since it
 * was read (`purges`) something was purged. */
void memory_put(struct memory *m, struct entry *e, uint64_t purges);

void memory_doubt(struct memory *m, struct str target);

/* All that is kept. */
void memory_doubt_all(struct memory *m);

/* Purges what p means. */
void memory_purge(struct memory *m, const struct purge *p);

void memory_clear(struct memory *m);

/*
 * A number that grows whenever something becomes known that may make an answer of before a wrong
 * one: an entry is newer, in doubt, or all of them are gone. What was made of entries that were
 * looked up since the number was read is right for as long as it stays the same and they are fresh.
 * 0: nothing is kept, and whoever wants to know has to ask the store.
 */
uint64_t memory_epoch(const struct memory *m);

/* Something else became known that does so. */
void memory_turn(struct memory *m);

/* From now on others see the number there; it is more than what that place holds. Whatever becomes
 * of the place, m goes by a number of its own. The place must outlive m. */
void memory_show_epoch(struct memory *m, counter *place);

/* What is kept just now, for tests and metrics. */
struct memory_stats {
	size_t bytes; /* bookkeeping included */
	size_t bytes_max;
	size_t entries;
	uint64_t evicted;
};

struct memory_stats memory_stats(struct memory *m);

#endif
