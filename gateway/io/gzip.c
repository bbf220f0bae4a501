#include "io/gzip.h"

#include <libdeflate.h>

/* 24 kB: 3,204 bytes in 56 us at level 1, 2,739 in 114 at 6, 2,684 in 181 at 9. (zlib: 2,737 in 180
 * at 6.) */
#define LEVEL 6

/* What is made here has a header without any of its optional fields. */
#define HEADER	      "\x1F\x8B\x08\0"
#define HEADER_BYTES  10
#define TRAILER_BYTES 8 /* CRC and size */

void gzip_put(struct buf *out, struct str body)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(LEVEL);
	size_t bound = libdeflate_gzip_compress_bound(compressor, body.n);
	char *room = compressor ? buf_room(out, bound) : NULL;
	size_t n = room ? libdeflate_gzip_compress(compressor, body.n ? body.p : "", body.n, room,
						   bound)
			: 0;

	if (n)
		buf_grew(out, n);
	else
		out->failed = true;
	libdeflate_free_compressor(compressor);
}

/* The last four bytes say how much there is: a hint, that need not be true. */
static size_t size_hint(struct str coded)
{
	const unsigned char *end = (const unsigned char *)coded.p + coded.n;

	return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 |
	       (size_t)end[-1] << 24;
}

/* Takes `from`, without header and trailer, out of its coding: exactly n bytes, and all of it. The
 * CRC is not looked at: it would be a fifth of the work, for what has a better sum of its own. */
static bool take(struct str from, char *to, size_t n)
{
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	size_t used = 0;
	bool good = decompressor &&
		    libdeflate_deflate_decompress_ex(decompressor, from.p, from.n, to, n, &used,
						     NULL) == LIBDEFLATE_SUCCESS;

	libdeflate_free_decompressor(decompressor);
	return good && used == from.n;
}

void gzip_take(struct buf *out, struct str coded)
{
	bool whole = coded.n > HEADER_BYTES + TRAILER_BYTES &&
		     str_starts(coded, (struct str){ HEADER, sizeof(HEADER) - 1 });
	size_t size = whole ? size_hint(coded) : 0;
	char *room = whole && size <= out->cap ? buf_room(out, size) : NULL;

	if (room && take(str_slice(coded, HEADER_BYTES, coded.n - TRAILER_BYTES), room, size))
		buf_grew(out, size);
	else
		out->failed = true;
}
