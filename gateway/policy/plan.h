#ifndef PERIGEE_POLICY_PLAN_H
#define PERIGEE_POLICY_PLAN_H

/*
 * What to do about a request, decided as a value before anything is done.
 */

#include <stdbool.h>

#include "policy/entry.h"
#include "policy/mode.h"

/* What is known when the decision falls. */
struct situation {
	enum entry_state
		state;	   /* of the oldest entry that the answer needs; ABSENT: one is missing */
	bool agrees;	   /* the entries may stand in one answer (policy/agree.h) */
	bool may_fetch;	   /* the client may cost a call: it is no HEAD, no only-if-cached */
	bool fetch_failed; /* a call made for this request brought nothing */
	enum mode mode;	   /* how much upstream may be asked at all */
};

enum plan {
	PLAN_HIT,	/* answer from what is there */
	PLAN_STALE,	/* answer from what is there, and have it refreshed behind the answer */
	PLAN_LAST_GOOD, /* answer from what is there, since nothing better can be had */
	PLAN_FETCH,	/* wait for what is missing, then decide again */
	PLAN_REFUSE,	/* there is nothing to answer with */
};

enum plan plan_choose(const struct situation *s);

#endif
