#ifndef PERIGEE_IO_STORE_H
#define PERIGEE_IO_STORE_H

/*
 * The store in Redis. Its keys begin with a prefix (`perigee`):
 *
 *     perigee:/2.3.0/spacecraft/?limit=100     an entry: a hash, see policy/entry.h
 *     perigee:{ll2}:calls                      the budget's log: a sorted set of calls by the
 *                                              moment (ms, Redis' clock) they count from
 *     perigee:{ll2}:state                      a hash: cool_until (ms), after upstream's 429
 *
 * The two keys of a budget never expire, so that no eviction policy that spares
 * keys without a time to live can lose them.
 */

#include "io/redis.h"
#include "policy/ports.h"

/* Owns nothing of what it is given; `prefix` and `options` must outlive it. NULL without memory. */
struct store *store_new(const struct redis_options *options, struct str prefix);

#endif
