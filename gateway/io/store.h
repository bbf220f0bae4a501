#ifndef PERIGEE_IO_STORE_H
#define PERIGEE_IO_STORE_H

/*
 * The store in Redis. Its keys begin with a prefix (`perigee`):
 *
 *     perigee:/2.3.0/spacecraft/?limit=100     an entry: a hash, see policy/entry.h
 *     perigee:{ll2}:calls                      the budget's log: a sorted set of calls by the
 *                                              moment (ms, Redis' clock) they count from
 *     perigee:{ll2}:state                      a hash: what upstream told of the budget
 *     perigee:{ll2}:askers                     a sorted set: clients who needed a call lately
 *     perigee:{ll2}:fill:/2.3.0/...            who fetches a target now, for as long as it lives
 *     perigee:{ll2}:main:calls                 likewise :state and :askers, of one identity
 *                                              (policy/identity.h); leases are for all of them
 *     perigee:origin                           how much upstream may be asked: policy/mode.h
 *     perigee:walks                            a hash: policy/walk.h, by target
 *     perigee:warmer                           which worker takes the steps of walks
 *     perigee:purges                           a sorted set: what was purged lately, by when
 *     perigee:told                             likewise what workers were told of (io/purges.h)
 *     perigee:news                             a channel: policy/news.h
 *
 * The log and state of a budget never expire, so that no eviction policy that spares
 * keys without a time to live can lose them. io/lua/ says what is done with them.
 */

#include "io/redis.h"
#include "policy/ports.h"

#define STORE_CHANNEL_BYTES 256
#define STORE_KEY_BYTES	    256

/* The key of `what` of a budget; `{ll2}` keeps all of one in the same slot of a Redis cluster, so
 * that `ll2/main`, an identity's, is `{ll2}:main`. The view is of `text`. */
struct str store_budget_key(struct str prefix, struct str budget, const char *what,
			    char text[static STORE_KEY_BYTES]);

/* The name of the channel on which workers tell each other news; the view is of `text`. */
struct str store_channel(struct str prefix, char text[static STORE_CHANNEL_BYTES]);

/* Owns nothing of what it is given; `prefix` and `options` must outlive it. NULL without memory. */
struct store *store_new(const struct redis_options *options, struct str prefix);

#endif
