#ifndef PERIGEE_APP_LOOKUP_H
#define PERIGEE_APP_LOOKUP_H

/*
 * What is there to answer a request with: the few stored entries that its page is
 * cut from, or which of them is missing.
 *
 * For an object that is one, for a page of a list the one or two windows in which it
 * lies. A list with moving bounds of time (api/bounds.h) is cut out of one with
 * wider bounds (policy/cut.h), which also takes the first window of that, and at times
 * the last.
 */

#include "app/exchange.h"
#include "app/gateway.h"
#include "policy/cut.h"
#include "policy/intake.h"

/* The first window, two that the page lies in, two at the end. */
#define LOOKUP_ENTRIES 5

struct lookup {
	/* References, in the list's order; NULL where there is none. */
	struct entry *entries[LOOKUP_ENTRIES];
	/* How to ask upstream for each, which may be by another target than an entry's that stands
	 * in for it; targets live in the arena. */
	struct want wants[LOOKUP_ENTRIES];
	struct cut cut;		/* what of their list is left out */
	enum entry_state state; /* of the worst one that is needed */
	bool agrees;		/* they may stand in one answer */
	bool broken;		/* the store did not answer */

	/* The answer itself, out of the store (app/stored.h): the entries have no bodies then.
	 * NULL: it is to be composed of them. */
	const struct composed *composed;

	/* What a fetch should bring: one that is missing, too old, or the older of two that do not
	 * agree; it must be newer than this. */
	size_t wanted; /* its place in wants */
	struct wall newer_than;
};

/*
 * Looks among what fills brought to x, then in the store. False and *reterr
 * when the arena is exhausted. Whatever it returns, lookup_release() ends it.
 */
bool look_up(const struct gateway *gw, struct store *store, const struct exchange *x,
	     struct lookup *ret, struct fail *reterr);

void lookup_release(struct lookup *l);

/* How to ask for the object (of no size) of x, or for the window of `size` that begins at `start`
 * of the list with that filter. False: the arena is exhausted. */
bool lookup_want(const struct exchange *x, const struct query *filter, int64_t start, uint32_t size,
		 struct want *ret);

/* The canonical target with the client's own parameters, which its links repeat: made once, as
 * x->self; p == NULL as above. */
struct str lookup_self(struct exchange *x);

#endif
