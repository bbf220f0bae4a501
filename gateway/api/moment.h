#ifndef PERIGEE_API_MOMENT_H
#define PERIGEE_API_MOMENT_H

/*
 * Moments and days as parameters carry them.
 *
 * Upstream reads ISO 8601 with Django's parse_datetime() (django/utils/dateparse.py)
 * and parse_date(): `2026-11-24T09:30:00.5+02:00`, a blank for the `T`, seconds and
 * zone left out (UTC then), one digit where there can be two. All spellings of a
 * moment are one: microseconds since 1970 in UTC, written `2026-11-24T07:30:00.5Z`.
 *
 * Taken beyond that, because real clients send it: a day alone (its first moment),
 * and a blank before the zone's hours, which is a `+` that was not escaped.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* The longest canonical moment, `2026-11-24T07:30:00.123456Z`, and its NUL. */
#define MOMENT_BYTES 28

#define MOMENT_DAY_US (24 * 3600 * 1000000LL)

/* Can it be written: does it lie in the years 1 to 9999? */
bool moment_is_writable(int64_t us);

/* Microseconds since 1970-01-01T00:00:00Z. NULL, or why it is none, in words for people. */
const char *moment_parse(struct str text, int64_t *ret_us);

/* Writes the canonical spelling; the view is of `text`. Years 1 to 9999. */
struct str moment_put(int64_t us, char text[static MOMENT_BYTES]);

/* A day alone, `2026-11-24`; `text` takes the canonical spelling. NULL, or why it is none. */
const char *day_parse(struct str text, char ret[static MOMENT_BYTES], struct str *ret_text);

#endif
