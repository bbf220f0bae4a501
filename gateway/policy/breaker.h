#ifndef PERIGEE_POLICY_BREAKER_H
#define PERIGEE_POLICY_BREAKER_H

/*
 * A circuit breaker for one upstream: when call after call fails, whatever they
 * asked for, the next ones would cost quota and patience for nothing.
 *
 *     closed   calls are made. BREAKER_FAILURES failures in a row open it.
 *     open     none is made, for a pause that doubles from BREAKER_PAUSE_MS up to
 *              BREAKER_PAUSE_MAX_MS. After it:
 *     probing  one call is made. Its success closes, its failure opens for longer.
 *
 * It cannot get stuck: a probe of which nothing is heard for `probe_ms` is
 * forgotten and another one is let through. Pure: time is an argument. Zeroed
 * it is closed.
 */

#include <stdbool.h>

#include "base/clock.h"

#define BREAKER_FAILURES     5
#define BREAKER_PAUSE_MS     2000
#define BREAKER_PAUSE_MAX_MS 60000

struct breaker {
	unsigned int failures; /* in a row; from BREAKER_FAILURES on it is open */
	bool probing;
	struct mono until; /* no call is made before; of a probe: its patience */
};

/* How long until a call may be made; 0: now. */
int64_t breaker_wait_ms(const struct breaker *b, struct mono now);

/* A call is made. If it is the probe, no other one may be until it has ended, or `probe_ms` have
 * passed. */
void breaker_begin(struct breaker *b, struct mono now, int64_t probe_ms);

/* A call has ended: upstream answered it in whatever way that shows that it lives, or not. */
void breaker_note(struct breaker *b, bool answered, struct mono now);

#endif
