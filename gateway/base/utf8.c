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

/* The length of the white space, as Unicode has it, that s begins with, or 0. */
static size_t blank(struct str s)
{
	const unsigned char *c = (const unsigned char *)s.p;

	if (s.n &&
	    (c[0] == ' ' || (c[0] >= 0x09 && c[0] <= 0x0D) || (c[0] >= 0x1C && c[0] <= 0x1F)))
		return 1;
	if (s.n >= 2 && c[0] == 0xC2 && (c[1] == 0x85 || c[1] == 0xA0))
		return 2;
	if (s.n < 3)
		return 0;
	switch (c[0] << 16 | c[1] << 8 | c[2]) {
	case 0xE19A80: /* U+1680 */
	case 0xE280A8: /* U+2028 */
	case 0xE280A9: /* U+2029 */
	case 0xE280AF: /* U+202F */
	case 0xE2819F: /* U+205F */
	case 0xE38080: /* U+3000 */
		return 3;
	default: /* U+2000 to U+200A */
		return c[0] == 0xE2 && c[1] == 0x80 && c[2] >= 0x80 && c[2] <= 0x8A ? 3 : 0;
	}
}

struct str utf8_trim(struct str s)
{
	size_t n;

	while ((n = blank(s)))
		s = str_slice(s, n, s.n);
	for (n = 1; n <= 3 && n <= s.n;) {
		bool found = blank(str_slice(s, s.n - n, s.n)) == n;

		s.n -= found ? n : 0;
		n = found ? 1 : n + 1;
	}
	return s;
}
