#include "http/condition.h"

struct tag {
	struct str opaque; /* with its quotes */
	bool weak;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What stands between the quotes: visible characters and obs-text (section 8.8.3). */
static bool is_etagc(char c)
{
	return (unsigned char)c > ' ' && c != '"' && (unsigned char)c != 0x7F;
}

/* Takes one tag, and the comma behind it, off the list; false at its end or where it breaks. Tags
 * may hold commas, so it cannot be cut at these. */
static bool next_tag(struct str *rest, struct tag *ret)
{
	struct str s = *rest;
	size_t end = 1;

	while (s.n && (is_blank(s.p[0]) || s.p[0] == ','))
		s = str_slice(s, 1, s.n);
	ret->weak = str_starts(s, STR("W/"));
	if (ret->weak)
		s = str_slice(s, 2, s.n);
	if (!s.n || s.p[0] != '"')
		return false;
	while (end < s.n && is_etagc(s.p[end]))
		end++;
	if (end == s.n || s.p[end] != '"')
		return false;
	ret->opaque = str_slice(s, 0, end + 1);
	s = str_slice(s, end + 1, s.n);
	while (s.n && is_blank(s.p[0]))
		s = str_slice(s, 1, s.n);
	*rest = s;
	return !s.n || s.p[0] == ',';
}

/* Is `etag`, which is strong, or the star in `list`? */
static bool matches(struct str list, struct str etag, bool weakly)
{
	struct tag tag;

	if (str_eq(str_trim(list), STR("*")))
		return true;
	while (next_tag(&list, &tag))
		if ((weakly || !tag.weak) && str_eq(tag.opaque, etag))
			return true;
	return false;
}

enum condition condition_of(const struct request *req, struct str etag)
{
	if (req->if_match.n && !matches(req->if_match, etag, false))
		return CONDITION_FAILED;
	if (req->if_none_match.n && matches(req->if_none_match, etag, true))
		return CONDITION_NOT_MODIFIED;
	return CONDITION_HOLDS;
}
