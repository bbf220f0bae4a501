#ifndef PERIGEE_POLICY_NEWS_H
#define PERIGEE_POLICY_NEWS_H

/*
 * What workers tell each other through Redis: that what somebody may wait for is
 * there, or is not to be had. One line each, at most NEWS_BYTES:
 *
 *     filled /2.3.0/spacecraft/?limit=100
 *     failed upstream-timeout 1 /2.3.0/spacecraft/?limit=100
 *     purged invalidate object /2.3.0/spacecraft/430/
 *     purged
 *     origin
 *
 * What follows `purged` is a line of policy/purge.h; nothing is `delete all`, for people with
 * redis-cli.
 *
 * Whoever can write to Redis can write these: a line is believed only so far
 * that what it speaks of is looked at again, or not asked for a while.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/limits.h"
#include "policy/purge.h"

#define NEWS_BYTES (LIMIT_TARGET_BYTES + 64)

enum news_kind {
	NEWS_FILLED, /* an entry for the target is in the store */
	NEWS_FAILED, /* none could be had, and why */
	NEWS_PURGED, /* what is remembered of the store does not hold any more */
	NEWS_ORIGIN, /* the origin's mode may have changed (app/origin.h) */
};

struct bulletin {
	enum news_kind kind;
	struct str target;  /* not with PURGED */
	struct purge purge; /* with PURGED: what of it */
	struct fail fail; /* with FAILED: the fault and retry_after_s; its text is made from them */
};

/* Appends the line to *out. */
void news_put(struct buf *out, const struct bulletin *b);

/* Reads a line; *ret is a view of it. False: it is none. */
bool news_parse(struct str line, struct bulletin *ret);

#endif
