#ifndef PERIGEE_BASE_UNITS_H
#define PERIGEE_BASE_UNITS_H

/*
 * Quantities as people write them in configuration and endpoint tables:
 * durations (`250ms`, `10s`, `5m`, `6h`, `30d`) and quotas (`15/3600`: calls per
 * seconds). Always with a unit, so that nobody has to guess one.
 */

#include "base/str.h"

struct quota {
	uint32_t calls;
	int64_t window_ms;
};

/* A whole number and one of ms, s, m, h, d; the result in milliseconds, at most 100 years. */
bool duration_parse(struct str text, int64_t *ret_ms);

/* `calls/seconds`, both at least 1; at most 1,000,000 calls and 31 days. */
bool quota_parse(struct str text, struct quota *ret);

#endif
