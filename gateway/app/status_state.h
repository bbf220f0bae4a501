#ifndef PERIGEE_APP_STATUS_STATE_H
#define PERIGEE_APP_STATUS_STATE_H

/*
 * `/status/state.json`, how it is with the gateway, for the status page:
 *
 *     version, now                    now: by the worker's clock, ms since 1970, like all moments
 *     started, workers                of this host: when the last one was started, how many live
 *     verdict                         policy/outlook.h:
 *       level, sentence, notes          good | idle | degraded | bad
 *     requests                        to APIs, at this host
 *       total, last_hour                by result; total is what perigee_requests_total says
 *       hit_ratio                       of the last hour, 0 to 1; null: nobody asked
 *       per_minute                      on average over the last five
 *       minutes                         the last 180 whole ones:
 *         first                           when the first began
 *         counts                          by result, oldest first; null: no worker ran
 *     upstream                        calls of the last hour, from this host
 *       mode                            normal | avoid | never: policy/mode.h
 *       answered, refused, failed       refused: with 429; failed: 5xx, or no answer
 *       mean_ms                         null: there was none
 *     budgets[]                       of upstream calls; all hosts share each
 *       name, limit, window_s
 *       known                           false: Redis is away, and what follows is not
 *       used
 *       next_free_at                    null: one is free now
 *       cooldown_until                  null: upstream takes calls
 *       breaker_open                    workers of this host leave it alone: it does not answer
 *       calls[]                         of the last hour, oldest first: at, class, in_flight;
 *                                         none where the window is short (STATUS_CALLS_FROM_MS)
 *     redis                           up, ping_ms (null: away), errors: since ever
 *     fills[]                         what is fetched now: target, class, calling, waiting
 * (clients) fills_all                       how many there are, those not listed included wanted[]
 * most wanted: target, asked (weighted: half after 10 min), fetched_at, fresh_until (null: not
 * stored) slowest[]                       what clients waited for most: target, took_ms (the
 * longest), times
 *
 * Targets are canonical, and may be cut off after 200 bytes.
 */

#include "app/status_view.h"
#include "base/buf.h"

void status_put(const struct status_view *v, struct buf *out);

#endif
