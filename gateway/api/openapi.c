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
	json_t *one;
	int64_t number;

	if (rule->many == VALUE_ONE) {
		one = one_schema(rule);
		if (rule->type == VALUE_LIMIT && str_to_i64(rule->default_, &number))
			json_object_set_new(one, "default", json_integer(number));
		if (rule->type == VALUE_CHOICE && rule->default_.n)
			json_object_set_new(one, "default", text(rule->default_));
		return one;
	}
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

/* Where the table does not know all that upstream takes: any other name and its value. */
static json_t *parameters_beyond(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:s, s:{s:s}}}", "name", "beyond", "in",
			 "query", "description", "any other parameter, by its own name", "style",
			 "form", "explode", 1, "schema", "type", "object", "additionalProperties",
			 "type", "string");
}

/* ---- paths ---- */

static json_t *responses(const char *good)
{
	static const struct {
		const char *status;
		const char *response;
	} others[] = {
		{ "304", "responses/NotModified" }, { "400", "responses/Problem" },
		{ "404", "responses/Problem" },	    { "412", "responses/Problem" },
		{ "414", "responses/Problem" },	    { "429", "responses/Throttled" },
		{ "502", "responses/Later" },	    { "503", "responses/Later" },
		{ "504", "responses/Later" },
	};
	json_t *all = json_object();

	json_object_set_new(all, "200", reference(good));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		json_object_set_new(all, others[i].status, reference(others[i].response));
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
			 const char *good, json_t *parameters)
{
	return json_pack("{s:{s:o, s:o, s:[o], s:o, s:o}}", "get", "operationId",
			 operation_id(api, e, what), "summary",
			 textf("%s %.*s", what, STR_ARG(e->name)), "tags", text(api->title),
			 "parameters", parameters, "responses", responses(good));
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
	for (size_t i = 0; i < e->params_n; i++) {
		struct param p = e->params[i];

		if (p.rule.type == VALUE_CHOICE)
			p.rule.default_ = e->detail_mode;
		if (is_for_objects(&p))
			json_array_append_new(parameters, parameter_of(&p));
	}
	if (api->pass_unknown)
		json_array_append_new(parameters, parameters_beyond());
	if (asprintf(&path, "%.*s%.*s/{id}/", STR_ARG(api->root), STR_ARG(e->name)) < 0)
		path = NULL;
	json_object_set_new(paths, path ? path : "",
			    operation(api, e, "get", "responses/Object", parameters));
	free(path);
}

static void add_endpoint(json_t *paths, const struct api *api, const struct endpoint *e)
{
	static const struct {
		const char *what;
		const char *good;
	} kinds[] = {
		[ENDPOINT_LIST] = { "list", "responses/Page" },
		[ENDPOINT_SINGLE] = { "read", "responses/Object" },
		[ENDPOINT_THROTTLE] = { "read", "responses/Throttle" },
	};
	json_t *parameters = json_array();
	char *path = NULL;

	for (size_t i = 0; i < e->params_n; i++) {
		struct param p = e->params[i];

		/* Which mode it has by itself is not known. */
		if (e->kind == ENDPOINT_SINGLE && p.rule.type == VALUE_CHOICE)
			p.rule.default_ = STR("");
		json_array_append_new(parameters, parameter_of(&p));
	}
	if (api->pass_unknown && e->kind != ENDPOINT_THROTTLE)
		json_array_append_new(parameters, parameters_beyond());
	if (asprintf(&path, "%.*s%.*s/", STR_ARG(api->root), STR_ARG(e->name)) < 0)
		path = NULL;
	json_object_set_new(
		paths, path ? path : "",
		operation(api, e, kinds[e->kind].what, kinds[e->kind].good, parameters));
	free(path);
	if (e->ids != VALUE_TYPE_COUNT)
		add_object(paths, api, e);
}

/* What an API's root lists. */
static void add_root(json_t *paths, const struct api *api)
{
	const struct endpoint root = { .name = STR("root") };
	char path[256];

	snprintf(path, sizeof(path), "%.*s", STR_ARG(api->root));
	json_object_set_new(paths, path,
			    operation(api, &root, "read", "responses/Index", json_array()));
}

static json_t *paths_of(const struct catalog *c)
{
	json_t *paths = json_object();

	for (size_t i = 0; i < c->apis_n; i++) {
		add_root(paths, &c->apis[i]);
		for (size_t k = 0; k < c->apis[i].endpoints_n; k++)
			add_endpoint(paths, &c->apis[i], &c->apis[i].endpoints[k]);
	}
	return paths;
}

static json_t *tags_of(const struct catalog *c)
{
	json_t *tags = json_array();

	for (size_t i = 0; i < c->apis_n; i++)
		json_array_append_new(
			tags,
			json_pack("{s:o, s:o}", "name", text(c->apis[i].title), "description",
				  textf("all that lies under %.*s", STR_ARG(c->apis[i].root))));
	return tags;
}

/* ---- the document ---- */

/* JSON as it is: # puts the backslashes in. */
#define JSON(...) #__VA_ARGS__

/* clang-format off */
static const char components[] = JSON({
	"schemas": {
		"Object": {
			"description": "as upstream has it, links leading here",
			"type": "object"
		},
		"Page": {
			"type": "object",
			"required": ["count", "next", "previous", "results"],
			"properties": {
				"count": { "type": "integer", "minimum": 0 },
				"next": { "type": ["string", "null"], "format": "uri" },
				"previous": { "type": ["string", "null"], "format": "uri" },
				"results": {
					"type": "array",
					"items": { "$ref": "#/components/schemas/Object" }
				}
			}
		},
		"Index": {
			"description": "addresses by name",
			"type": "object",
			"additionalProperties": { "type": "string", "format": "uri" }
		},
		"Throttle": {
			"type": "object",
			"required": ["your_request_limit", "limit_frequency_secs", "current_use",
				     "next_use_secs", "ident"],
			"properties": {
				"your_request_limit": { "type": "integer", "minimum": 0 },
				"limit_frequency_secs": { "type": "integer", "minimum": 1 },
				"current_use": { "type": "integer", "minimum": 0 },
				"next_use_secs": { "type": "integer", "minimum": 0 },
				"ident": { "type": "string" }
			}
		},
		"Problem": {
			"description": "RFC 9457; without results, since it is no answer",
			"type": "object",
			"required": ["type", "title", "status", "detail"],
			"properties": {
				"type": { "type": "string", "format": "uri" },
				"title": { "type": "string" },
				"status": { "type": "integer", "minimum": 400, "maximum": 599 },
				"detail": { "type": "string" },
				"instance": { "type": "string", "format": "uri" },
				"retry_after": { "type": "integer", "minimum": 1 },
				"nearest": { "type": "string" },
				"faults": {
					"type": "array",
					"items": { "$ref": "#/components/schemas/Fault" }
				}
			}
		},
		"Fault": {
			"type": "object",
			"required": ["parameter", "reason"],
			"properties": {
				"parameter": { "type": "string" },
				"value": { "type": "string" },
				"reason": { "type": "string" },
				"allowed": { "type": "string" },
				"nearest": { "type": "string" }
			}
		}
	},
	"headers": {
		"Age": {
			"description": "seconds since upstream said so",
			"schema": { "type": "integer", "minimum": 0 }
		},
		"CacheStatus": {
			"description": "how the answer came about (RFC 9211)",
			"schema": { "type": "string" }
		},
		"ETag": {
			"description": "for If-None-Match",
			"schema": { "type": "string" }
		},
		"Link": {
			"description": "first, prev, next and last page (RFC 8288)",
			"schema": { "type": "string" }
		},
		"RetryAfter": {
			"description": "seconds to wait",
			"schema": { "type": "integer", "minimum": 1 }
		}
	},
	"responses": {
		"Page": {
			"description": "a page of a list",
			"headers": {
				"Age": { "$ref": "#/components/headers/Age" },
				"Cache-Status": { "$ref": "#/components/headers/CacheStatus" },
				"ETag": { "$ref": "#/components/headers/ETag" },
				"Link": { "$ref": "#/components/headers/Link" }
			},
			"content": { "application/json": {
				"schema": { "$ref": "#/components/schemas/Page" }
			} }
		},
		"Object": {
			"description": "one object",
			"headers": {
				"Age": { "$ref": "#/components/headers/Age" },
				"Cache-Status": { "$ref": "#/components/headers/CacheStatus" },
				"ETag": { "$ref": "#/components/headers/ETag" }
			},
			"content": { "application/json": {
				"schema": { "$ref": "#/components/schemas/Object" }
			} }
		},
		"Index": {
			"description": "what there is",
			"content": { "application/json": {
				"schema": { "$ref": "#/components/schemas/Index" }
			} }
		},
		"Throttle": {
			"description": "the calls to upstream that all clients share",
			"content": { "application/json": {
				"schema": { "$ref": "#/components/schemas/Throttle" }
			} }
		},
		"NotModified": {
			"description": "what If-None-Match names is still right"
		},
		"Problem": {
			"description": "the request cannot be right, or there is nothing of the kind",
			"content": { "application/problem+json": {
				"schema": { "$ref": "#/components/schemas/Problem" }
			} }
		},
		"Throttled": {
			"description": "nothing is stored, and the calls to upstream are used up",
			"headers": {
				"Retry-After": { "$ref": "#/components/headers/RetryAfter" }
			},
			"content": { "application/problem+json": {
				"schema": { "$ref": "#/components/schemas/Problem" }
			} }
		},
		"Later": {
			"description": "nothing is stored, and nothing can be had just now",
			"headers": {
				"Retry-After": { "$ref": "#/components/headers/RetryAfter" }
			},
			"content": { "application/problem+json": {
				"schema": { "$ref": "#/components/schemas/Problem" }
			} }
		}
	}
});
/* clang-format on */

bool openapi_describe(struct catalog *catalog)
{
	json_t *document = json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[], s:o, s:o, s:o}", "openapi", "3.1.0",
		"info", "title", "perigee", "version", PERIGEE_VERSION, "description",
		"Launch Library and its kin from a shared cache.", "license", "name", "MIT",
		"identifier", "MIT", "security", "tags", tags_of(catalog), "paths",
		paths_of(catalog), "components", json_loads(components, 0, NULL));
	char *dump = document ? json_dumps(document, JSON_COMPACT) : NULL;

	catalog->description = dump ? arena_dup(catalog->memory, str_from(dump)) : STR("");
	free(dump);
	json_decref(document);
	return catalog->description.n > 0;
}

void openapi_put(struct buf *out, const struct catalog *catalog, struct str base)
{
	struct str rest = str_slice(catalog->description, 1, catalog->description.n);

	/* Where it is served is all that is not known beforehand. */
	buf_put(out, STR("{\"servers\":[{\"url\":\""));
	buf_put(out, base);
	buf_put(out, STR("\"}],"));
	buf_put(out, rest);
}
