#include "base/record.h"

#include "base/utf8.h"

#include <stdio.h>

/* Room that pairs leave for the end of the line. */
#define END_BYTES 24

void record_begin(struct record *r, enum record_form form)
{
	r->form = form;
	r->truncated = false;
	r->reason[0] = '\0';
	r->n = 0;
	if (form == RECORD_JSON)
		r->text[r->n++] = '{';
}

/* ---- one pair ---- */

static bool add(struct record *r, struct str s)
{
	if (s.n > sizeof(r->text) - END_BYTES - r->n)
		return false;
	if (s.n)
		memcpy(r->text + r->n, s.p, s.n);
	r->n += s.n;
	return true;
}

/* U+0080 to U+009F: control characters too, of two bytes. */
static bool is_c1(struct str c)
{
	return c.n == 2 && (unsigned char)c.p[0] == 0xC2 && (unsigned char)c.p[1] < 0xA0;
}

/* The next character of *rest as it may stand in quotes; in `text` if it is another than it was. */
static struct str take_escaped(struct str *rest, char text[static 8])
{
	static const char short_ones[] = "\"\"\\\\\nn\rr\tt";
	struct str c = { rest->p, utf8_char(*rest) };
	unsigned char byte = (unsigned char)rest->p[0];
	const char *escape;

	*rest = str_slice(*rest, c.n ? c.n : 1, rest->n);
	if (!c.n)
		return STR("\xEF\xBF\xBD");
	for (escape = short_ones; *escape; escape += 2) {
		if (escape[0] == c.p[0]) {
			text[0] = '\\';
			text[1] = escape[1];
			return (struct str){ text, 2 };
		}
	}
	if (byte >= ' ' && byte != 0x7F && !is_c1(c))
		return c;
	byte = is_c1(c) ? (unsigned char)c.p[1] : byte;
	return (struct str){ text, (size_t)snprintf(text, 8, "\\u%04x", byte) };
}

/* What a byte wants: nothing; quotes in logfmt; or to be looked at, and perhaps escaped. */
enum wish { WISH_NOTHING, WISH_QUOTES, WISH_LOOK };

static const unsigned char wishes[256] = {
	[0 ... ' ' - 1] = WISH_LOOK, [' '] = WISH_QUOTES, ['"'] = WISH_LOOK,
	['='] = WISH_QUOTES,	     ['\\'] = WISH_LOOK,  [0x7F ... 0xFF] = WISH_LOOK,
};

static bool add_quoted(struct record *r, struct str value)
{
	bool good = add(r, STR("\""));

	while (value.n && good) {
		char text[8];
		size_t plain = 0;

		while (plain < value.n && wishes[(unsigned char)value.p[plain]] != WISH_LOOK)
			plain++;
		good = add(r, str_slice(value, 0, plain));
		value = str_slice(value, plain, value.n);
		if (value.n && good)
			good = add(r, take_escaped(&value, text));
	}
	return good && add(r, STR("\""));
}

/* Can it stand without quotes, and be nothing else than what it is? */
static bool is_bare(struct str value)
{
	unsigned int wanted = WISH_NOTHING;

	for (size_t i = 0; i < value.n; i++)
		wanted |= wishes[(unsigned char)value.p[i]];
	return value.n > 0 && !wanted;
}

static bool add_pair(struct record *r, struct str key, struct str value, bool is_number)
{
	bool is_first = r->n <= 1;

	if (r->form == RECORD_JSON)
		return add(r, is_first ? STR("\"") : STR(",\"")) && add(r, key) &&
		       add(r, STR("\":")) && (is_number ? add(r, value) : add_quoted(r, value));
	return add(r, is_first ? STR("") : STR(" ")) && add(r, key) && add(r, STR("=")) &&
	       (is_bare(value) ? add(r, value) : add_quoted(r, value));
}

void record_put(struct record *r, struct str key, struct str value, bool is_number)
{
	size_t before = r->n;

	if (str_eq(key, STR("reason")))
		snprintf(r->reason, sizeof(r->reason), "%.*s", STR_ARG(value));
	if (add_pair(r, key, value, is_number))
		return;
	r->n = before;
	r->truncated = true;
}

struct str record_end(struct record *r)
{
	/* For this much room has been left. */
	if (r->truncated)
		r->n += (size_t)snprintf(r->text + r->n, END_BYTES, "%s",
					 r->form == RECORD_JSON ? ",\"truncated\":true"
								: " truncated=true");
	if (r->form == RECORD_JSON)
		r->text[r->n++] = '}';
	r->text[r->n++] = '\n';
	return (struct str){ r->text, r->n };
}

/* ---- the format ---- */

/* A value while it is put together. */
struct value {
	size_t n;
	bool is_number; /* nothing but numbers and dots so far */
	bool any;
	bool cut;
	char text[RECORD_VALUE_BYTES];
};

static void append(struct value *v, struct str s)
{
	size_t room = sizeof(v->text) - v->n;

	v->cut |= s.n > room;
	if (s.n > room)
		s.n = room;
	if (s.n)
		memcpy(v->text + v->n, s.p, s.n);
	v->n += s.n;
}

/* A conversion: %[0][width][.precision][length]type. */
struct conversion {
	bool zeros;
	int width;
	int precision; /* -1: none */
	char length;   /* 'l' also for ll, z, j and t, which are 64 bits wide here; 'h', or 0 */
	char type;
};

static int take_digits(const char **p)
{
	int n = 0;

	while (**p >= '0' && **p <= '9' && n < 1000)
		n = n * 10 + *(*p)++ - '0';
	return n;
}

/* Reads one from behind its %; with .* the precision is an argument. */
static struct conversion take_conversion(const char **p, va_list *ap)
{
	struct conversion c = { .precision = -1 };

	c.zeros = **p == '0';
	c.width = take_digits(p);
	if (**p == '.') {
		++*p;
		c.precision = **p == '*' ? va_arg(*ap, int) : take_digits(p);
		*p += **p == '*';
	}
	while (**p && strchr("hlzjt", **p))
		c.length = *(*p)++ == 'h' ? 'h' : 'l';
	c.type = **p;
	*p += **p != '\0';
	return c;
}

_Static_assert(sizeof(long) == 8 && sizeof(long long) == 8 && sizeof(size_t) == 8,
	       "every length but h means 64 bits");

/* The digits of number at the end of text, at least `width` of them. */
static struct str put_digits(unsigned long long number, unsigned int base, int width,
			     char text[static 32])
{
	int at = 32;

	do {
		text[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (at && (number || 32 - at < width));
	return (struct str){ text + at, (size_t)(32 - at) };
}

static void append_integer(struct value *v, const struct conversion *c, va_list *ap)
{
	bool is_signed = c->type == 'd' || c->type == 'i';
	unsigned long long number;
	char text[32] = "";
	/* Blanks in front would be of no use: a width without zeros is none. */
	int width = !c->zeros ? 1 : c->width < 20 ? c->width : 20;

	if (c->length == 'l')
		number = va_arg(*ap, unsigned long long);
	else if (is_signed)
		number = (unsigned long long)va_arg(*ap, int);
	else
		number = va_arg(*ap, unsigned int);
	if (is_signed && (long long)number < 0) {
		append(v, STR("-"));
		number = 0 - number;
	}
	append(v, put_digits(number, c->type == 'x' ? 16 : 10, width, text));
	/* 0 in front makes no number in JSON, unless there is something before it. */
	v->is_number &= c->type != 'x' && (v->any || !c->zeros);
}

static void append_text(struct value *v, const struct conversion *c, va_list *ap)
{
	const char *text = va_arg(*ap, const char *);

	if (!text)
		text = "(null)";
	append(v, (struct str){ text, c->precision >= 0 ? strnlen(text, (size_t)c->precision)
							: strlen(text) });
	v->is_number = false;
}

static void append_argument(struct value *v, const char **p, va_list *ap)
{
	struct conversion c = take_conversion(p, ap);
	char one;

	switch (c.type) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
		append_integer(v, &c, ap);
		break;
	case 's':
		append_text(v, &c, ap);
		break;
	case 'c':
		one = (char)va_arg(*ap, int);
		append(v, (struct str){ &one, 1 });
		v->is_number = false;
		break;
	case '%':
		append(v, STR("%"));
		v->is_number = false;
		break;
	default:
		/* What it is an argument of is not known, and so nothing behind it. */
		append(v, STR("?"));
		v->is_number = false;
		*p += strlen(*p);
	}
	v->any = true;
}

/* Up to the blank that ends it, or the quote. */
static void take_value(struct value *v, const char **p, va_list *ap)
{
	bool quoted = **p == '"';

	v->n = 0;
	v->cut = v->any = false;
	v->is_number = !quoted;
	*p += quoted;
	while (**p && **p != (quoted ? '"' : ' ')) {
		const char *at = *p;

		if (*at == '%') {
			++*p;
			append_argument(v, p, ap);
			continue;
		}
		append(v, (struct str){ at, 1 });
		v->is_number &= *at == '.' && v->any;
		++*p;
	}
	*p += quoted && **p == '"';
	v->is_number &= v->any;
}

void record_vputf(struct record *r, const char *format, va_list ap)
{
	struct value v;
	va_list arguments;

	va_copy(arguments, ap);
	for (const char *p = format; *p;) {
		struct str key = { p, strcspn(p, "= ") };

		if (!key.n) {
			p++;
			continue;
		}
		p += key.n;
		p += *p == '=';
		take_value(&v, &p, &arguments);
		record_put(r, key, (struct str){ v.text, v.n }, v.is_number);
		r->truncated |= v.cut;
		p += *p == ' ';
	}
	va_end(arguments);
}

void record_putf(struct record *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	record_vputf(r, format, ap);
	va_end(ap);
}
