#ifndef PERIGEE_POLICY_CUT_H
#define PERIGEE_POLICY_CUT_H

/*
 * Out of the list that upstream gave for rounded bounds of time (api/bounds.h): the
 * list that the client asked for. All it takes is the list's first window:
 *
 * - It holds the whole list: every object is looked at. In any order, and whatever
 *   bounds there are, those that stay are the exact list.
 * - Or the list is ordered by the very member that is bounded, so that what is too
 *   much stands at its ends, and what stands in front ends within the window: the
 *   list is upstream's without its first objects, at any depth. It is exact if
 *   nothing can be too much at its end, which the window does not show.
 *
 * Else nothing can be cut off. An order is believed only as far as the window shows it.
 */

#include "api/bounds.h"
#include "api/window.h"
#include "policy/entry.h"

/* All zero: nothing is cut off. */
struct cut {
	bool is_exact;	      /* what is left is what the client asked for, to the microsecond */
	uint32_t dropped;     /* objects that stand in front and are left out */
	const uint32_t *kept; /* or: the places in the first window of those that stay */
	uint32_t kept_n;
};

/* Looks at the window; what it finds lives in the arena. False: the arena is exhausted. */
bool cut_find(const struct entry *first, const struct bounds *bounds, struct arena *a,
	      struct cut *ret);

/* How many objects there are, of `count` that upstream counted. */
int64_t cut_count(const struct cut *cut, int64_t count);

/* The objects of upstream's list that a page shows, or, where some are kept: which of those. */
struct span cut_page(const struct cut *cut, int64_t offset, int64_t limit, int64_t count);

#endif
