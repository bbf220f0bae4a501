#ifndef PERIGEE_POLICY_CRAWL_H
#define PERIGEE_POLICY_CRAWL_H

/*
 * Who walks through a list page by page, and which window they will need next.
 *
 * A walk is seen when the same client asks for the same list three times, each
 * time some whole pages further on (a few may be missing: another worker, or a
 * cache in front, has answered them). When its page comes near the end of a window,
 * the next window is likely to be asked for, and is named: once, and no further one before
 * the walk is in that. So a walk that stops costs one window at most.
 *
 * A fixed table; who is no walker for a while, or has the same place, makes room. Pure: no lock,
 * no clock. Zeroed it is empty.
 */

#include <stdint.h>

#include "base/clock.h"

#define CRAWLS 256

struct crawls {
	struct crawl {
		uint64_t key; /* of client and list; 0: nobody */
		int64_t offset;
		int64_t limit;
		uint32_t steps;
		int64_t named; /* where the last window begins that was named; 0: none */
		struct mono seen;
	} list[CRAWLS];
};

/* A page that is answered. */
struct crawl_page {
	uint64_t key;
	int64_t offset;
	int64_t limit;
	int64_t count;	 /* of the list */
	uint32_t window; /* objects in one */
};

/* Where the window begins that is likely to be asked for next; -1: none is. */
int64_t crawl_note(struct crawls *c, const struct crawl_page *page, struct mono now);

#endif
