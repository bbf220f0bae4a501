#ifndef PERIGEE_POLICY_BOARD_H
#define PERIGEE_POLICY_BOARD_H

/*
 * What a worker lets the other workers of its host know for the status page, whichever
 * of them is asked: what is most wanted of it, what took it longest, what it fetches now.
 *
 * Plain data, as it lies in memory that processes share; app/boards.h says who writes and
 * gathers boards.
 */

#include <stddef.h>
#include <stdint.h>

#define BOARD_ROWS	 10
#define BOARD_NAME_BYTES 200

/* A target of which only the beginning is known has no NUL in its last byte. */
struct board_top {
	char name[BOARD_NAME_BYTES];
	double weight; /* requests, of which one counts half after ten minutes; or ms likewise */
	uint64_t times;
	int64_t largest;
};

struct board_fill {
	char target[BOARD_NAME_BYTES];
	uint32_t background;
	uint32_t calling;
	uint64_t waiting;
};

struct board {
	uint32_t wanted_n;
	uint32_t slow_n;
	uint32_t fills_n;
	uint64_t fills_all; /* those that have no row included */
	struct board_top wanted[BOARD_ROWS];
	struct board_top slow[BOARD_ROWS];
	struct board_fill fills[BOARD_ROWS];
};

/* Adds what another worker has, of which nothing can be trusted, to `into`. */
void board_merge(struct board *into, const struct board *other);

#endif
