#ifndef PERIGEE_APP_FILL_JOIN_H
#define PERIGEE_APP_FILL_JOIN_H

/* Asking for a fill: the first who asks for a target queues one, the others join it. */

#include "app/fill_state.h"
#include "policy/intake.h"

/* By the operator's word: never for anybody, or not in the background. */
bool fill_is_switched_off(const struct fills *f, enum call_class class);

/*
 * Asks for what `want` names, in that class and unless what is stored is fresh and newer than
 * `newer_than`. Under the lock. True: a waiter (NULL: nobody waits) is the fills' now. False and
 * *reterr: the target failed a moment ago, too many wait, or it must not be asked for.
 */
bool fill_join(struct fills *f, const struct want *want, struct wall newer_than,
	       enum call_class class, struct exchange *waiter, struct fail *reterr);

#endif
