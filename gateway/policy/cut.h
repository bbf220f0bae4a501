#ifndef PERIGEE_POLICY_CUT_H
#define PERIGEE_POLICY_CUT_H

/*
 * Out of the list that upstream gave for rounded bounds of time (api/bounds.h): the
 * list that the client asked for. It can be told in two cases:
 *
 * - The first window holds the whole list: every object is looked at. In any order,
 *   and whatever bounds there are, those that stay are the exact list.
 * - The list is ordered by the very member that is bounded, so that what is too much
 *   stands at its ends: the exact list is upstream's without so many objects in front
 *   and so many at the end, at any depth. The first window tells the former; the
 *   last one, where a bound is about that end, the latter.
 *
 * Else nothing can be cut off. An order is believed only as far as windows show it.
 */

#include "api/bounds.h"
#include "api/window.h"
#include "policy/entry.h"

/* All zero: nothing is cut off. */
struct cut {
	bool is_exact;	      /* what is left is what the client asked for, to the microsecond */
	bool is_open;	      /* it will be, once the end has been looked at too */
	uint32_t dropped;     /* objects that stand in front and are left out */
	uint32_t trimmed;     /* objects at the end that are left out */
	const uint32_t *kept; /* or: the places in the first window of those that stay */
	uint32_t kept_n;
};

/* Looks at the first window; what it finds lives in the arena. False: the arena is exhausted. */
bool cut_find(const struct entry *first, const struct bounds *bounds, struct arena *a,
	      struct cut *ret);

/* Looks at the last window of a list whose cut is open; if that leaves it open, at the one before
 * it, and so on. */
void cut_end(const struct entry *last, const struct bounds *bounds, struct cut *cut);

/* How many objects there are, of `count` that upstream counted. */
int64_t cut_count(const struct cut *cut, int64_t count);

/* The objects of upstream's list that a page shows, or, where some are kept: which of those. */
struct span cut_page(const struct cut *cut, int64_t offset, int64_t limit, int64_t count);

#endif
