#include "api/filters.h"

#include "base/buf.h"

#include <ctype.h>
#include <stdio.h>

#define NAME_BYTES 256

static const char *const lookup_words[LOOKUP_COUNT] = {
#define X(name, word) [LOOKUP_##name] = (word),
	LOOKUPS(X)
#undef X
};

const char *lookup_word(enum filter_lookup lookup)
{
	return lookup_words[lookup];
}

static enum filter_lookup lookup_named(struct str word)
{
	for (size_t i = 0; i < LOOKUP_COUNT; i++)
		if (str_eq(str_from(lookup_words[i]), word))
			return (enum filter_lookup)i;
	return LOOKUP_COUNT;
}

/* What is being declared. */
struct declaration {
	struct reader *reader;
	const struct layer *at;
	const json_t *families;
	const char *name;
	struct value_rule rule;
	struct param *params;
	size_t n;
};

/* Reports a fault and counts for nothing. */
#define complain(d, ...) reader_complain((d)->reader, (d)->at, "filters", (d)->name, __VA_ARGS__)

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return name.n > 0;
}

static bool is_path(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (!isalnum((unsigned char)path.p[i]) && !strchr("_.[]", path.p[i]))
			return false;
	return path.n > 0;
}

/* `a__b__c` looks at a.b.c unless its declaration says otherwise. */
static struct str path_of(struct reader *r, struct str name)
{
	struct buf b = buf_init(NAME_BYTES);
	struct str path;

	for (size_t i = 0; i < name.n; i++) {
		bool dot = i + 1 < name.n && name.p[i] == '_' && name.p[i + 1] == '_';

		buf_put(&b, dot ? STR(".") : str_slice(name, i, i + 1));
		i += dot;
	}
	path = reader_keep(r, buf_str(&b));
	buf_release(&b);
	return path;
}

/* Takes `-> path` off the end of *text. False if what follows the arrow is no path. */
static bool cut_path(struct reader *r, struct str *text, struct str name, struct str *ret)
{
	static const struct str arrow = STR("->");
	size_t at = 0;
	struct str path;

	while (at < text->n && !str_starts(str_slice(*text, at, text->n), arrow))
		at++;
	if (at == text->n) {
		*ret = path_of(r, name);
		return true;
	}
	path = str_trim(str_slice(*text, at + arrow.n, text->n));
	text->n = at;
	*ret = str_eq(path, STR("?")) ? STR("") : reader_keep(r, path);
	return is_path(path) || str_eq(path, STR("?"));
}

static void add(struct declaration *d, struct str suffix, enum filter_lookup lookup)
{
	struct buf name = buf_init(NAME_BYTES);

	buf_put(&name, str_from(d->name));
	buf_put(&name, suffix);
	if (d->n == FILTER_PARAMS_MAX)
		complain(d, "it declares more than %d parameters", FILTER_PARAMS_MAX);
	else
		d->params[d->n++] = (struct param){ .name = reader_keep(d->reader, buf_str(&name)),
						    .rule = d->rule,
						    .lookup = lookup };
	buf_release(&name);
}

/* `=`, `=month`, `__gte`. */
static void read_word(struct declaration *d, struct str word)
{
	bool bare = str_starts(word, STR("="));
	struct str lookup = str_slice(word, bare, word.n);

	if (bare && !lookup.n) {
		add(d, lookup, d->rule.many == VALUE_ONE ? LOOKUP_EXACT : LOOKUP_IN);
		return;
	}
	while (str_starts(lookup, STR("_")))
		lookup = str_slice(lookup, 1, lookup.n);
	if (lookup_named(lookup) == LOOKUP_COUNT || (!bare && lookup.n == word.n))
		complain(d, "\"%.*s\" is neither a lookup nor a name for some", STR_ARG(word));
	else
		add(d, bare ? STR("") : word, lookup_named(lookup));
}

static void read_words(struct declaration *d, struct str words)
{
	for (struct str word = str_cut_word(&words); word.n; word = str_cut_word(&words))
		read_word(d, word);
}

/* The words after the type; those of a family stand for what it lists. */
static void read_lookups(struct declaration *d, struct str words)
{
	if (!str_trim(words).n)
		words = STR("=");
	for (struct str word = str_cut_word(&words); word.n; word = str_cut_word(&words)) {
		char family[64];
		const json_t *listed;

		snprintf(family, sizeof(family), "%.*s", STR_ARG(word));
		listed = json_object_get(d->families, family);
		if (listed)
			read_words(d, str_from(json_string_value(listed)));
		else
			read_word(d, word);
	}
}

static bool read_type(struct declaration *d, struct str *rest)
{
	struct str word = str_cut_word(rest);

	if (str_eq(word, STR("csv")))
		d->rule.many = VALUE_LIST;
	else if (str_eq(word, STR("any")))
		d->rule.many = VALUE_ANY;
	if (d->rule.many != VALUE_ONE)
		word = str_cut_word(rest);
	d->rule.type = value_type_named(word);
	if (d->rule.type == VALUE_TYPE_COUNT)
		complain(d, "there is no type \"%.*s\"", STR_ARG(word));
	else if (d->rule.many != VALUE_ONE && !value_can_be_many(d->rule.type))
		complain(d, "there are no lists of \"%.*s\"", STR_ARG(word));
	else
		return true;
	return false;
}

size_t filter_read(struct reader *r, const struct layer *at, const json_t *families,
		   const char *name, const json_t *declaration,
		   struct param params[static FILTER_PARAMS_MAX])
{
	struct declaration d = { r, at, families, name, { .type = VALUE_STRING }, params, 0 };
	struct str text = str_from(json_string_value(declaration));
	struct str path;

	if (!is_name(str_from(name))) {
		complain(&d, "the name of a parameter has letters, digits and _ only");
		return 0;
	}
	if (!json_is_string(declaration)) {
		complain(&d, "a text such as \"int = __gt __lt\" is needed here");
		return 0;
	}
	if (!cut_path(r, &text, str_from(name), &path)) {
		complain(&d, "what follows -> is no path of JSON members");
		return 0;
	}
	if (!read_type(&d, &text))
		return 0;
	read_lookups(&d, text);
	for (size_t i = 0; i < d.n; i++)
		params[i].path = path;
	return d.n;
}

struct field field_read(struct reader *r, const struct layer *at, const char *member,
			struct str declaration)
{
	struct str rest = declaration;
	struct str words = declaration;
	struct field f = { .name = str_cut_word(&words) };

	if (!is_name(f.name) || !cut_path(r, &rest, f.name, &f.path) ||
	    !str_eq(str_trim(rest), f.name))
		reader_complain(r, at, member, NULL,
				"\"%.*s\" is no field such as \"net\" or \"status -> status.id\"",
				STR_ARG(declaration));
	return f;
}
