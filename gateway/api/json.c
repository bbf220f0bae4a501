#include "api/json.h"

#include "api/rewrite.h"
#include "base/utf8.h"

/* What the grammar allows next. */
enum expect {
	EXPECT_VALUE,
	EXPECT_FIRST_ELEMENT, /* a value or ] */
	EXPECT_FIRST_NAME,    /* a name or } */
	EXPECT_NEXT,	      /* a comma or the container's end */
	EXPECT_END,
	EXPECT_NOTHING, /* it failed */
};

struct json json_init(struct str text)
{
	return (struct json){ .text = text, .expect = EXPECT_VALUE };
}

struct json json_init_neutral(struct str text)
{
	return (struct json){ .text = text, .neutral = true, .expect = EXPECT_VALUE };
}

static int peek(const struct json *j)
{
	return j->at < j->text.n ? (unsigned char)j->text.p[j->at] : -1;
}

static void skip_white_space(struct json *j)
{
	int c = peek(j);

	while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		j->at++;
		c = peek(j);
	}
}

static struct json_token error(struct json *j)
{
	j->expect = EXPECT_NOTHING;
	return (struct json_token){ .kind = TOKEN_ERROR, .depth = j->depth, .at = j->at };
}

static struct json_token token(const struct json *j, enum json_kind kind, size_t from, size_t to)
{
	return (struct json_token){
		.kind = kind, .depth = j->depth, .raw = str_slice(j->text, from, to), .at = from
	};
}

/* A value has ended: what may follow it. */
static void value_done(struct json *j)
{
	j->expect = j->depth ? EXPECT_NEXT : EXPECT_END;
}

static int hex4(const struct json *j, size_t at)
{
	int value = 0;

	if (j->text.n - at < 4)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		char c = j->text.p[i];

		value <<= 4;
		if (c >= '0' && c <= '9')
			value |= c - '0';
		else if (c >= 'a' && c <= 'f')
			value |= c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			value |= c - 'A' + 10;
		else
			return -1;
	}
	return value;
}

static bool is_surrogate(int code, int first)
{
	return code >= first && code < first + 0x400;
}

/* j->at stands behind a backslash; moves behind the escape. */
static bool read_escape(struct json *j)
{
	int c = peek(j);
	int code;

	if (c < 0 || !memchr("\"\\/bfnrtu", c, 9))
		return false;
	j->at++;
	if (c != 'u')
		return true;
	code = hex4(j, j->at);
	if (code < 0 || is_surrogate(code, 0xDC00))
		return false;
	j->at += 4;
	if (!is_surrogate(code, 0xD800))
		return true;
	/* The first half of a pair is nothing without the second. */
	if (!str_starts(str_slice(j->text, j->at, j->text.n), STR("\\u")) ||
	    !is_surrogate(hex4(j, j->at + 2), 0xDC00))
		return false;
	j->at += 6;
	return true;
}

/* j->at stands behind the opening quote; on success behind the closing one. */
static bool read_string(struct json *j)
{
	for (;;) {
		int c = peek(j);

		if (c < 0x20 && !(c == LINK_MARK && j->neutral)) /* the end of the text included */
			return false;
		if (c == '"') {
			j->at++;
			return true;
		}
		if (c == '\\') {
			j->at++;
			if (!read_escape(j))
				return false;
		} else if (c < 0x80) {
			j->at++;
		} else {
			size_t n = utf8_char(str_slice(j->text, j->at, j->text.n));

			if (!n)
				return false;
			j->at += n;
		}
	}
}

static bool read_digits(struct json *j)
{
	size_t from = j->at;

	while (peek(j) >= '0' && peek(j) <= '9')
		j->at++;
	return j->at > from;
}

static bool read_number(struct json *j)
{
	if (peek(j) == '-')
		j->at++;
	if (peek(j) == '0')
		j->at++;
	else if (!read_digits(j))
		return false;
	if (peek(j) == '.') {
		j->at++;
		if (!read_digits(j))
			return false;
	}
	if (peek(j) == 'e' || peek(j) == 'E') {
		j->at++;
		if (peek(j) == '+' || peek(j) == '-')
			j->at++;
		if (!read_digits(j))
			return false;
	}
	return true;
}

static struct json_token open_container(struct json *j, enum json_kind kind)
{
	struct json_token t = token(j, kind, j->at, j->at + 1);

	if (j->depth == LIMIT_JSON_DEPTH)
		return error(j);
	j->inside[j->depth++] = (unsigned char)j->text.p[j->at++];
	j->expect = kind == TOKEN_OBJECT ? EXPECT_FIRST_NAME : EXPECT_FIRST_ELEMENT;
	return t;
}

static struct json_token close_container(struct json *j)
{
	bool object = j->inside[j->depth - 1] == '{';

	if (peek(j) != (object ? '}' : ']'))
		return error(j);
	j->depth--;
	j->at++;
	value_done(j);
	return token(j, object ? TOKEN_OBJECT_END : TOKEN_ARRAY_END, j->at - 1, j->at);
}

static struct json_token read_name(struct json *j)
{
	size_t from = j->at + 1;
	struct json_token t;

	if (peek(j) != '"')
		return error(j);
	j->at++;
	if (!read_string(j))
		return error(j);
	t = token(j, TOKEN_NAME, from, j->at - 1);
	skip_white_space(j);
	if (peek(j) != ':')
		return error(j);
	j->at++;
	j->expect = EXPECT_VALUE;
	return t;
}

static struct json_token read_word(struct json *j, enum json_kind kind, struct str word)
{
	size_t from = j->at;

	if (!str_starts(str_slice(j->text, j->at, j->text.n), word))
		return error(j);
	j->at += word.n;
	value_done(j);
	return token(j, kind, from, j->at);
}

static struct json_token read_value(struct json *j)
{
	size_t from = j->at;

	switch (peek(j)) {
	case '{':
		return open_container(j, TOKEN_OBJECT);
	case '[':
		return open_container(j, TOKEN_ARRAY);
	case '"':
		j->at++;
		if (!read_string(j))
			return error(j);
		value_done(j);
		return token(j, TOKEN_STRING, from + 1, j->at - 1);
	case 't':
		return read_word(j, TOKEN_TRUE, STR("true"));
	case 'f':
		return read_word(j, TOKEN_FALSE, STR("false"));
	case 'n':
		return read_word(j, TOKEN_NULL, STR("null"));
	default:
		if (!read_number(j))
			return error(j);
		value_done(j);
		return token(j, TOKEN_NUMBER, from, j->at);
	}
}

struct json_token json_next(struct json *j)
{
	skip_white_space(j);
	switch ((enum expect)j->expect) {
	case EXPECT_NEXT:
		if (peek(j) != ',')
			return close_container(j);
		j->at++;
		skip_white_space(j);
		return j->inside[j->depth - 1] == '{' ? read_name(j) : read_value(j);
	case EXPECT_VALUE:
		return read_value(j);
	case EXPECT_FIRST_ELEMENT:
		return peek(j) == ']' ? close_container(j) : read_value(j);
	case EXPECT_FIRST_NAME:
		return peek(j) == '}' ? close_container(j) : read_name(j);
	case EXPECT_END:
		if (j->at == j->text.n)
			return token(j, TOKEN_END, j->at, j->at);
		return error(j);
	case EXPECT_NOTHING:
		break;
	}
	return error(j);
}

bool json_skip(struct json *j, struct json_token token)
{
	if (token.kind != TOKEN_OBJECT && token.kind != TOKEN_ARRAY)
		return token.kind > TOKEN_END;
	for (;;) {
		struct json_token t = json_next(j);

		if (t.kind <= TOKEN_END)
			return false;
		if ((t.kind == TOKEN_OBJECT_END || t.kind == TOKEN_ARRAY_END) &&
		    t.depth == token.depth)
			return true;
	}
}
