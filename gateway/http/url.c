#include "http/url.h"

#include "base/utf8.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

const char *url_decode(struct str raw, enum url_decode how, struct arena *a, struct str *ret)
{
	char *out = arena_alloc(a, raw.n);
	size_t n = 0;

	if (!out)
		return "it is too large";
	for (size_t i = 0; i < raw.n; i++) {
		unsigned char c = (unsigned char)raw.p[i];

		if (c == '+' && how == URL_QUERY) {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < raw.n ? hex_digit(raw.p[i + 1]) : -1;
			int low = i + 2 < raw.n ? hex_digit(raw.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return "a percent sign must be followed by two hexadecimal digits";
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		if (c < 0x20 || c == 0x7F)
			return "it contains a control character";
		out[n++] = (char)c;
	}
	*ret = (struct str){ out, n };
	return utf8_valid(*ret) ? NULL : "it is not valid UTF-8";
}

static void put_escaped(struct buf *b, unsigned char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char escape[] = { '%', digits[c >> 4], digits[c & 15] };

	buf_put(b, c == ' ' ? STR("+") : (struct str){ escape, sizeof(escape) });
}

/* Mostly there is nothing to escape, so what stays as it is goes in runs. */
void url_put_form(struct buf *b, struct str s)
{
	static const bool unreserved[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['_'] = true,
		['.'] = true,	      ['-'] = true,	    ['~'] = true,
	};
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (unreserved[(unsigned char)s.p[i]])
			continue;
		buf_put(b, str_slice(s, from, i));
		put_escaped(b, (unsigned char)s.p[i]);
		from = i + 1;
	}
	buf_put(b, str_slice(s, from, s.n));
}
