#ifndef PERIGEE_BASE_SHELF_H
#define PERIGEE_BASE_SHELF_H

/*
 * A shelf: answers that a worker has put where nginx takes them (nginx/module), so that what is
 * asked for all the time reaches no worker. It is a block of memory that both have mapped.
 *
 * One process puts, any number of them take, and nobody waits for anybody. Answers lie in a ring,
 * in the order in which they came; the newest takes the place of the oldest. A place is a position,
 * which only grows: what is there is whole for as long as the ring has not come round to it
 * (`reserved`), so who takes a copy looks at that before and after. A table leads from the hash of
 * a key to the latest places of such keys; what a place holds says itself what it is.
 *
 * An answer is given
 *
 *   - while the worker vouches for the shelf, which it does a few times a second: one that is gone
 *     or hangs may not have heard of a purge;
 *   - in the epoch (app/memory.h) in which it was put: whatever makes it doubtful begins another;
 *   - up to a moment of its own, when it is the worker's turn again.
 *
 * What lies in the block is not trusted: who takes bounds everything that it reads, and who puts
 * keeps what it goes by in memory of its own.
 *
 * Pure but for the memory that is shared. Puts are under the caller's lock; all else is for any
 * thread.
 */

#include "base/clock.h"
#include "base/counter.h"
#include "base/str.h"

/* Keys that are found at a time, at most. */
#define SHELF_BUCKETS 16384
#define SHELF_WAYS    4

#define SHELF_RING_BYTES (64UL * 1024 * 1024)

/* One answer may take this part of the ring. */
#define SHELF_SHARE 16

#define SHELF_KEY_BYTES 9000

/* Numbers that answers may be counted under. */
#define SHELF_NUMBERS 4096

/* In the head of an answer, in place of seconds that nobody knows before it is given: since it was
 * fetched; until it is outdated; and one less than that. */
#define SHELF_AGE      '\1'
#define SHELF_TTL      '\2'
#define SHELF_TTL_LESS '\3'

struct shelf_bucket {
	_Alignas(64) counter hashes[SHELF_WAYS];
	counter places[SHELF_WAYS]; /* 0: none */
};

struct shelf_block {
	char magic[16];
	uint64_t salt; /* of those who count what was taken; the putting side's */
	counter epoch;
	counter vouched_ms;			   /* until then, of the clock that never steps */
	counter looked_ms;			   /* when somebody last wanted to take */
	counter reserved;			   /* what is put ends here, or will in a moment */
	_Alignas(64) counter taken[SHELF_NUMBERS]; /* by number */
	counter asked[SHELF_BUCKETS * SHELF_WAYS]; /* of those, by the way to it */
	struct shelf_bucket buckets[SHELF_BUCKETS];
	_Alignas(64) char ring[SHELF_RING_BYTES];
};

/* What is put, and what is found: views of the shelf's own memory, and to be copied. */
struct shelf_item {
	struct str key;
	uint64_t epoch;
	struct wall until; /* not to be given from then on */
	int64_t fetched_s; /* its age is counted from here */
	int64_t max_age_s; /* outdated at that age */
	uint32_t number;   /* which it is counted under */
	struct str head;   /* whole lines, `Name: value\r\n` */
	struct str body;
	size_t way;	/* by which it was found */
	uint64_t place; /* where it was found */
};

/* ---- who puts ---- */

/* Can the block be used as it is? And makes zeroed memory so. */
bool shelf_is_valid(const void *block);
void shelf_init(void *block);

/* Takes everything down that was put by a process of before. Returns where to put from now on. */
uint64_t shelf_clear(struct shelf_block *b);

/* Puts a copy; *end is where the last one ended. False: it is too large. */
bool shelf_put(struct shelf_block *b, uint64_t *end, const struct shelf_item *item);

void shelf_vouch(struct shelf_block *b, struct mono until);

/* Has anybody wanted to take something since then? */
bool shelf_is_used(const struct shelf_block *b, struct mono since);

/* How many were taken under that number since this was last asked. */
uint64_t shelf_collect(struct shelf_block *b, uint32_t number);

/* How many of that key were, since this was last asked: about so many, as it may have given way to
 * another one meanwhile. */
uint64_t shelf_asked(struct shelf_block *b, struct str key);

/* ---- who takes ---- */

/* Does the worker vouch for it? Says that somebody wants to take, too. */
bool shelf_look(struct shelf_block *b, struct mono now);

/* The answer for the key, if there is one to be given. */
bool shelf_find(const struct shelf_block *b, struct str key, struct wall now,
		struct shelf_item *ret);

/* Copies head and body of what was found to `to`, which has room for them. False: it was
 * overwritten meanwhile, and so is what was copied. */
bool shelf_copy(const struct shelf_block *b, const struct shelf_item *item, char *to);

/* It was given. */
void shelf_count(struct shelf_block *b, const struct shelf_item *item);

#endif
