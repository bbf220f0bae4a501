#include "http/bases.h"

static bool has_scheme(struct str base)
{
	return str_starts(base, STR("http://")) || str_starts(base, STR("https://"));
}

struct str bases_below_scheme(struct str base)
{
	str_cut(&base, '/');
	str_cut(&base, '/');
	return base;
}

struct str bases_authority(struct str base)
{
	struct str rest = bases_below_scheme(base);

	return str_cut(&rest, '/');
}

/* Bases are written into JSON strings and header fields unescaped. */
static bool is_plain(struct str base)
{
	for (size_t i = 0; i < base.n; i++) {
		char c = base.p[i];

		if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '<' || c == '>' ||
		    c == '?' || c == '#')
			return false;
	}
	return true;
}

const char *bases_parse(struct str list, struct bases *ret)
{
	struct bases bases = { .n = 0 };

	while (list.n) {
		struct str base = str_trim(str_cut(&list, ','));

		if (!base.n)
			continue;
		while (str_ends(base, STR("/")))
			base.n--;
		if (bases.n == BASES_MAX)
			return "too many base URLs";
		if (!has_scheme(base) || !bases_authority(base).n || !is_plain(base))
			return "a base URL is http:// or https://, a host, and perhaps a path";
		bases.list[bases.n++] = base;
	}
	if (!bases.n)
		return "at least one base URL is needed";
	*ret = bases;
	return NULL;
}

static const struct str *find(const struct bases *bases, struct str host)
{
	for (size_t i = 0; host.n && i < bases->n; i++)
		if (str_eq_nocase(bases_authority(bases->list[i]), host))
			return &bases->list[i];
	return NULL;
}

struct str bases_pick(const struct bases *bases, struct str forwarded_host, struct str host)
{
	const struct str *base = find(bases, forwarded_host);

	if (!base)
		base = find(bases, host);
	return base ? *base : bases->list[0];
}
