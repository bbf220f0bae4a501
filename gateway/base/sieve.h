#ifndef PERIGEE_BASE_SIEVE_H
#define PERIGEE_BASE_SIEVE_H

/*
 * A cache's bookkeeping: a table of slots, and SIEVE to say who has to go when
 * the bytes are used up. In the order of arrival, a hand looks at one after the
 * other, spares once who was asked for since it came by last, and takes the first
 * who was not. So what is asked for once, by somebody who walks through
 * everything, does not drive out what is asked for all the time (Zhang et al.,
 * NSDI 2024).
 *
 * Plain data: no lock, no memory but the slots', and no idea of what is kept.
 * Whoever keeps things puts a struct sieve_node at their head, finds them by
 * hash and compares the rest itself.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sieve_node {
	struct sieve_node *next_in_slot; /* also the next one of a list of evicted ones */
	struct sieve_node *newer;
	struct sieve_node *older;
	uint64_t hash;
	size_t size; /* of the thing, all of it */
	bool asked_for;
};

struct sieve {
	size_t bytes_max;
	size_t bytes; /* slots included */
	size_t n;
	uint64_t evicted;
	size_t slots_n; /* a power of two */
	struct sieve_node *newest;
	struct sieve_node *oldest;
	struct sieve_node *hand; /* who is looked at next; NULL: the oldest */
	struct sieve_node **slots;
};

/* Room for things of `usual` bytes, roughly. False without memory. */
bool sieve_init(struct sieve *s, size_t bytes_max, size_t usual);

/* Frees the slots; what is kept must be taken out before. */
void sieve_release(struct sieve *s);

/* The first thing in the slot of `hash`; the others follow by next_in_slot, and not all of them
 * have that hash. NULL: there is none. */
struct sieve_node *sieve_slot(const struct sieve *s, uint64_t hash);

/* Takes in a thing, of which hash and size are set, and returns a list of those that had to go for
 * it (by next_in_slot); itself among them if it is larger than all there is. */
struct sieve_node *sieve_add(struct sieve *s, struct sieve_node *node);

void sieve_take_out(struct sieve *s, struct sieve_node *node);

#endif
