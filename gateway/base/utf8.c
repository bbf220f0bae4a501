#include "base/utf8.h"

/* The lead bytes of RFC 3629's grammar, with what the second byte may be. */
static const struct lead {
	unsigned char first, last;
	unsigned char second_min, second_max;
	unsigned char length;
} leads[] = {
	{ 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
	{ 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
	{ 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
};

size_t utf8_char(struct str s)
{
	const unsigned char *c = (const unsigned char *)s.p;

	if (!s.n)
		return 0;
	if (c[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
		const struct lead *l = &leads[i];

		if (c[0] < l->first || c[0] > l->last)
			continue;
		if (s.n < l->length || c[1] < l->second_min || c[1] > l->second_max)
			return 0;
		for (size_t k = 2; k < l->length; k++)
			if ((c[k] & 0xC0) != 0x80)
				return 0;
		return l->length;
	}
	return 0;
}

bool utf8_valid(struct str s)
{
	while (s.n) {
		size_t n = utf8_char(s);

		if (!n)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}
