#include "policy/purge.h"

#include <ctype.h>

#define UUID_BYTES 36

const char *const purge_mode_words[PURGE_MODES] = {
	[PURGE_INVALIDATE] = "invalidate",
	[PURGE_DELETE] = "delete",
};

const char *const purge_scope_words[PURGE_SCOPES] = {
	[PURGE_ALL] = "all",
	[PURGE_TARGET] = "target",
	[PURGE_ENDPOINT] = "endpoint",
	[PURGE_OBJECT] = "object",
};

void purge_put(struct buf *out, const struct purge *p)
{
	buf_putf(out, "%s %s", purge_mode_words[p->mode], purge_scope_words[p->scope]);
	if (p->scope == PURGE_ALL)
		return;
	buf_put_char(out, ' ');
	buf_put(out, p->what);
}

/* ---- ids ---- */

static bool is_uuid(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? id.p[i] != '-' : !isxdigit((unsigned char)id.p[i]))
			return false;
	}
	return id.n == UUID_BYTES;
}

static bool is_id(struct str id)
{
	return id.n > 0 && (str_is_digits(id) || is_uuid(id));
}

/* Splits `/2.3.0/launches/ID/` before the id. False: that is not what it is. */
static bool split_object(struct str path, struct str *ret_base, struct str *ret_id)
{
	size_t from;

	if (path.n < 2 || path.p[path.n - 1] != '/')
		return false;
	for (from = path.n - 1; from > 0 && path.p[from - 1] != '/'; from--)
		;
	*ret_base = str_slice(path, 0, from);
	*ret_id = str_slice(path, from, path.n - 1);
	return from > 1 && is_id(*ret_id);
}

/* Does the list of JSON ids (`430,166`, `"e3df...","..."`) hold this one? */
static bool holds(struct str ids, struct str id)
{
	while (ids.n) {
		struct str one = str_cut(&ids, ',');

		if (one.n == id.n + 2 && one.p[0] == '"')
			one = str_slice(one, 1, one.n - 1);
		if (str_eq(one, id))
			return true;
	}
	return false;
}

/* ---- lines ---- */

static bool find_word(struct str word, const char *const *words, size_t n, size_t *ret)
{
	for (*ret = 0; *ret < n; ++*ret)
		if (str_eq(word, str_from(words[*ret])))
			return true;
	return false;
}

static bool is_path(struct str what)
{
	return what.n > 1 && what.p[what.n - 1] == '/' && str_find(what, '?') == what.n;
}

bool purge_parse(struct str line, struct purge *ret)
{
	struct str rest = line;
	struct str mode = str_cut(&rest, ' ');
	struct str scope = str_cut(&rest, ' ');
	struct str base;
	struct str id;
	size_t m;
	size_t s;

	if (!find_word(mode, purge_mode_words, PURGE_MODES, &m) ||
	    !find_word(scope, purge_scope_words, PURGE_SCOPES, &s))
		return false;
	*ret = (struct purge){ (enum purge_mode)m, (enum purge_scope)s, rest };
	if (ret->scope == PURGE_ALL)
		return !rest.n && line.n == mode.n + 1 + scope.n;
	if (!str_starts(rest, STR("/")))
		return false;
	if (ret->scope == PURGE_ENDPOINT)
		return is_path(rest);
	return ret->scope == PURGE_TARGET || (is_path(rest) && split_object(rest, &base, &id));
}

/* ---- what is meant ---- */

static struct str path_of(struct str target)
{
	return str_slice(target, 0, str_find(target, '?'));
}

/* `base` itself, or an object below it. */
static bool is_of_endpoint(struct str base, struct str path)
{
	struct str parent;
	struct str id;

	return str_eq(path, base) || (split_object(path, &parent, &id) && str_eq(parent, base));
}

static bool is_of_object(struct str object, struct str path, struct str ids)
{
	struct str base = { NULL, 0 };
	struct str id = { NULL, 0 };
	struct str parent;
	struct str other;

	if (!split_object(object, &base, &id))
		return false;
	if (split_object(path, &parent, &other))
		return str_eq(other, id) && (is_uuid(id) || str_eq(parent, base));
	return (is_uuid(id) || str_starts(path, base)) && holds(ids, id);
}

bool purge_hits(const struct purge *p, struct str target, struct str ids)
{
	switch (p->scope) {
	case PURGE_ALL:
		return true;
	case PURGE_TARGET:
		return str_eq(target, p->what);
	case PURGE_ENDPOINT:
		return is_of_endpoint(p->what, path_of(target));
	case PURGE_OBJECT:
		return is_of_object(p->what, path_of(target), ids);
	case PURGE_SCOPES:
		break;
	}
	return false;
}
