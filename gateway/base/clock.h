#ifndef PERIGEE_BASE_CLOCK_H
#define PERIGEE_BASE_CLOCK_H

/*
 * Two kinds of time that must not be mixed, each in a type of its own so that
 * the compiler notices: `mono` for deadlines and durations inside the process,
 * `wall` for what is stored, shown or compared with other machines.
 *
 * Pure code takes time as an argument. Only io/sysclock.h reads a clock.
 */

#include <stdint.h>

struct mono {
	int64_t ms; /* since some fixed moment; never steps */
};

struct wall {
	int64_t ms; /* since 1970-01-01T00:00:00Z; may be stepped by an administrator */
};

static inline struct mono mono_after(struct mono t, int64_t ms)
{
	return (struct mono){ t.ms + ms };
}

static inline struct wall wall_after(struct wall t, int64_t ms)
{
	return (struct wall){ t.ms + ms };
}

#endif
