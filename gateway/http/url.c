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

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-' || c == '~';
}

void url_put_form(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_unreserved((char)c)) {
			buf_put_char(b, (char)c);
		} else if (c == ' ') {
			buf_put_char(b, '+');
		} else {
			char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

			buf_put(b, (struct str){ escape, sizeof(escape) });
		}
	}
}
