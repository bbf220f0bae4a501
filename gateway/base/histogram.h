#ifndef PERIGEE_BASE_HISTOGRAM_H
#define PERIGEE_BASE_HISTOGRAM_H

/*
 * How often a quantity lay between which bounds: counters, in memory that may be
 * shared. The bounds are the code's and not part of it. Values are whole numbers
 * in a small unit (microseconds), so that adding them needs no lock and loses nothing.
 */

#include <stddef.h>

#include "base/counter.h"

#define HISTOGRAM_BOUNDS 19

/* Upper bounds, inclusive, from small to large. */
struct bins {
	size_t n;
	uint64_t upto[HISTOGRAM_BOUNDS];
};

struct histogram {
	counter in[HISTOGRAM_BOUNDS + 1]; /* [i] within bins.upto[i], [bins.n] above all */
	counter sum;
};

/* A histogram with its bounds. */
struct measure {
	struct histogram *histogram;
	const struct bins *bins;
};

void histogram_add(struct histogram *h, const struct bins *bins, uint64_t value);

/* How many values it has seen. */
uint64_t histogram_count(const struct histogram *h, const struct bins *bins);

#endif
