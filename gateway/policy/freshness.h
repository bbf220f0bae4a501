#ifndef PERIGEE_POLICY_FRESHNESS_H
#define PERIGEE_POLICY_FRESHNESS_H

/*
 * Until when what upstream has said is fresh, by what it says: a launch that is
 * minutes away changes by the minute, one of last year hardly ever. Pure.
 *
 * Each rule of the endpoint (api/fresh_rules.h) bounds each object: the answer is
 * fresh until the rule's time after the moment at which the object has what the
 * rule asks for. Where it has that now, the moment is now; where it will have
 * it, as the launch of this evening will be a quarter of an hour away, the moment is
 * that one. The earliest of all bounds counts, so the order of rules and objects has no
 * meaning, and an answer that is stored now is not called fresh when things have
 * begun to move.
 *
 * The endpoint's `fresh` bounds what no rule is about now: an object in no band, or without a
 * moment that can be read, and an answer without objects.
 *
 * Bands are not divided by the time scale: it makes answers age faster, but does not
 * bring launches nearer.
 */

#include "api/catalog.h"
#include "policy/entry.h"

/* Of a window or an object with its facts (kind, fetched, ends, body): later than `fetched`, by
 * `fresh` or the longest time in the rules at most. Its other times are not looked at. */
struct wall freshness_until(const struct endpoint *endpoint, const struct entry *e);

#endif
