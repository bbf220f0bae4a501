#ifndef PERIGEE_APP_METRICS_BLOCK_H
#define PERIGEE_APP_METRICS_BLOCK_H

/*
 * How the numbers lie in the block that workers share, for app/metrics.c, which
 * adds to them, and app/metrics_put.c, which tells them. Another layout than the one
 * that a file was made with has another fingerprint, and then the file is made anew.
 *
 * Other processes, of other builds even, may have written into it: whatever is used
 * as an index or as text is bounded first.
 */

#include "app/metric_names.h"
#include "io/shared.h"
#include "policy/board.h"
#include "policy/history.h"

#define SERIES_BYTES 128
#define BUDGET_BYTES 64

/* HTTP statuses from 100 on, then the faults that a call can end in. */
#define CODE_STATUS_MIN 100
#define CODE_STATUSES	500
#define CODE_COUNT	(CODE_STATUSES + FAULT_COUNT)

struct block_head {
	char magic[16];
	uint64_t fingerprint; /* of the layout and of what each place means */
};

/* One living worker's. */
struct block_row {
	counter started_s;
	counter reloaded_s;
	counter reload_failed;
	counter gauges[GAUGE_COUNT];
	counter breaker_open[METRICS_BUDGETS];
};

struct block {
	struct block_head head;
	uint64_t salt;
	_Atomic uint32_t series_n;
	_Atomic uint32_t budgets_n;
	char series[METRICS_SERIES][SERIES_BYTES]; /* NUL-terminated; those below series_n stay */
	char budgets[METRICS_BUDGETS][BUDGET_BYTES];

	/* A series' results fill one cache line. */
	_Alignas(64) counter requests[METRICS_SERIES][METRIC_RESULTS];
	counter methods[METHOD_OTHER + 1];
	counter pages[PAGE_COUNT];
	struct histogram request_seconds[METRIC_RESULTS];
	struct histogram histograms[HISTOGRAM_COUNT];
	counter upstream[KIND_COUNT][CODE_COUNT];
	counter sums[SUM_COUNT];
	struct metrics_cursor front;
	struct block_row rows[METRICS_WORKERS];

	struct history history;		      /* app/minutes.h */
	struct board boards[METRICS_WORKERS]; /* app/boards.h; under the lock */
};

struct metrics {
	struct shared *shared;
	struct block *block;
	size_t row; /* this worker's; METRICS_WORKERS: it has none */
};

extern const struct bins metric_request_bins;
extern const struct bins metric_bins[HISTOGRAM_COUNT];
extern const char *const metric_methods[METHOD_OTHER + 1];

#endif
