#ifndef PERIGEE_POLICY_HISTORY_H
#define PERIGEE_POLICY_HISTORY_H

/*
 * What counters said at the end of each minute of the last three hours, so that
 * whoever comes later can tell how it has been: the difference of two minutes is
 * what happened in between.
 *
 * A ring of rows, in memory that several processes share. Each of them offers its
 * view of the counters as often as it likes; the first offer after the turn of a
 * minute is kept. Two that come at once both write what is nearly the same, so no lock is
 * needed. Counting itself is left alone: nothing is added to the path of a request.
 *
 * A minute of which nobody offered anything is missing, and what was counted in it
 * belongs to the next one that is there.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/counter.h"

#define HISTORY_MINUTES 180
#define HISTORY_MS	60000

/* One more, since minutes lie between rows; and one that is being written. */
#define HISTORY_ROWS (HISTORY_MINUTES + 2)

#define HISTORY_COLUMNS 32

/* Zeroed it is empty. */
struct history {
	struct history_row {
		counter minute; /* since 1970, that had just ended; 0: none */
		counter values[HISTORY_COLUMNS];
	} rows[HISTORY_ROWS];
};

/* Is the row of the minute that has ended last still missing? Cheap; values are made if so. */
bool history_wants(const struct history *h, struct wall now);

/* Keeps what n <= HISTORY_COLUMNS counters say now as what they said at the end of that minute. */
void history_note(struct history *h, struct wall now, const uint64_t *values, size_t n);

/* The index of the last whole minute: the one that ended last. */
uint64_t history_last(struct wall now);

/*
 * How much a column grew in each of the `minutes` minutes that ended with `last`, oldest
 * first; below 0 where it is not known. A counter that fell (its memory was made anew) has
 * not grown.
 */
void history_growth(const struct history *h, uint64_t last, size_t column, size_t minutes,
		    int64_t *ret);

/*
 * How much a column, which says `now` now, has grown since `minutes` minutes before the last whole
 * one ended; since the oldest row if there is none that old. All of it without any row.
 */
uint64_t history_since(const struct history *h, uint64_t last, size_t column, size_t minutes,
		       uint64_t now);

#endif
