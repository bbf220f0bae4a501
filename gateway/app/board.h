#ifndef PERIGEE_APP_BOARD_H
#define PERIGEE_APP_BOARD_H

/*
 * What a worker lets the other workers of its host know for the status page, whichever
 * of them is asked: what is most wanted of it, what took it longest, what it fetches now.
 *
 * Each writes its own board once a second, into the block that holds the counters
 * (app/metrics_block.h), and whoever is asked gathers those of the living ones.
 */

#include <stddef.h>
#include <stdint.h>

#define BOARD_ROWS	 10
#define BOARD_NAME_BYTES 200

struct metrics;
struct gateway;

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

/* Writes this worker's. */
void board_publish(const struct gateway *gw);

/* All living workers' as one: the same target has one row, the most wanted and slowest are kept. */
void board_gather(struct metrics *m, struct board *ret);

/* Adds what another worker has, of which nothing can be trusted, to `into`. */
void board_merge(struct board *into, const struct board *other);

#endif
