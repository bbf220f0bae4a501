#ifndef PERIGEE_POLICY_TOP_H
#define PERIGEE_POLICY_TOP_H

/*
 * The heaviest of very many things, in a fixed room: Space-Saving (Metwally et al., ICDT
 * 2005) over weights that fade.
 *
 * TOP_SLOTS things have a slot each. One that has none takes the lightest slot, and with it
 * that one's weight, as its own may have been as much: so a weight is never too small, by at
 * most `error` too large, and whatever has more than 1/TOP_SLOTS of everything has a slot.
 *
 * Once a minute every weight loses 6.7 percent, which halves it in ten: what was wanted
 * yesterday makes room for what is wanted now. As all fade alike, no order changes by it.
 *
 * Plain data: no lock, no clock, no memory of its own. All zeroes is an empty one.
 */

#include "base/clock.h"
#include "base/str.h"

#define TOP_SLOTS      256
#define TOP_NAME_BYTES 200 /* of a longer name the beginning is kept */
#define TOP_FADE_MS    60000
#define TOP_FADE       0.93303299153680741 /* the tenth root of a half */

/* What is known of a thing beside its weight. */
struct top_slot {
	uint16_t name_n;
	char name[TOP_NAME_BYTES];
	uint64_t times;	 /* that it was added since it has its slot */
	int64_t largest; /* of these, the largest amount */
};

struct top {
	size_t n;
	struct mono faded; /* until when the weights have */
	double weights[TOP_SLOTS];
	double errors[TOP_SLOTS]; /* how much of the weight may belong to others */
	struct top_slot slots[TOP_SLOTS];
	/* private: who has that hash, and who is the lightest? Fading changes neither. */
	uint64_t hashes[TOP_SLOTS];  /* of whole names */
	uint16_t chains[TOP_SLOTS];  /* by hash, the first slot, counted from 1 */
	uint16_t chained[TOP_SLOTS]; /* and the next one of each */
	uint16_t heap[TOP_SLOTS];    /* slots, none lighter than its parent */
	uint16_t places[TOP_SLOTS];  /* of each slot in the heap */
};

/* Adds `amount` (0 or more) to the thing of that name and hash. */
void top_add(struct top *t, struct str name, uint64_t hash, int64_t amount, struct mono now);

/* Lets the weights fade until now; top_add() does it, too. */
void top_fade(struct top *t, struct mono now);

static inline struct str top_name(const struct top *t, size_t i)
{
	return (struct str){ t->slots[i].name, t->slots[i].name_n };
}

/* Puts the places of the slots into `ret`, heaviest first; returns how many there are. */
size_t top_order(const struct top *t, size_t ret[static TOP_SLOTS]);

#endif
