#include "base/hash.h"

#include <xxhash.h>

uint64_t hash64(struct str s)
{
	return XXH3_64bits(s.p, s.n);
}

void hash_hex(struct str s, char hex[static HASH_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	XXH128_canonical_t bytes;

	XXH128_canonicalFromHash(&bytes, XXH3_128bits(s.p, s.n));
	for (size_t i = 0; i < sizeof(bytes.digest); i++) {
		hex[2 * i] = digits[bytes.digest[i] >> 4];
		hex[2 * i + 1] = digits[bytes.digest[i] & 15];
	}
}
