#include "app/metrics_rows.h"

#include "app/metrics_block.h"

/* The next row of a living worker from *i on, which then stands behind it; NULL: there is none. */
static const struct block_row *next_row(const struct metrics *m, size_t *i)
{
	for (; *i < METRICS_WORKERS; ++*i)
		if (shared_slot_is_taken(m->shared, *i))
			return &m->block->rows[(*i)++];
	return NULL;
}

/* A moment out of the block, of which nothing is certain. */
static int64_t moment_s(const counter *c)
{
	uint64_t s = counter_get(c);

	return s < INT64_MAX / 1000 ? (int64_t)s : 0;
}

size_t metrics_workers(const struct metrics *m)
{
	size_t n = 0;

	for (size_t i = 0; next_row(m, &i);)
		n++;
	return n;
}

int64_t metrics_started_s(const struct metrics *m)
{
	const struct block_row *row;
	int64_t latest = 0;

	for (size_t i = 0; (row = next_row(m, &i));)
		if (moment_s(&row->started_s) > latest)
			latest = moment_s(&row->started_s);
	return latest;
}

uint64_t metrics_gauge_sum(const struct metrics *m, enum metric_gauge gauge)
{
	const struct block_row *row;
	uint64_t sum = 0;

	for (size_t i = 0; (row = next_row(m, &i));)
		sum += counter_get(&row->gauges[gauge]);
	return sum;
}

bool metrics_reload_is_good(const struct metrics *m)
{
	const struct block_row *row;
	bool good = true;

	for (size_t i = 0; (row = next_row(m, &i));)
		good = good && !counter_get(&row->reload_failed);
	return good;
}

int64_t metrics_reloaded_s(const struct metrics *m)
{
	const struct block_row *row;
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; (row = next_row(m, &i));)
		if (moment_s(&row->reloaded_s) < oldest)
			oldest = moment_s(&row->reloaded_s);
	return oldest == INT64_MAX ? 0 : oldest;
}

uint64_t metrics_breakers_open(const struct metrics *m, uint32_t budget)
{
	const struct block_row *row;
	uint64_t open = 0;

	for (size_t i = 0; (row = next_row(m, &i));)
		open += counter_get(&row->breaker_open[budget]) != 0;
	return open;
}

bool metrics_any_breaker_is_open(const struct metrics *m, struct str budget)
{
	const struct block *b = m->block;
	uint32_t n = b->budgets_n;

	for (uint32_t i = 0; i < n && i < METRICS_BUDGETS; i++) {
		struct str name = { b->budgets[i], strnlen(b->budgets[i], BUDGET_BYTES) };

		if (str_eq(name, budget))
			return metrics_breakers_open(m, i) > 0;
	}
	return false;
}
