#ifndef PERIGEE_FAKE_CLOCK_H
#define PERIGEE_FAKE_CLOCK_H

/*
 * A clock that stands still until a test moves it. Any thread may read it
 * while one moves it.
 */

#include <stdatomic.h>

#include "policy/ports.h"

struct fake_clock {
	struct clock clock; /* first, so that one is the other */
	_Atomic int64_t mono_ms;
	_Atomic int64_t wall_ms;
};

/* 2026-11-23T21:20:00Z, and some moment of its own for the other. */
void fake_clock_init(struct fake_clock *c);

/* Both kinds of time go on by ms. */
void fake_clock_advance(struct fake_clock *c, int64_t ms);

#endif
