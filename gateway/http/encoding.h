#ifndef PERIGEE_HTTP_ENCODING_H
#define PERIGEE_HTTP_ENCODING_H

/*
 * Which content coding a client gets: Accept-Encoding (RFC 9110 section 12.5.3)
 * against the codings that the gateway has. Pure; a new coding is a row in
 * encoding.c and something in io/ that makes it.
 *
 *   - Of what is acceptable, the coding with the highest weight is taken; at equal
 *     weights the one that makes the answer shorter.
 *   - Without the field, or with an empty one, nothing is coded: who says nothing may
 *     be a client that cannot decode. So identity is the last choice of who names
 *     other codings only, but no more than that.
 *   - A member that cannot be read (`gzip;q=2`, `gzip;level=9`) is as if it were not
 *     there. Of a coding that is named twice the lower weight counts: whoever can do
 *     without it gets something that everybody can read.
 *   - Where nothing is acceptable, identity is sent all the same, as section 15.5.7
 *     allows: a 406 helps nobody.
 */

#include "base/str.h"

enum coding { CODING_IDENTITY, CODING_GZIP, CODING_COUNT };

/* As Content-Encoding and the end of entity tags have it: "gzip". */
const char *encoding_name(enum coding coding);

/*
 * The coding for a client that sent `accept`; empty: the field was not sent. A
 * body that is not `worthwhile` to code stays as it is, unless the client refuses
 * just that and accepts another coding.
 */
enum coding encoding_choose(struct str accept, bool worthwhile);

/* What encoding_choose() says of `accept`, worthwhile or not, as one number: clients of the same
 * one get the same. */
#define ENCODING_VARIANTS ((uint32_t)CODING_COUNT * CODING_COUNT)
uint32_t encoding_variant(struct str accept);

#endif
