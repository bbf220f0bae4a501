#ifndef PERIGEE_HTTP_URL_H
#define PERIGEE_HTTP_URL_H

/*
 * Percent-encoding (RFC 3986 section 2.1) and the form encoding of queries
 * (WHATWG URL, application/x-www-form-urlencoded), strict when reading, one
 * form when writing.
 */

#include "base/arena.h"
#include "base/buf.h"

enum url_decode {
	URL_PATH,  /* '+' is a plus sign */
	URL_QUERY, /* '+' is a space */
};

/*
 * Decodes `raw` into *ret (from the arena). Refuses, with a reason of a few
 * words: an escape that is cut short or not hexadecimal, NUL and other control
 * characters, bytes that are not UTF-8. Returns NULL when it is well.
 */
const char *url_decode(struct str raw, enum url_decode how, struct arena *a, struct str *ret);

/* Writes s as Python's quote_plus() does, which is what DRF's links use: letters, digits and
 * "_.-~" as they are, a space as '+', every other byte as %XX in upper case. */
void url_put_form(struct buf *b, struct str s);

#endif
