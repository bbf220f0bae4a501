#ifndef PERIGEE_APP_METRICS_PUT_H
#define PERIGEE_APP_METRICS_PUT_H

/* All numbers as Prometheus reads them: what has been counted (app/metrics.h), and what
 * was found out for the occasion. */

#include "app/metrics.h"
#include "policy/mode.h"

/* A budget, just now. */
struct metrics_budget {
	struct str name;
	int64_t limit;
	int64_t window_ms;
	int64_t remaining;
	int64_t reset_ms;
	int64_t cool_ms;
};

/* A value below 0 is not known, and left out. */
struct metrics_asked {
	const struct metrics_budget *budgets;
	size_t budgets_n;
	enum mode mode; /* in which upstream is asked */
	bool redis_up;
	int64_t redis_keys;
	int64_t redis_bytes;
	int64_t redis_bytes_max;
	int64_t redis_evicted;
};

void metrics_put(struct metrics *m, const struct metrics_asked *asked, struct buf *out);

#endif
