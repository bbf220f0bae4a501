#ifndef PERIGEE_HTTP_DATE_H
#define PERIGEE_HTTP_DATE_H

/*
 * ISO 8601 in UTC with milliseconds, `2026-11-23T21:20:00.123Z`: what stored
 * entries and logs carry, so that a person can read them.
 */

#include "base/clock.h"
#include "base/str.h"

#define DATE_ISO_BYTES 24

/* Years 0 to 9999; other moments are written as the nearest of them. No NUL is written. */
void date_put_iso(struct wall t, char text[static DATE_ISO_BYTES]);

/* Reads exactly what date_put_iso() writes; false for anything else. */
bool date_parse_iso(struct str text, struct wall *ret);

#endif
