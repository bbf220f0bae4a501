#ifndef PERIGEE_APP_COMPARE_H
#define PERIGEE_APP_COMPARE_H

/*
 * The comparison of a budget with upstream's own count of its calls, which it
 * tells at an address of its own (api-throttle/) and does not count. To the fills
 * that is a call like others; what is asked and what the reply means stands here.
 * Belongs to the fills' thread.
 */

#include "app/permit.h"
#include "base/buf.h"
#include "policy/intake.h"

/* How to ask for the count of that identity's budget; the target is put into `target`, which must
 * outlive *ret. False: nobody tells it. */
bool compare_want(const struct api *api, const struct identity *as, struct buf *target,
		  struct want *ret);

/* Is that what is wanted? */
bool compare_is_wanted(const struct want *want);

/* The reply has come: tells the permits what it says, be it that upstream does not tell. False and
 * *reterr: it is no word of upstream's on its count. */
bool compare_finish(struct permits *permits, const struct want *want, const struct reply *reply,
		    struct wall now, struct fail *reterr);

#endif
