#include "api/reader.h"

#include "api/json.h"
#include "base/units.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- places ---- */

static int line_at(struct str text, size_t at)
{
	int line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

/* Finds the member in the object that was just begun, and reads its value's first token. */
static bool find_member(struct json *j, const char *name, size_t *ret_at, struct json_token *ret)
{
	for (;;) {
		struct json_token key = json_next(j);

		if (key.kind != TOKEN_NAME)
			return false;
		*ret = json_next(j);
		if (str_eq(key.raw, str_from(name))) {
			*ret_at = key.at;
			return true;
		}
		if (!json_skip(j, *ret))
			return false;
	}
}

int json_line(struct str text, const char *const *path, size_t n)
{
	struct json j = json_init(text);
	struct json_token value = json_next(&j);
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (!path[i] || !path[i][0])
			continue;
		if (value.kind != TOKEN_OBJECT || !find_member(&j, path[i], &at, &value))
			break;
	}
	return line_at(text, at);
}

void reader_complain(struct reader *r, const struct layer *at, const char *member,
		     const char *inner, const char *format, ...)
{
	const char *const path[] = { at->section, at->name, member, inner };
	char key[256] = "";
	char what[256];
	size_t n = 0;
	va_list ap;

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]) && n < sizeof(key); i++)
		if (path[i] && path[i][0])
			n += (size_t)snprintf(key + n, sizeof(key) - n, "%s%s", n ? "." : "",
					      path[i]);
	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	r->report(r->ctx, r->file, json_line(r->text, path, sizeof(path) / sizeof(path[0])), key,
		  what);
	r->failed = true;
}

/* ---- views ---- */

struct view view_of(const json_t *object, const char *section, const char *name)
{
	return (struct view){ .layers = { { object, section, name } }, .n = 1 };
}

const json_t *view_member(const struct view *v, const char *name, const struct layer **ret_at)
{
	*ret_at = &v->layers[0];
	for (size_t i = 0; i < v->n; i++) {
		const json_t *value = json_object_get(v->layers[i].object, name);

		if (value) {
			*ret_at = &v->layers[i];
			return value;
		}
	}
	return NULL;
}

void check_members(struct reader *r, const struct layer *at, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)at->object, name, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (!known[i])
			reader_complain(r, at, name, NULL, "there is no such key");
	}
}

/* ---- memory ---- */

static const struct layer whole_table;

struct str reader_keep(struct reader *r, struct str s)
{
	struct str kept = arena_dup(r->arena, s);

	if (!kept.p)
		reader_complain(r, &whole_table, "", NULL, "the table is too large");
	return kept.p ? kept : STR("");
}

void *reader_array(struct reader *r, size_t n, size_t size)
{
	void *array = arena_array(r->arena, n + 1, size);

	if (!array)
		reader_complain(r, &whole_table, "", NULL, "the table is too large");
	return array;
}

/* ---- members ---- */

static struct str text_of(const json_t *value)
{
	return (struct str){ json_string_value(value), json_string_length(value) };
}

struct str read_optional_text(struct reader *r, const struct view *v, const char *name)
{
	const struct layer *at;
	const json_t *value = view_member(v, name, &at);

	if (!value)
		return STR("");
	if (!json_is_string(value) || !json_string_length(value)) {
		reader_complain(r, at, name, NULL, "a text is needed here");
		return STR("");
	}
	return reader_keep(r, text_of(value));
}

struct str read_text(struct reader *r, const struct view *v, const char *name)
{
	const struct layer *at;

	if (view_member(v, name, &at))
		return read_optional_text(r, v, name);
	reader_complain(r, at, name, NULL, "it is missing: a text is needed");
	return STR("");
}

bool read_bool(struct reader *r, const struct view *v, const char *name)
{
	const struct layer *at;
	const json_t *value = view_member(v, name, &at);

	if (value && !json_is_boolean(value))
		reader_complain(r, at, name, NULL, "true or false is needed here");
	return json_is_true(value);
}

int64_t reader_scaled(const struct reader *r, int64_t ms)
{
	ms /= r->time_scale;
	return ms ? ms : 1;
}

int64_t read_duration(struct reader *r, const struct view *v, const char *name)
{
	const struct layer *at;
	const json_t *value = view_member(v, name, &at);
	int64_t ms = 1;

	if (!duration_parse(text_of(value), &ms))
		reader_complain(r, at, name, NULL,
				"a duration such as \"90s\", \"6h\" or \"30d\" is needed here");
	return reader_scaled(r, ms);
}

int64_t read_number(struct reader *r, const struct view *v, const char *name, int64_t min,
		    int64_t max)
{
	const struct layer *at;
	const json_t *value = view_member(v, name, &at);
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < min || number > max) {
		reader_complain(r, at, name, NULL,
				"a whole number from %lld to %lld is needed here", (long long)min,
				(long long)max);
		return min;
	}
	return number;
}

const struct str *read_list(struct reader *r, const struct view *v, const char *name, size_t *ret_n)
{
	const struct layer *at;
	const json_t *value = view_member(v, name, &at);
	size_t elements = json_is_array(value) ? json_array_size(value) : value != NULL;
	struct str *list = reader_array(r, elements, sizeof(*list));

	*ret_n = 0;
	for (size_t i = 0; list && i < elements; i++) {
		const json_t *element = json_is_array(value) ? json_array_get(value, i) : value;

		if (json_is_string(element) && json_string_length(element))
			list[(*ret_n)++] = reader_keep(r, text_of(element));
		else
			reader_complain(r, at, name, NULL, "element %zu is not a text", i + 1);
	}
	return list;
}

const json_t *read_object(struct reader *r, const struct view *v, const char *name,
			  const struct layer **ret_at)
{
	const json_t *value = view_member(v, name, ret_at);

	if (value && !json_is_object(value)) {
		reader_complain(r, *ret_at, name, NULL, "an object is needed here");
		return NULL;
	}
	return value;
}
