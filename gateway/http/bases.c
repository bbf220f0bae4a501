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

/* bases->n: there is none. */
static size_t find(const struct bases *bases, struct str host)
{
	size_t i = 0;

	if (!host.n)
		return bases->n;
	while (i < bases->n && !str_eq_nocase(bases_authority(bases->list[i]), host))
		i++;
	return i;
}

size_t bases_place(const struct bases *bases, struct str forwarded_host, struct str host)
{
	size_t place = find(bases, forwarded_host);

	if (place == bases->n)
		place = find(bases, host);
	return place < bases->n ? place : 0;
}

struct str bases_pick(const struct bases *bases, struct str forwarded_host, struct str host)
{
	return bases->list[bases_place(bases, forwarded_host, host)];
}
