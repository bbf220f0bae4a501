#ifndef PERIGEE_POLICY_OUTCOME_H
#define PERIGEE_POLICY_OUTCOME_H

/*
 * What the reply to a call says of the call itself, whatever it brings (policy/intake.h). Pure.
 */

#include "policy/ports.h"

/* Its place in upstream's log of calls: one that upstream refuses is in none. */
enum counted outcome_counted(const struct reply *reply);

/* Does it show that upstream lives? */
bool outcome_is_answer(const struct reply *reply);

/* Does upstream not take the key that went with it, or whoever sent it without one? */
bool outcome_is_locked_out(const struct reply *reply);

#endif
