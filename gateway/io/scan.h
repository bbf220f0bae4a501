#ifndef PERIGEE_IO_SCAN_H
#define PERIGEE_IO_SCAN_H

/*
 * Walking through keys of Redis in bounded steps, so that neither Redis nor the caller is
 * busy with it for long: each step is one SCAN of some SCAN_STEP keys and, if the keys' values
 * are wanted, their reading in a few more round trips.
 *
 * What is there from the beginning to the end is met at least once; what comes or goes
 * meanwhile perhaps.
 */

#include "base/buf.h"
#include "io/redis.h"

#define SCAN_STEP 500

/* A key without what all begin with, and the field of it that was asked for: empty if it has
 * none, is no hash or none was asked for. Views until the callback returns. */
typedef void scan_visit(void *ctx, struct str rest, struct str value);

struct scan {
	/* set by the caller */
	struct str begin; /* what the wanted keys begin with: `perigee:` */
	struct str rest;  /* and how they go on, if that matters: `/`; not part of it for visit() */
	const char *field; /* of hashes; NULL: none */
	scan_visit *visit;
	void *ctx;
	/* zeroed to begin with */
	char cursor[24];
	uint64_t steps;
	uint64_t visited;
	bool done;
};

/* One step. False: Redis did not answer. */
bool scan_step(struct scan *s, struct redis *r);

#endif
