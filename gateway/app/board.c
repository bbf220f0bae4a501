#include "app/board.h"

#include "app/fill.h"
#include "app/metrics_block.h"
#include "app/tops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(BOARD_NAME_BYTES >= TOP_NAME_BYTES, "a name fits");

/* ---- writing ---- */

static uint32_t put_tops(const struct gateway *gw, enum tops_kind kind, struct top *scratch,
			 struct board_top *ret)
{
	size_t order[TOP_SLOTS];
	size_t n;

	tops_read(gw->tops, kind, gw->clock->mono(gw->clock), scratch);
	n = top_order(scratch, order);
	n = n < BOARD_ROWS ? n : BOARD_ROWS;
	for (size_t i = 0; i < n; i++) {
		struct str name = top_name(scratch, order[i]);

		ret[i] = (struct board_top){ .weight = scratch->weights[order[i]],
					     .times = scratch->slots[order[i]].times,
					     .largest = scratch->slots[order[i]].largest };
		memcpy(ret[i].name, name.p, name.n);
	}
	return (uint32_t)n;
}

static void put_fills(const struct gateway *gw, struct board *b)
{
	struct fill_shown shown[BOARD_ROWS];
	size_t n;

	b->fills_all = fills_show(gw->fills, shown, BOARD_ROWS);
	n = b->fills_all < BOARD_ROWS ? b->fills_all : BOARD_ROWS;
	for (size_t i = 0; i < n; i++) {
		b->fills[i] = (struct board_fill){ .background = shown[i].class != CALL_DEMAND,
						   .calling = shown[i].calling,
						   .waiting = shown[i].waiting };
		memcpy(b->fills[i].target, shown[i].target, sizeof(shown[i].target));
	}
	b->fills_n = (uint32_t)n;
}

void board_publish(const struct gateway *gw)
{
	struct metrics *m = gw->metrics;
	struct board *b = calloc(1, sizeof(*b));
	struct top *scratch = malloc(sizeof(*scratch));

	if (b && scratch && m->row < METRICS_WORKERS) {
		b->wanted_n = put_tops(gw, TOPS_WANTED, scratch, b->wanted);
		b->slow_n = put_tops(gw, TOPS_SLOW, scratch, b->slow);
		put_fills(gw, b);
		shared_lock(m->shared);
		m->block->boards[m->row] = *b;
		shared_unlock(m->shared);
	}
	free(scratch);
	free(b);
}

/* ---- gathering ---- */

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

		if (!isfinite(other[i].weight) || other[i].weight < 0)
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

void board_gather(struct metrics *m, struct board *ret)
{
	*ret = (struct board){ .wanted_n = 0 };
	shared_lock(m->shared);
	for (size_t i = 0; i < METRICS_WORKERS; i++)
		if (shared_slot_is_taken(m->shared, i))
			board_merge(ret, &m->block->boards[i]);
	shared_unlock(m->shared);
}
