#ifndef PERIGEE_BASE_HASH_H
#define PERIGEE_BASE_HASH_H

/*
 * Hashes of bytes (XXH3, from libxxhash): fast and well mixed, not a defence
 * against somebody who makes collisions on purpose. Used for entity tags, the
 * checksum of stored entries and table slots.
 */

#include "base/str.h"

#define HASH_HEX_BYTES 32

uint64_t hash64(struct str s);

/* 128 bits as 32 lower-case hexadecimal digits; no NUL is written. */
void hash_hex(struct str s, char hex[static HASH_HEX_BYTES]);

#endif
