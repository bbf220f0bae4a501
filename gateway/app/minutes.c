#include "app/minutes.h"

#include "app/metrics_block.h"

_Static_assert((int)MINUTES_COLUMNS <= HISTORY_COLUMNS, "a row holds all columns");
_Static_assert(MINUTES_AGES <= HISTOGRAM_BOUNDS + 1, "a histogram has that many places");

/* What a call that ended so has come to. */
static enum minutes_column column_of(size_t code)
{
	size_t status = code + CODE_STATUS_MIN;

	if (code >= CODE_STATUSES || status >= 500)
		return MINUTES_CALLS_FAILED;
	return status == 429 ? MINUTES_CALLS_REFUSED : MINUTES_CALLS_ANSWERED;
}

static void sum_results(const struct block *b, uint64_t *ret)
{
	for (size_t i = 0; i < METRICS_SERIES; i++)
		for (size_t r = 0; r < METRIC_RESULTS; r++)
			ret[MINUTES_RESULT + r] += counter_get(&b->requests[i][r]);
}

/* Upstream's own count is no call of the quota, and says nothing of how clients fare. */
static void sum_calls(const struct block *b, uint64_t *ret)
{
	for (size_t kind = 0; kind < KIND_COUNT; kind++)
		for (size_t code = 0; kind != KIND_CALIBRATION && code < CODE_COUNT; code++)
			ret[column_of(code)] += counter_get(&b->upstream[kind][code]);
}

void minutes_sums(const struct metrics *m, uint64_t ret[static MINUTES_COLUMNS])
{
	const struct block *b = m->block;
	const struct histogram *calls = &b->histograms[HISTOGRAM_UPSTREAM_SECONDS];
	const struct histogram *ages = &b->histograms[HISTOGRAM_STALE_AGE];

	for (size_t i = 0; i < MINUTES_COLUMNS; i++)
		ret[i] = 0;
	sum_results(b, ret);
	sum_calls(b, ret);
	ret[MINUTES_CALLS_TIMED] = histogram_count(calls, &metric_bins[HISTOGRAM_UPSTREAM_SECONDS]);
	ret[MINUTES_CALLS_US] = counter_get(&calls->sum);
	for (size_t i = 0; i < MINUTES_AGES; i++)
		ret[MINUTES_AGE + i] = counter_get(&ages->in[i]);
}

void minutes_note(struct metrics *m, struct wall now)
{
	uint64_t sums[MINUTES_COLUMNS];

	if (!history_wants(&m->block->history, now))
		return;
	minutes_sums(m, sums);
	history_note(&m->block->history, now, sums, MINUTES_COLUMNS);
}

void minutes_grown(const struct metrics *m, const uint64_t sums[static MINUTES_COLUMNS],
		   struct wall now, size_t minutes, uint64_t ret[static MINUTES_COLUMNS])
{
	for (size_t i = 0; i < MINUTES_COLUMNS; i++)
		ret[i] = history_since(&m->block->history, history_last(now), i, minutes, sums[i]);
}

void minutes_series(const struct metrics *m, size_t column, struct wall now,
		    int64_t ret[static HISTORY_MINUTES])
{
	history_growth(&m->block->history, history_last(now), column, HISTORY_MINUTES, ret);
}

int64_t minutes_oldest_s(const uint64_t grown[static MINUTES_COLUMNS])
{
	const struct bins *bins = &metric_bins[HISTOGRAM_STALE_AGE];

	for (size_t i = MINUTES_AGES; i-- > 0;)
		if (grown[MINUTES_AGE + i])
			return i < bins->n ? (int64_t)(bins->upto[i] / 1000000) : -1;
	return 0;
}
