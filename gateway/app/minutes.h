#ifndef PERIGEE_APP_MINUTES_H
#define PERIGEE_APP_MINUTES_H

/*
 * What has been counted (app/metrics.h), minute by minute, of all workers of the host:
 * the status page's view of it. The sums are those of /metrics; of the last three hours it
 * is known how they grew (policy/history.h).
 */

#include "app/metrics.h"
#include "policy/history.h"

/* Bounds of the ages of stale answers, and all above. */
#define MINUTES_AGES 12

enum minutes_column {
	MINUTES_RESULT, /* one for each result of a request to an API, in the order of the enum */
	MINUTES_CALLS_ANSWERED = MINUTES_RESULT + METRIC_RESULTS, /* whatever upstream said */
	MINUTES_CALLS_REFUSED,					  /* 429 */
	MINUTES_CALLS_FAILED,					  /* 5xx, or no answer */
	MINUTES_CALLS_TIMED,					  /* calls that have a time */
	MINUTES_CALLS_US,					  /* which they took together */
	MINUTES_AGE,						  /* stale answers by age */
	MINUTES_COLUMNS = MINUTES_AGE + MINUTES_AGES,
};

/* Keeps what the counters say, if a minute has just ended. Once a second. */
void minutes_note(struct metrics *m, struct wall now);

/* What the counters say now. */
void minutes_sums(const struct metrics *m, uint64_t ret[static MINUTES_COLUMNS]);

/* How much they have grown in the last so many minutes, and in the one that is under way. */
void minutes_grown(const struct metrics *m, const uint64_t sums[static MINUTES_COLUMNS],
		   struct wall now, size_t minutes, uint64_t ret[static MINUTES_COLUMNS]);

/* The same for each of the last HISTORY_MINUTES whole minutes, oldest first; below 0: unknown. */
void minutes_series(const struct metrics *m, size_t column, struct wall now,
		    int64_t ret[static HISTORY_MINUTES]);

/* The age that no stale answer of those counted is above (s); 0: there is none; below 0: no bound
 * is that high. */
int64_t minutes_oldest_s(const uint64_t grown[static MINUTES_COLUMNS]);

#endif
