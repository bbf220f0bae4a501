#ifndef PERIGEE_APP_METRICS_ROWS_H
#define PERIGEE_APP_METRICS_ROWS_H

/*
 * What the living workers of the host tell of themselves, each in its row of the block
 * (app/metrics.h). Which of them live the kernel knows (io/shared.h). Any thread.
 */

#include "app/metrics.h"

size_t metrics_workers(const struct metrics *m);

/* When the one that was started last was; s since 1970. */
int64_t metrics_started_s(const struct metrics *m);

uint64_t metrics_gauge_sum(const struct metrics *m, enum metric_gauge gauge);

/* Has each of them taken the configuration that it was told to read last? And when the one did
 * that has the oldest. */
bool metrics_reload_is_good(const struct metrics *m);
int64_t metrics_reloaded_s(const struct metrics *m);

/* How many leave the upstream of this budget alone, since it failed repeatedly? By its place among
 * the budgets (< METRICS_BUDGETS), or by name. */
uint64_t metrics_breakers_open(const struct metrics *m, uint32_t budget);
bool metrics_any_breaker_is_open(const struct metrics *m, struct str budget);

#endif
