#include "io/gzip.h"

#include <limits.h>

/* zlib reads as const what it does not declare so. */
#define ZLIB_CONST
#include <zlib.h>

/* 20 kB: 2,611 bytes in 75 us at level 1, 2,229 in 130 at 6, 2,196 in 155 at 9; and 1.3 against
 * 2.2 ms for a page of 100. */
#define LEVEL 6

/* The largest window (32 kB), and a gzip header. */
#define WINDOW_BITS  (15 + 16)
#define MEMORY_LEVEL 8

/* CRC and size */
#define TRAILER_BYTES 8

void gzip_put(struct buf *out, struct str body)
{
	z_stream z = { .next_in = (const unsigned char *)body.p, .avail_in = (uInt)body.n };
	unsigned long bound;
	char *room;

	/* No answer is that long: LIMIT_ANSWER_BYTES is far below. */
	if (body.n > INT_MAX || deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
					     Z_DEFAULT_STRATEGY) != Z_OK) {
		out->failed = true;
		return;
	}
	bound = deflateBound(&z, body.n);
	room = buf_room(out, bound);
	z.next_out = (unsigned char *)room;
	z.avail_out = (uInt)bound;
	if (room && deflate(&z, Z_FINISH) == Z_STREAM_END)
		buf_grew(out, z.total_out);
	else
		out->failed = true;
	deflateEnd(&z);
}

/* The last four bytes say how much there is: a hint, that need not be true. */
static size_t size_hint(struct str coded)
{
	const unsigned char *end = (const unsigned char *)coded.p + coded.n;

	return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 |
	       (size_t)end[-1] << 24;
}

void gzip_take(struct buf *out, struct str coded)
{
	z_stream z = { .next_in = (const unsigned char *)coded.p, .avail_in = (uInt)coded.n };
	size_t size = coded.n < TRAILER_BYTES ? 0 : size_hint(coded);
	char *room = size > out->cap ? NULL : buf_room(out, size);

	if (!room || coded.n < TRAILER_BYTES || coded.n > INT_MAX ||
	    inflateInit2(&z, WINDOW_BITS) != Z_OK) {
		out->failed = true;
		return;
	}
	/* A quarter of the work, for a CRC of what has a better sum of its own. */
	inflateValidate(&z, 0);
	z.next_out = (unsigned char *)room;
	z.avail_out = (uInt)size;
	if (inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == size && !z.avail_in)
		buf_grew(out, size);
	else
		out->failed = true;
	inflateEnd(&z);
}
