#include "api/fresh_rules.h"

#include "base/units.h"

#include <ctype.h>

#define KEY "fresh_when"

/* The rules so far, and the one that is being read. */
struct reading {
	struct reader *reader;
	const struct layer *at;
	struct str text;
	struct fresh_rule rule;

	struct fresh_rule *rules;
	size_t rules_n;
	struct str *paths;
	size_t paths_n;
};

/* Reports a fault of the rule that is being read, by its text. False, to be passed on. */
static bool refuse(struct reading *g, const char *what, struct str word)
{
	reader_complain(g->reader, g->at, KEY, NULL, "\"%.*s\": \"%.*s\" %s", STR_ARG(g->text),
			STR_ARG(word), what);
	return false;
}

static bool is_plain(char c, const char *also)
{
	return isalnum((unsigned char)c) || (c && strchr(also, c));
}

/* Pieces with `separator` between them, each at least one letter, digit or one of `also`. */
static bool are_pieces(struct str text, char separator, const char *also)
{
	bool begun = false;

	for (size_t i = 0; i < text.n; i++) {
		if (!is_plain(text.p[i], also) && (text.p[i] != separator || !begun))
			return false;
		begun = text.p[i] != separator;
	}
	return begun;
}

/* ---- conditions ---- */

static bool read_path(struct reading *g, struct str path, size_t *ret)
{
	size_t i = 0;

	if (!are_pieces(path, '.', "_"))
		return refuse(g, "is no path of JSON members such as status.id", path);
	while (i < g->paths_n && !str_eq(g->paths[i], path))
		i++;
	if (i == FRESH_PATHS_MAX)
		return refuse(g, "is one path too many", path);
	if (i == g->paths_n)
		g->paths[g->paths_n++] = path;
	*ret = i;
	return true;
}

/* `-15m`, `+2h`; nothing is `open`. */
static bool read_edge(struct str text, int64_t open, int64_t *ret)
{
	int64_t ms;

	*ret = open;
	if (!text.n)
		return true;
	if (!duration_parse(str_slice(text, 1, text.n), &ms))
		return false;
	*ret = text.p[0] == '-' ? -ms : ms;
	return text.p[0] == '-' || text.p[0] == '+';
}

static bool read_band(struct reading *g, struct str text, struct fresh_term *ret)
{
	static const struct str dots = STR("..");
	size_t at = 0;

	while (at < text.n && !str_starts(str_slice(text, at, text.n), dots))
		at++;
	if (at == text.n || text.n == dots.n ||
	    !read_edge(str_slice(text, 0, at), -FRESH_EVER_MS, &ret->from_ms) ||
	    !read_edge(str_slice(text, at + dots.n, text.n), FRESH_EVER_MS, &ret->to_ms))
		return refuse(g, "is no band such as -15m..+2h, -1d.. or ..+1d", text);
	if (ret->from_ms >= ret->to_ms)
		return refuse(g, "ends before it begins", text);
	return true;
}

static bool read_values(struct reading *g, struct str text, struct fresh_term *ret)
{
	ret->values = text;
	return are_pieces(text, ',', "_.+-") ||
	       refuse(g, "is no list of values such as 3,4,7", text);
}

/* A path, what it is asked for, and the answer: `net:-15m..+15m`, `status.id=6`. */
static bool read_term(struct reading *g, struct str word, struct fresh_term *ret)
{
	static const struct {
		struct str sign;
		enum fresh_test test;
		bool (*read)(struct reading *g, struct str text, struct fresh_term *ret);
	} tests[] = {
		{ STR(":"), FRESH_NEAR, read_band },
		{ STR("="), FRESH_IS, read_values },
		{ STR("!="), FRESH_IS_NOT, read_values },
	};
	size_t n = 0;

	while (n < word.n && is_plain(word.p[n], "_."))
		n++;
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		struct str sign = tests[i].sign;
		struct str rest = str_slice(word, n, word.n);

		if (!str_starts(rest, sign))
			continue;
		ret->test = tests[i].test;
		return read_path(g, str_slice(word, 0, n), &ret->path) &&
		       tests[i].read(g, str_slice(rest, sign.n, rest.n), ret);
	}
	return refuse(g, "is no condition such as net:-15m..+2h, status.id=6 or list", word);
}

static bool read_condition(struct reading *g, struct str word)
{
	struct fresh_rule *rule = &g->rule;

	if (str_eq(word, STR("list"))) {
		rule->lists_only = true;
		return true;
	}
	if (rule->terms_n == FRESH_TERMS_MAX)
		return refuse(g, "is one condition too many", word);
	return read_term(g, word, &rule->terms[rule->terms_n++]);
}

/* ---- rules ---- */

static bool read_time(struct reading *g, struct str word)
{
	int64_t ms;

	if (!duration_parse(word, &ms) || !ms)
		return refuse(g, "is no time such as 90s or 5m", word);
	g->rule.fresh_ms = reader_scaled(g->reader, ms);
	return true;
}

static bool read_rule(struct reading *g)
{
	struct str rest = g->text;
	struct str word = str_cut_word(&rest);

	g->rule = (struct fresh_rule){ .terms_n = 0 };
	if (!read_time(g, word))
		return false;
	if (!rest.n)
		return refuse(g, "has no condition; what is fresh without one says `fresh`", word);
	for (word = str_cut_word(&rest); word.n; word = str_cut_word(&rest))
		if (!read_condition(g, word))
			return false;
	return true;
}

static void add_rule(struct reading *g)
{
	if (g->rules_n == FRESH_RULES_MAX)
		refuse(g, "is one rule too many", g->text);
	else
		g->rules[g->rules_n++] = g->rule;
}

static void read_layer(struct reading *g, const struct layer *at)
{
	const struct view own = view_of(at->object, at->section, at->name);
	size_t n;
	const struct str *texts = read_list(g->reader, &own, KEY, &n);

	g->at = at;
	for (size_t i = 0; texts && i < n; i++) {
		g->text = texts[i];
		if (read_rule(g))
			add_rule(g);
	}
}

struct fresh_rules fresh_rules_read(struct reader *r, const struct view *v)
{
	struct reading g = { .reader = r };
	const struct layer *at;

	if (!view_member(v, KEY, &at))
		return (struct fresh_rules){ .n = 0 };
	g.rules = reader_array(r, FRESH_RULES_MAX, sizeof(*g.rules));
	g.paths = reader_array(r, FRESH_PATHS_MAX, sizeof(*g.paths));
	for (size_t i = 0; g.rules && g.paths && i < v->n; i++)
		read_layer(&g, &v->layers[i]);
	return (struct fresh_rules){ g.rules, g.rules_n, g.paths, g.paths_n };
}
