#ifndef PERIGEE_APP_BOARDS_H
#define PERIGEE_APP_BOARDS_H

/*
 * The boards (policy/board.h) of the workers of a host. Each writes its own once a second,
 * into the block that holds the counters (app/metrics_block.h), and whoever is asked for the
 * status page gathers those of the living ones: else every other answer would be another one.
 */

#include "app/gateway.h"
#include "policy/board.h"

/* Writes this worker's. */
void boards_publish(const struct gateway *gw);

/* All living workers' as one. */
void boards_gather(struct metrics *m, struct board *ret);

#endif
