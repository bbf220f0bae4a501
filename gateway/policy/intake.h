#ifndef PERIGEE_POLICY_INTAKE_H
#define PERIGEE_POLICY_INTAKE_H

/*
 * What upstream's reply to a call is worth: an entry to keep, or a failure.
 * Pure. Nothing that is not whole, JSON and of the shape that was asked for
 * becomes an entry; 429 and 5xx never do.
 */

#include "api/catalog.h"
#include "policy/identity.h"
#include "policy/ports.h"

/* What a call was made for. */
struct want {
	const struct api *api;
	const struct endpoint *endpoint;
	bool is_object;
	bool again;	   /* it is wanted newer, to agree with a neighbour */
	int64_t start;	   /* windows: the first object */
	uint32_t size;	   /* windows: objects that it holds where the list is long enough */
	struct str target; /* path?query; `#` and a name may follow, which upstream is not sent */
	const struct identity *as; /* who asks; NULL: not decided yet */
};

/*
 * The entry that `reply` brings, received at `now`, with one reference; or NULL
 * and *reterr. With NO_BUDGET (upstream's 429) retry_after_s is upstream's
 * Retry-After, the number in its text, or a guess of a minute.
 */
struct entry *intake(const struct reply *reply, const struct want *want, struct wall now,
		     struct fail *reterr);

/* Does upstream's 429 say how long to wait? Otherwise what intake() gives is a guess. */
bool retry_is_told(const struct reply *reply);

#endif
