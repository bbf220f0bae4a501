#ifndef PERIGEE_APP_PULSE_H
#define PERIGEE_APP_PULSE_H

/*
 * Do the threads still get anything done? Each says when it takes something up
 * and when it is done with it; waiting for something to do is no sign of death.
 * Whoever looks (main, for systemd's watchdog) sees one that has been at the same
 * thing for too long: it hangs.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include "base/clock.h"

/* More threads than that are not watched. */
#define PULSES_MAX 72

/* A thread's own. */
struct pulse {
	atomic_llong busy_since; /* ms; 0: it waits */
};

/* Zeroed to begin with. */
struct pulses {
	atomic_uint n;
	struct pulse list[PULSES_MAX];
};

/* NULL: there are too many, or none are kept, and the thread goes unwatched. */
struct pulse *pulse_new(struct pulses *pulses);

void pulse_begin(struct pulse *p, struct mono now);
void pulse_end(struct pulse *p);

/* Has no thread been busy with one thing since before that moment? */
bool pulses_beat(const struct pulses *pulses, struct mono since);

#endif
