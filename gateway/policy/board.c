#include "policy/board.h"

#include <stdlib.h>
#include <string.h>

/* All that any worker will ever have counted, and far from where numbers end. */
#define WEIGHT_MAX 1e15

static int by_weight(const void *a, const void *b)
{
	double first = ((const struct board_top *)a)->weight;
	double second = ((const struct board_top *)b)->weight;

	return (first < second) - (first > second);
}

static int by_calling(const void *a, const void *b)
{
	const struct board_fill *first = a;
	const struct board_fill *second = b;

	return (first->calling < second->calling) - (first->calling > second->calling);
}

static uint32_t bounded(uint32_t n)
{
	return n < BOARD_ROWS ? n : BOARD_ROWS;
}

/* Both lists in one, which is twice as long, then the first rows of it. */
static uint32_t merge_tops(struct board_top *into, uint32_t n, const struct board_top *other,
			   uint32_t other_n)
{
	struct board_top all[2 * BOARD_ROWS];
	uint32_t all_n = n;

	memcpy(all, into, n * sizeof(*into));
	for (uint32_t i = 0; i < other_n; i++) {
		uint32_t at = 0;

		/* NaN is not, either. */
		if (!(other[i].weight >= 0 && other[i].weight < WEIGHT_MAX))
			continue;
		while (at < all_n && strncmp(all[at].name, other[i].name, BOARD_NAME_BYTES) != 0)
			at++;
		if (at == all_n) {
			all[all_n++] = other[i];
			continue;
		}
		all[at].weight += other[i].weight;
		all[at].times += other[i].times;
		if (all[at].largest < other[i].largest)
			all[at].largest = other[i].largest;
	}
	qsort(all, all_n, sizeof(*all), by_weight);
	memcpy(into, all, bounded(all_n) * sizeof(*into));
	return bounded(all_n);
}

/* The same target may be called by one worker and waited for by another. */
static uint32_t merge_fills(struct board_fill *into, uint32_t n, const struct board_fill *other,
			    uint32_t other_n, uint64_t *same)
{
	struct board_fill all[2 * BOARD_ROWS];
	uint32_t all_n = n;

	memcpy(all, into, n * sizeof(*into));
	for (uint32_t i = 0; i < other_n; i++) {
		uint32_t at = 0;

		while (at < all_n &&
		       strncmp(all[at].target, other[i].target, BOARD_NAME_BYTES) != 0)
			at++;
		if (at == all_n) {
			all[all_n++] = other[i];
			continue;
		}
		*same += 1;
		all[at].calling |= other[i].calling;
		all[at].background &= other[i].background;
		all[at].waiting += other[i].waiting;
	}
	qsort(all, all_n, sizeof(*all), by_calling);
	memcpy(into, all, bounded(all_n) * sizeof(*into));
	return bounded(all_n);
}

void board_merge(struct board *into, const struct board *other)
{
	uint64_t same = 0;

	into->wanted_n =
		merge_tops(into->wanted, into->wanted_n, other->wanted, bounded(other->wanted_n));
	into->slow_n = merge_tops(into->slow, into->slow_n, other->slow, bounded(other->slow_n));
	into->fills_n = merge_fills(into->fills, into->fills_n, other->fills,
				    bounded(other->fills_n), &same);
	into->fills_all += other->fills_all - (same < other->fills_all ? same : other->fills_all);
}
