#ifndef PERIGEE_POLICY_REPEAT_H
#define PERIGEE_POLICY_REPEAT_H

/*
 * Which lines of a log are written when the same thing happens again and again: of each
 * kind (an event and its reason) the first REPEAT_FREE within REPEAT_MS; the others are
 * counted, and told as one number when the time is over. Nothing is ever lost without
 * being counted: when there are too many kinds at a time, all of the further ones are
 * written.
 *
 * Plain data, pure. Zeroed it is empty.
 */

#include "base/clock.h"
#include "base/str.h"

#define REPEAT_FREE	    5
#define REPEAT_MS	    10000
#define REPEAT_KINDS	    64
#define REPEAT_EVENT_BYTES  32
#define REPEAT_REASON_BYTES 96

struct repeat {
	char event[REPEAT_EVENT_BYTES]; /* NUL-terminated, as is the reason; empty: no kind */
	char reason[REPEAT_REASON_BYTES];
	int level; /* of the most serious one: the smallest number */
	struct mono since;
	unsigned int seen;
	unsigned int held; /* of these, not written */
};

struct repeats {
	struct repeat kinds[REPEAT_KINDS];
};

/* May a line of this kind be written now? repeats_take() comes before it. */
bool repeats_allow(struct repeats *r, const char *event, const char *reason, int level,
		   struct mono now);

/* Takes out a kind of which lines were held back and whose time is over (`all`: or not): true,
 * and *ret tells what to write. Until it is false. */
bool repeats_take(struct repeats *r, struct mono now, bool all, struct repeat *ret);

#endif
