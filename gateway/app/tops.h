#ifndef PERIGEE_APP_TOPS_H
#define PERIGEE_APP_TOPS_H

/*
 * What is asked for most, and what took longest, in this worker: three counters of bounded
 * size (policy/top.h), for whoever wants to know (app/admin.h).
 *
 * Counting never waits: a thread that finds another one counting at the same moment leaves
 * its request out. Of requests that nginx answers itself, those are seen that it takes from a
 * shelf: the one that puts an answer there again tells of them.
 */

#include "app/exchange.h"
#include "policy/top.h"

struct tops;

enum tops_kind {
	TOPS_WANTED,	/* canonical targets, by requests */
	TOPS_SLOW,	/* canonical targets, by all the ms that they took */
	TOPS_ENDPOINTS, /* endpoints, by requests: `/2.3.0/launches/` */
	TOPS_KINDS
};

/* NULL without memory. */
struct tops *tops_new(void);
void tops_free(struct tops *t);

/* Counts a request that has been answered, to an endpoint of that name; one that was not
 * understood, or is for a page of the gateway's own, is none. */
void tops_note(struct tops *t, const struct exchange *x, struct str endpoint, struct mono now);

/* A copy of one of them, as it is now. */
void tops_read(struct tops *t, enum tops_kind kind, struct mono now, struct top *ret);

#endif
