#ifndef PERIGEE_APP_LOOKUP_H
#define PERIGEE_APP_LOOKUP_H

/*
 * What is there to answer a request with: the one or two stored entries that
 * its page is cut from, or which of them is missing.
 */

#include "app/exchange.h"
#include "app/gateway.h"
#include "policy/intake.h"

struct lookup {
	struct entry *entries[2]; /* references, in the list's order; NULL where there is none */
	struct want wants[2];	  /* how to ask upstream for each; targets live in the arena */
	enum entry_state state;	  /* of the worse one that is needed */
	bool agrees;		  /* they may stand in one answer */
	bool broken;		  /* the store did not answer */

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

#endif
