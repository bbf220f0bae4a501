#include "api/page.h"

#include "api/json.h"

/* A run over an object that copies it: what stands before `copied` is in `to` already. */
struct copy {
	struct json *json;
	const struct link_rules *rules;
	struct buf *to;
	size_t copied;
	struct str id; /* of the outermost object */
};

static void copy_up_to(struct copy *c, size_t at)
{
	buf_put(c->to, str_slice(c->json->text, c->copied, at));
	c->copied = at;
}

static void copy_string(struct copy *c, struct str name, struct json_token string)
{
	size_t prefix = rewrite_prefix(c->rules, name, string.raw);

	if (!prefix)
		return;
	copy_up_to(c, string.at);
	buf_put_char(c->to, LINK_MARK);
	c->copied += prefix;
}

/* `open` is the object's brace, just read. */
static bool copy_object(struct copy *c, struct json_token open)
{
	struct str name = { NULL, 0 };

	c->copied = open.at;
	for (;;) {
		struct json_token t = json_next(c->json);

		if (t.kind <= TOKEN_END)
			return false;
		if (t.kind == TOKEN_OBJECT_END && t.depth == open.depth)
			break;
		if (t.kind == TOKEN_STRING)
			copy_string(c, name, t);
		if (t.depth == open.depth + 1 && str_eq(name, STR("id")) &&
		    (t.kind == TOKEN_STRING || t.kind == TOKEN_NUMBER))
			c->id = t.raw;
		/* A name holds for the one value behind it, not for what an array holds. */
		name = t.kind == TOKEN_NAME ? t.raw : (struct str){ NULL, 0 };
	}
	copy_up_to(c, c->json->at);
	return true;
}

static bool garbage(struct fail *reterr, const char *why)
{
	return fail(reterr, FAULT_UPSTREAM_GARBAGE, "Upstream's answer cannot be used: %s.", why);
}

static bool read_results(struct json *j, struct json_token array, const struct link_rules *rules,
			 struct page *page, struct buf *objects, struct fail *reterr)
{
	size_t base = objects->n;

	if (array.kind != TOKEN_ARRAY)
		return garbage(reterr, "its results are not an array");
	for (;;) {
		struct copy copy = { .json = j, .rules = rules, .to = objects };
		struct json_token t = json_next(j);

		if (t.kind == TOKEN_ARRAY_END)
			return true;
		if (t.kind != TOKEN_OBJECT)
			return garbage(reterr, "a result is not an object");
		if (page->n == LIMIT_WINDOW_OBJECTS)
			return garbage(reterr, "it has too many results");
		if (page->n)
			buf_put_char(objects, ',');
		if (!copy_object(&copy, t))
			return garbage(reterr, "it is not JSON");
		page->ids[page->n] = copy.id;
		page->ends[page->n++] = (uint32_t)(objects->n - base);
	}
}

/* The members that a page must have, once each. */
enum member {
	MEMBER_COUNT,
	MEMBER_NEXT,
	MEMBER_PREVIOUS,
	MEMBER_RESULTS,
	MEMBER_OTHER,
};

static enum member member_named(struct str name)
{
	static const struct str names[MEMBER_OTHER] = {
		[MEMBER_COUNT] = STR("count"),
		[MEMBER_NEXT] = STR("next"),
		[MEMBER_PREVIOUS] = STR("previous"),
		[MEMBER_RESULTS] = STR("results"),
	};
	enum member m = 0;

	while (m < MEMBER_OTHER && !str_eq(names[m], name))
		m++;
	return m;
}

static bool is_link_or_null(struct json_token t)
{
	return t.kind == TOKEN_STRING || t.kind == TOKEN_NULL;
}

bool page_read(struct str text, const struct link_rules *rules, struct page *ret,
	       struct buf *objects, struct fail *reterr)
{
	struct json j = json_init(text);
	struct json_token t = json_next(&j);
	unsigned int seen = 0;

	ret->n = 0;
	if (t.kind != TOKEN_OBJECT)
		return garbage(reterr,
			       t.kind == TOKEN_ERROR ? "it is not JSON" : "it is not a page");
	for (t = json_next(&j); t.kind == TOKEN_NAME; t = json_next(&j)) {
		enum member m = member_named(t.raw);

		if (m != MEMBER_OTHER && seen & 1U << m)
			return garbage(reterr, "a member stands in it twice");
		seen |= 1U << m;
		t = json_next(&j);
		if (m == MEMBER_RESULTS) {
			if (!read_results(&j, t, rules, ret, objects, reterr))
				return false;
		} else if (m == MEMBER_COUNT && (!str_to_i64(t.raw, &ret->count) ||
						 ret->count < 0 || t.kind != TOKEN_NUMBER)) {
			return garbage(reterr, "its count is not a whole number");
		} else if ((m == MEMBER_NEXT || m == MEMBER_PREVIOUS) && !is_link_or_null(t)) {
			return garbage(reterr, "a link is not a string");
		} else if (!json_skip(&j, t)) {
			return garbage(reterr, "it is not JSON");
		}
	}
	if (t.kind != TOKEN_OBJECT_END || json_next(&j).kind != TOKEN_END)
		return garbage(reterr, "it is not JSON");
	if (~seen & ((1U << MEMBER_OTHER) - 1))
		return garbage(reterr, "it is not a page");
	if (objects->failed)
		return garbage(reterr, "it is too large");
	return true;
}

bool page_read_object(struct str text, const struct link_rules *rules, struct buf *object,
		      struct str *ret_id, struct fail *reterr)
{
	struct json j = json_init(text);
	struct copy copy = { .json = &j, .rules = rules, .to = object };
	struct json_token t = json_next(&j);

	if (t.kind != TOKEN_OBJECT)
		return garbage(reterr, "it is not a JSON object");
	if (!copy_object(&copy, t) || json_next(&j).kind != TOKEN_END)
		return garbage(reterr, "it is not JSON");
	if (object->failed)
		return garbage(reterr, "it is too large");
	*ret_id = copy.id;
	return true;
}
