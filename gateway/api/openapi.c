#include "api/openapi.h"

#include "base/limits.h"
#include "base/version.h"

#include <jansson.h>
#include <stdlib.h>

/* Names and titles of tables are checked to be plain, or UTF-8 as all of a table is. */
static json_t *text(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

static json_t *textf(const char *format, ...) __attribute__((format(printf, 1, 2)));

static json_t *textf(const char *format, ...)
{
	va_list ap;
	json_t *made;

	va_start(ap, format);
	made = json_vsprintf(format, ap);
	va_end(ap);
	return made;
}

static json_t *reference(const char *to)
{
	return json_pack("{s:o}", "$ref", textf("#/components/%s", to));
}

/* ---- schemas of parameters ---- */

static json_t *words_schema(const struct str *words, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, text(words[i]));
	return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

/* Each field in both directions. */
static json_t *ordering_schema(const struct value_rule *rule)
{
	json_t *terms = json_array();

	for (size_t i = 0; i < rule->words_n; i++) {
		json_array_append_new(terms, text(rule->words[i]));
		json_array_append_new(terms, textf("-%.*s", STR_ARG(rule->words[i])));
	}
	return json_pack("{s:s, s:{s:s, s:o}}", "type", "array", "items", "type", "string", "enum",
			 terms);
}

static json_t *one_schema(const struct value_rule *rule)
{
	switch (rule->type) {
	case VALUE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case VALUE_INT:
		return json_pack("{s:s, s:s}", "type", "integer", "format", "int32");
	case VALUE_ID:
		return json_pack("{s:s, s:i}", "type", "integer", "minimum", 1);
	case VALUE_NUMBER:
		return json_pack("{s:s}", "type", "number");
	case VALUE_DATETIME:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
	case VALUE_DATE:
		return json_pack("{s:s, s:s}", "type", "string", "format", "date");
	case VALUE_UUID:
		return json_pack("{s:s, s:s}", "type", "string", "format", "uuid");
	case VALUE_CHOICE:
		return words_schema(rule->words, rule->words_n);
	case VALUE_ORDERING:
		return ordering_schema(rule);
	case VALUE_LIMIT:
		return json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 1, "maximum",
				 (json_int_t)rule->max);
	case VALUE_OFFSET:
		return json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 0, "maximum",
				 (json_int_t)LIMIT_OFFSET);
	case VALUE_FORMAT:
		return json_pack("{s:s, s:[s, s]}", "type", "string", "enum", "json", "api");
	case VALUE_STRING:
	case VALUE_SEARCH:
	case VALUE_TYPE_COUNT:
		break;
	}
	return json_pack("{s:s}", "type", "string");
}

static json_t *schema_of(const struct value_rule *rule)
{
	if (rule->many == VALUE_ONE)
		return one_schema(rule);
	return json_pack("{s:s, s:o}", "type", "array", "items", one_schema(rule));
}

static json_t *description_of(const struct param *p)
{
	if (p->lookup == LOOKUP_COUNT)
		return textf("%s", value_allowed(&p->rule));
	if (!p->path.n)
		return textf("%s (%s)", lookup_word(p->lookup), value_allowed(&p->rule));
	return textf("%s on %.*s (%s)", lookup_word(p->lookup), STR_ARG(p->path),
		     value_allowed(&p->rule));
}

static json_t *parameter_of(const struct param *p)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:o}", "name", text(p->name), "in", "query",
			      "description", description_of(p), "schema", schema_of(&p->rule));

	/* `1,2` in one parameter, or the parameter again for each. */
	if (p->rule.many != VALUE_ONE || p->rule.type == VALUE_ORDERING) {
		json_object_set_new(o, "style", json_string("form"));
		json_object_set_new(o, "explode", json_boolean(p->rule.many == VALUE_ANY));
	}
	return o;
}

/* ---- paths ---- */

static json_t *responses(const char *schema)
{
	static const char *const problems[] = { "400", "404", "429", "502", "503", "504" };
	json_t *all = json_object();

	json_object_set_new(all, "200",
			    json_pack("{s:s, s:{s:{s:o}}}", "description", "the answer", "content",
				      "application/json", "schema", reference(schema)));
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		json_object_set_new(all, problems[i], reference("responses/Problem"));
	return all;
}

/* Letters, digits and _ alone, so that generators can make a function's name of it. */
static json_t *operation_id(const struct api *api, const struct endpoint *e, const char *what)
{
	struct buf b = buf_init(1024);
	const struct str parts[] = { api->name, e->name };
	json_t *id;

	buf_put(&b, str_from(what));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_put_char(&b, '_');
		for (size_t k = 0; k < parts[i].n; k++)
			buf_put(&b, strchr("/-.", parts[i].p[k]) ? STR("_")
								 : str_slice(parts[i], k, k + 1));
	}
	id = text(buf_str(&b));
	buf_release(&b);
	return id;
}

static json_t *operation(const struct api *api, const struct endpoint *e, const char *what,
			 const char *schema, json_t *parameters)
{
	return json_pack("{s:{s:o, s:[o], s:o, s:o}}", "get", "operationId",
			 operation_id(api, e, what), "tags", text(api->title), "parameters",
			 parameters, "responses", responses(schema));
}

/* What an object cannot be asked for is left out: it has no pages and no order. */
static bool is_for_objects(const struct param *p)
{
	return p->rule.type != VALUE_LIMIT && p->rule.type != VALUE_OFFSET &&
	       p->rule.type != VALUE_ORDERING;
}

static void add_object(json_t *paths, const struct api *api, const struct endpoint *e)
{
	const struct value_rule id = { .type = e->ids };
	json_t *parameters = json_array();
	char *path = NULL;

	json_array_append_new(parameters,
			      json_pack("{s:s, s:s, s:b, s:o}", "name", "id", "in", "path",
					"required", 1, "schema", one_schema(&id)));
	for (size_t i = 0; i < e->params_n; i++)
		if (is_for_objects(&e->params[i]))
			json_array_append_new(parameters, parameter_of(&e->params[i]));
	if (asprintf(&path, "%.*s%.*s/{id}/", STR_ARG(api->root), STR_ARG(e->name)) < 0)
		path = NULL;
	json_object_set_new(paths, path ? path : "",
			    operation(api, e, "get", "schemas/Object", parameters));
	free(path);
}

static void add_endpoint(json_t *paths, const struct api *api, const struct endpoint *e)
{
	bool is_list = e->kind == ENDPOINT_LIST;
	json_t *parameters = json_array();
	char *path = NULL;

	for (size_t i = 0; i < e->params_n; i++)
		json_array_append_new(parameters, parameter_of(&e->params[i]));
	if (asprintf(&path, "%.*s%.*s/", STR_ARG(api->root), STR_ARG(e->name)) < 0)
		path = NULL;
	json_object_set_new(paths, path ? path : "",
			    operation(api, e, is_list ? "list" : "read",
				      is_list ? "schemas/Page" : "schemas/Object", parameters));
	free(path);
	if (e->ids != VALUE_TYPE_COUNT)
		add_object(paths, api, e);
}

static json_t *paths_of(const struct catalog *c)
{
	json_t *paths = json_object();

	for (size_t i = 0; i < c->apis_n; i++)
		for (size_t k = 0; k < c->apis[i].endpoints_n; k++)
			add_endpoint(paths, &c->apis[i], &c->apis[i].endpoints[k]);
	return paths;
}

/* ---- the document ---- */

static json_t *components(void)
{
	json_t *page =
		json_pack("{s:s, s:[s, s, s, s], s:{s:{s:s}, s:{s:[s, s], s:s}, "
			  "s:{s:[s, s], s:s}, s:{s:s, s:o}}}",
			  "type", "object", "required", "count", "next", "previous", "results",
			  "properties", "count", "type", "integer", "next", "type", "string",
			  "null", "format", "uri", "previous", "type", "string", "null", "format",
			  "uri", "results", "type", "array", "items", reference("schemas/Object"));
	json_t *problem =
		json_pack("{s:s, s:[s, s, s, s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}", "type",
			  "object", "required", "type", "title", "status", "detail", "properties",
			  "type", "type", "string", "title", "type", "string", "status", "type",
			  "integer", "detail", "type", "string");
	json_t *answer =
		json_pack("{s:s, s:{s:{s:o}}}", "description", "a problem (RFC 9457)", "content",
			  "application/problem+json", "schema", reference("schemas/Problem"));

	return json_pack("{s:{s:o, s:o, s:{s:s}}, s:{s:o}}", "schemas", "Page", page, "Problem",
			 problem, "Object", "type", "object", "responses", "Problem", answer);
}

bool openapi_put(struct buf *out, const struct catalog *catalog, struct str base)
{
	json_t *document =
		json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:o}], s:o, s:o}", "openapi", "3.1.0",
			  "info", "title", "perigee", "version", PERIGEE_VERSION, "description",
			  "Launch Library and its kin from a shared cache.", "servers", "url",
			  text(base), "paths", paths_of(catalog), "components", components());
	char *dump = document ? json_dumps(document, JSON_COMPACT) : NULL;

	if (dump)
		buf_put(out, str_from(dump));
	else
		out->failed = true;
	free(dump);
	json_decref(document);
	return !out->failed;
}
