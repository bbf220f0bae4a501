#include "app/boards.h"

#include "app/fill_look.h"
#include "app/metrics_block.h"
#include "app/tops.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(BOARD_NAME_BYTES >= TOP_NAME_BYTES, "a name fits");

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

void boards_publish(const struct gateway *gw)
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

void boards_gather(struct metrics *m, struct board *ret)
{
	*ret = (struct board){ .wanted_n = 0 };
	shared_lock(m->shared);
	for (size_t i = 0; i < METRICS_WORKERS; i++)
		if (shared_slot_is_taken(m->shared, i))
			board_merge(ret, &m->block->boards[i]);
	shared_unlock(m->shared);
}
