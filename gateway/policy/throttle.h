#ifndef PERIGEE_POLICY_THROTTLE_H
#define PERIGEE_POLICY_THROTTLE_H

/*
 * Upstream's own word on our quota, the body of its /api-throttle/:
 *
 *     { "your_request_limit": 15, "limit_frequency_secs": 3600, "current_use": 4,
 *       "next_use_secs": 0, "ident": "..." }
 *
 * Asking costs no call. `ident` can be the API key: it is not looked at.
 */

#include "policy/ports.h"

/* False: `body` is none, or says what cannot be. A limit below 1 or a missing one is no limit that
 * can be believed: such an upstream does not count. */
bool throttle_read(struct str body, struct count *ret);

#endif
