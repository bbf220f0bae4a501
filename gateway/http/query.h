#ifndef PERIGEE_HTTP_QUERY_H
#define PERIGEE_HTTP_QUERY_H

/*
 * A query string as a list of decoded name-value pairs, in the order given.
 *
 * Reading follows Django's QueryDict: '&' separates, the first '=' divides, a
 * pair without '=' has an empty value, empty pieces do not count.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"

struct pair {
	struct str name;
	struct str value;
};

struct query {
	struct pair *pairs; /* from the arena */
	size_t n;
};

/* Fails with MALFORMED (bad escapes, control characters, UTF-8, too many parameters). */
bool query_parse(struct str raw, struct arena *a, struct query *ret, struct fail *reterr);

/* Sorts by name in byte order; pairs of the same name keep their order. */
void query_sort(struct query *q);

/* Writes `name=value&name=value` in form encoding, as urlencode() would; nothing for no pairs. */
void query_put(struct buf *b, const struct query *q);

#endif
