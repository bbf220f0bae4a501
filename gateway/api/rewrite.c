#include "api/rewrite.h"

#include <strings.h>

/* Takes `wanted` off the front of *raw, reading `\/` as '/'; leaves *raw alone if it is not there.
 * Letters compare without case when `nocase`: schemes and hosts do, paths do not. */
static bool take(struct str *raw, struct str wanted, bool nocase)
{
	struct str rest = *raw;

	for (size_t i = 0; i < wanted.n; i++) {
		if (rest.n >= 2 && wanted.p[i] == '/' && rest.p[0] == '\\' && rest.p[1] == '/')
			rest = str_slice(rest, 1, rest.n);
		if (!rest.n)
			return false;
		if (nocase ? strncasecmp(rest.p, &wanted.p[i], 1) != 0 : rest.p[0] != wanted.p[i])
			return false;
		rest = str_slice(rest, 1, rest.n);
	}
	*raw = rest;
	return true;
}

static bool is_link_name(const struct link_rules *rules, struct str name)
{
	for (size_t i = 0; i < rules->names_n; i++)
		if (str_eq(rules->names[i], name))
			return true;
	return false;
}

size_t rewrite_prefix(const struct link_rules *rules, struct str name, struct str raw)
{
	struct str rest = raw;

	if (!is_link_name(rules, name))
		return 0;
	if (!take(&rest, STR("https://"), true) && !take(&rest, STR("http://"), true))
		return 0;
	/* One host may be the beginning of another (`a:80`, `a:8080`): the root must follow. */
	for (size_t i = 0; i < rules->hosts_n; i++) {
		struct str path = rest;

		if (take(&path, rules->hosts[i], true) && take(&path, rules->root, false))
			return (size_t)(path.p - raw.p);
	}
	return 0;
}

void rewrite_put(struct buf *b, struct str neutral, struct str base, struct str root)
{
	while (neutral.n) {
		size_t at = str_find(neutral, LINK_MARK);

		buf_put(b, str_slice(neutral, 0, at));
		if (at == neutral.n)
			return;
		buf_put(b, base);
		buf_put(b, root);
		neutral = str_slice(neutral, at + 1, neutral.n);
	}
}
