#ifndef PERIGEE_BASE_COUNTER_H
#define PERIGEE_BASE_COUNTER_H

/*
 * A number that many threads, of many processes where it lies in shared memory,
 * add to and somebody reads now and then. Relaxed: each counter is exact, and
 * two that are read one after the other may be a moment apart.
 */

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

/* Without a lock even between processes: a lock of the C library's would be each process' own. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit counters must be lock-free");

static inline void counter_add(counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static inline void counter_set(counter *c, uint64_t n)
{
	atomic_store_explicit(c, n, memory_order_relaxed);
}

static inline uint64_t counter_get(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
