#include "policy/composed.h"

#include "base/limits.h"
#include "http/date.h"

#define VERSION STR("1")

/* The lines before the body. */
#define LINES_BYTES 1024

struct composed_part composed_part_of(const struct entry *e)
{
	return (struct composed_part){
		.sum = { e->sum, HASH_HEX_BYTES },
		.kind = e->kind,
		.count = e->count,
		.fetched = e->fetched,
		.fresh_until = e->fresh_until,
		.usable_until = e->usable_until,
	};
}

/* ---- written ---- */

static void put_moment(struct buf *b, struct wall t)
{
	char text[DATE_ISO_BYTES];

	date_put_iso(t, text);
	buf_put_char(b, ' ');
	buf_put(b, (struct str){ text, sizeof(text) });
}

static void put_part(struct buf *b, const struct composed_part *part)
{
	buf_put(b, entry_kind_word(part->kind));
	buf_put_char(b, ' ');
	buf_put(b, part->sum);
	buf_put_char(b, ' ');
	buf_put_u64(b, (uint64_t)part->count);
	put_moment(b, part->fetched);
	put_moment(b, part->fresh_until);
	put_moment(b, part->usable_until);
	buf_put_char(b, '\n');
}

void composed_write(const struct composed *c, struct buf *ret)
{
	struct buf rest = buf_init(LINES_BYTES + c->body.n);
	char check[HASH_HEX_BYTES];

	buf_putf(&rest, "%s %zu %.*s\n", encoding_name(c->coding), c->length, STR_ARG(c->hash));
	for (size_t i = 0; i < c->parts_n; i++)
		put_part(&rest, &c->parts[i]);
	buf_put_char(&rest, '\n');
	buf_put(&rest, c->body);
	hash_hex(buf_str(&rest), check);
	buf_put(ret, VERSION);
	buf_put_char(ret, ' ');
	buf_put(ret, (struct str){ check, sizeof(check) });
	buf_put_char(ret, '\n');
	buf_put(ret, buf_str(&rest));
	ret->failed |= rest.failed;
	buf_release(&rest);
}

/* ---- read ---- */

static bool is_hash(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!((text.p[i] >= '0' && text.p[i] <= '9') ||
		      (text.p[i] >= 'a' && text.p[i] <= 'f')))
			return false;
	return text.n == HASH_HEX_BYTES;
}

/* The version's line, and whether all behind it is what was written. */
static bool read_check(struct str *rest)
{
	struct str line = str_cut(rest, '\n');
	char check[HASH_HEX_BYTES];

	if (!str_eq(str_cut(&line, ' '), VERSION))
		return false;
	hash_hex(*rest, check);
	return str_eq(line, (struct str){ check, sizeof(check) });
}

static bool read_coding(struct str word, enum coding *ret)
{
	for (enum coding c = 0; c < CODING_COUNT; c++) {
		if (str_eq(word, str_from(encoding_name(c)))) {
			*ret = c;
			return true;
		}
	}
	return false;
}

static bool read_form(struct str line, struct composed *ret)
{
	int64_t length;

	if (!read_coding(str_cut(&line, ' '), &ret->coding) ||
	    !str_to_i64(str_cut(&line, ' '), &length) || length < 0 ||
	    length > (int64_t)LIMIT_ANSWER_BYTES)
		return false;
	ret->length = (size_t)length;
	ret->hash = line;
	return is_hash(line);
}

static bool read_part(struct str line, struct composed_part *ret)
{
	struct str kind = str_cut(&line, ' ');

	if (!entry_kind_parse(kind, &ret->kind) || ret->kind == ENTRY_REFUSAL)
		return false;
	ret->sum = str_cut(&line, ' ');
	return is_hash(ret->sum) && str_to_i64(str_cut(&line, ' '), &ret->count) &&
	       ret->count >= 0 && date_parse_iso(str_cut(&line, ' '), &ret->fetched) &&
	       date_parse_iso(str_cut(&line, ' '), &ret->fresh_until) &&
	       date_parse_iso(line, &ret->usable_until);
}

bool composed_read(struct str value, struct composed *ret)
{
	struct str rest = value;
	struct str line;

	*ret = (struct composed){ .parts_n = 0 };
	if (!read_check(&rest) || !read_form(str_cut(&rest, '\n'), ret))
		return false;
	while ((line = str_cut(&rest, '\n')).n) {
		if (ret->parts_n == COMPOSED_PARTS || !read_part(line, &ret->parts[ret->parts_n++]))
			return false;
	}
	ret->body = rest;
	return ret->parts_n && (ret->coding != CODING_IDENTITY || rest.n == ret->length);
}
