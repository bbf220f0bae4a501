#include "policy/history.h"

/* The row in which that minute has its place. */
static struct history_row *place(const struct history *h, uint64_t minute)
{
	return (struct history_row *)&h->rows[minute % HISTORY_ROWS];
}

/* That minute's row; NULL if it is missing. */
static const struct history_row *row_of(const struct history *h, uint64_t minute)
{
	const struct history_row *row = place(h, minute);

	return atomic_load_explicit(&row->minute, memory_order_acquire) == minute ? row : NULL;
}

uint64_t history_last(struct wall now)
{
	return now.ms >= 2 * HISTORY_MS ? (uint64_t)(now.ms / HISTORY_MS) - 1 : 1;
}

bool history_wants(const struct history *h, struct wall now)
{
	return !row_of(h, history_last(now));
}

void history_note(struct history *h, struct wall now, const uint64_t *values, size_t n)
{
	struct history_row *row = place(h, history_last(now));

	for (size_t i = 0; i < n; i++)
		counter_set(&row->values[i], values[i]);
	/* Who finds the minute finds its values. */
	atomic_store_explicit(&row->minute, history_last(now), memory_order_release);
}

static uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

void history_growth(const struct history *h, uint64_t last, size_t column, size_t minutes,
		    int64_t *ret)
{
	const struct history_row *before = row_of(h, last - minutes);

	for (size_t i = 0; i < minutes; i++) {
		const struct history_row *row = row_of(h, last - minutes + 1 + i);

		ret[i] = -1;
		if (row && before)
			ret[i] = (int64_t)grown(counter_get(&before->values[column]),
						counter_get(&row->values[column]));
		if (row)
			before = row;
	}
}

/* The row to count from: the newest that is old enough, else the oldest. */
static const struct history_row *row_before(const struct history *h, uint64_t minute, uint64_t last)
{
	const struct history_row *best = NULL;
	uint64_t best_minute = 0;

	for (size_t i = 0; i < HISTORY_ROWS; i++) {
		const struct history_row *row = &h->rows[i];
		uint64_t its = atomic_load_explicit(&row->minute, memory_order_acquire);
		bool better = its <= minute ? best_minute > minute || its > best_minute
					    : best_minute > minute && its < best_minute;

		if (its && its <= last && (!best || better)) {
			best = row;
			best_minute = its;
		}
	}
	return best;
}

uint64_t history_since(const struct history *h, uint64_t last, size_t column, size_t minutes,
		       uint64_t now)
{
	const struct history_row *row = row_before(h, last - minutes, last);

	return row ? grown(counter_get(&row->values[column]), now) : now;
}
