#ifndef PERIGEE_IO_PURGES_H
#define PERIGEE_IO_PURGES_H

/*
 * Purging what is stored in Redis, so that all workers on all hosts go by it.
 *
 * The order matters, and is: purges_begin() says what shall go; purges_apply() on all that
 * is found of it; purges_tell() has the workers purge what they remember. A worker that
 * reads an entry before it is purged and remembers it after finds that out by itself
 * (app/memory.h); one whose call was under way since before asks purges_late() after
 * storing what it brought; one that did not listen when it was told asks purges_told() when it
 * listens again.
 *
 * Functions over one connection; false: Redis did not answer, or not as it should.
 */

#include "io/redis.h"
#include "policy/entry.h"
#include "policy/purge.h"

bool purges_begin(struct redis *r, struct str prefix, const struct purge *p);

/* Purges the entries of these targets; *ret_n is increased by how many were there. By `begun`, when
 * the whole purge began, one that comes twice (io/scan.h) is known and counts once. */
bool purges_apply(struct redis *r, struct str prefix, enum purge_mode mode,
		  const struct str *targets, size_t n, struct wall begun, uint64_t *ret_n);

/* On the workers' channel (io/store.h). *ret_workers: how many heard it. */
bool purges_tell(struct redis *r, struct str prefix, struct str channel, const struct purge *p,
		 int64_t *ret_workers);

/* Receives one of them: a view for the length of the call. */
typedef void purges_visit(void *ctx, const struct purge *p);

/* Calls `visit` with all that workers were told of since that moment, and perhaps with what they
 * were told a little before; what is longer ago than PURGES_TOLD_MS is not known. */
bool purges_told(struct redis *r, struct str prefix, struct mono since, purges_visit *visit,
		 void *ctx);

/* Purges what is stored of e if what it holds was purged at that moment of Redis' clock or since
 * (policy/ports.h); was it? */
bool purges_late(struct redis *r, struct str prefix, const struct entry *e, int64_t asked_ms);

#endif
