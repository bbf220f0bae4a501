#include "http/shelf_key.h"

#include "http/encoding.h"

struct str shelf_key(char text[static SHELF_KEY_BYTES], struct str target, struct str host,
		     struct str forwarded_host, struct str accept_encoding)
{
	/* There is no blank in a target, nor in a host that gets by nginx. */
	const struct str parts[] = { target, STR(" "), host, STR(" "), forwarded_host };
	size_t n = 1;

	text[0] = (char)('0' + encoding_variant(accept_encoding));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].n > SHELF_KEY_BYTES - n)
			return STR("");
		if (parts[i].n)
			memcpy(text + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return (struct str){ text, n };
}
