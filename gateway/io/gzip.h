#ifndef PERIGEE_IO_GZIP_H
#define PERIGEE_IO_GZIP_H

/*
 * The gzip coding (RFC 1952), by libdeflate.
 *
 * The same bytes always give the same bytes: there is no time in the header.
 */

#include "base/buf.h"

/* Appends `body` in gzip to *out; without memory, or over its cap, out->failed is set. */
void gzip_put(struct buf *out, struct str body);

/* Appends what `coded` is the gzip of. What is none, not whole, or more than the cap of *out, sets
 * out->failed. */
void gzip_take(struct buf *out, struct str coded);

#endif
