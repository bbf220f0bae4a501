#ifndef PERIGEE_POLICY_COMPOSED_H
#define PERIGEE_POLICY_COMPOSED_H

/*
 * An answer as it is stored: composed and compressed once, for all workers that remember nothing
 * themselves.
 *
 * It is one more field of the hash that holds the entry it is made of (the first of two), named by
 * its public URL. So it goes when that entry is replaced or deleted, and nobody has to look for it.
 * Of each entry that it is made of it says the sum, by which whoever reads it knows whether it
 * still is what would be composed now, and what else is asked of entries before one answers: so
 * neither their bodies nor their other fields need to be read.
 *
 * The value begins with lines for people, and ends with the body as it goes out:
 *
 *     1 <hash of all behind this line>
 *     gzip 20563 <hash of the body before it was coded>
 *     window <sum> 596 2026-11-23T21:20:00.123Z 2026-11-24T03:20:00.123Z 2026-12-24T03:20:00.123Z
 *     (an empty line)
 *     (the body)
 *
 * Whoever changes what is composed of the same entries raises the version. What does not read back
 * whole is as if it were not there.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "http/encoding.h"
#include "policy/entry.h"

/* Entries that a page is cut from, at most. */
#define COMPOSED_PARTS 2

/* One that takes more is not stored. */
#define COMPOSED_BYTES (128UL * 1024)

/* All that are stored with one entry, with what Redis adds to each; the others have to go. */
#define COMPOSED_ALL_BYTES (512UL * 1024)

struct composed {
	enum coding coding;
	size_t length;	 /* of the body before it was coded */
	struct str hash; /* likewise; HASH_HEX_BYTES hexadecimal digits */
	size_t parts_n;
	struct composed_part {
		struct str sum;	      /* by which the entry is known; HASH_HEX_BYTES */
		enum entry_kind kind; /* a window or an object */
		int64_t count;
		struct wall fetched;
		struct wall fresh_until;
		struct wall usable_until;
	} parts[COMPOSED_PARTS];
	struct str body;
};

/* What is said of an entry that was read from the store. */
struct composed_part composed_part_of(const struct entry *e);

/* Appends its value to *ret, which has failed without memory. */
void composed_write(const struct composed *c, struct buf *ret);

/* Reads a value into *ret, as views of it; false if it is none. */
bool composed_read(struct str value, struct composed *ret);

#endif
