#ifndef PERIGEE_APP_FILL_CALL_H
#define PERIGEE_APP_FILL_CALL_H

/*
 * From the queue to upstream: whose turn it is, whether another worker has brought it meanwhile,
 * whether the budget lets it be called (app/permit.h). In the fills' thread.
 */

#include "app/fill_state.h"

/* Does what there is to do about each fill that is queued: until all are called, over, or have to
 * wait for something. */
void fills_start_queued(struct fills *f);

/* Whoever makes a call for longer than a lease lives, and its target is still its own. */
void fills_renew_leases(struct fills *f);

/* Has the budget of each identity that calls the api compared with upstream's own count. */
void fills_calibrate(struct fills *f, const struct api *api);

#endif
