#ifndef PERIGEE_APP_FILL_REPLY_H
#define PERIGEE_APP_FILL_REPLY_H

/*
 * A call is over: its reply is judged (policy/intake.h), and stored, or it is a failure; or, where
 * upstream has refused it to one of several identities only, the fill asks again as another one.
 * In the fills' thread.
 */

#include "app/fill_state.h"

/* `reply` is to the call of the fill that is its tag; its body is released. */
void fill_finish(struct fills *f, struct reply *reply);

#endif
