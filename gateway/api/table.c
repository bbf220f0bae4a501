#include "api/table.h"

#include "base/limits.h"
#include "http/bases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* What reading an endpoint needs to know of its table. */
struct table {
	struct reader *reader;
	const json_t *endpoints;
	const json_t *templates;
	const json_t *families;
	const json_t *defaults;
	int64_t limit;
	int64_t limit_max;
	struct str limit_text;
};

/* Paths are written into targets, JSON and header fields as they are. */
static bool is_plain(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (!isalnum((unsigned char)path.p[i]) && !strchr("/_-.", path.p[i]))
			return false;
	return path.n > 0;
}

/* ---- layers ---- */

static void put_layer(const struct table *t, struct view *v, struct layer layer)
{
	if (v->n == READER_LAYERS_MAX)
		reader_complain(t->reader, &v->layers[0], "like", NULL,
				"it is like too many, or like itself");
	else
		v->layers[v->n++] = layer;
}

/* What `layer` is like, by the names in its `like`, goes below it, and so on. */
static void put_likes(const struct table *t, struct view *v, const struct layer *layer)
{
	const struct view own = view_of(layer->object, layer->section, layer->name);
	size_t n;
	const struct str *names = read_list(t->reader, &own, "like", &n);

	for (size_t i = 0; names && i < n && !t->reader->failed; i++) {
		struct layer below = { json_object_get(t->templates, names[i].p), "templates",
				       names[i].p };

		if (!below.object)
			below = (struct layer){ json_object_get(t->endpoints, names[i].p),
						"endpoints", names[i].p };
		if (json_is_object(below.object)) {
			put_layer(t, v, below);
			put_likes(t, v, &below);
		} else {
			reader_complain(t->reader, layer, "like", NULL,
					"there is no template and no endpoint \"%.*s\"",
					STR_ARG(names[i]));
		}
	}
}

static struct view layers_of(const struct table *t, const char *name, const json_t *object)
{
	struct view v = view_of(object, "endpoints", name);

	put_likes(t, &v, &(struct layer){ object, "endpoints", name });
	if (t->defaults)
		put_layer(t, &v, (struct layer){ t->defaults, "defaults", NULL });
	return v;
}

/* ---- parameters ---- */

static void add_param(struct endpoint *e, const char *name, struct value_rule rule)
{
	e->params[e->params_n++] = (struct param){ str_from(name), rule, LOOKUP_COUNT, STR("") };
}

static const struct field *read_fields(struct reader *r, const struct view *v, const char *member,
				       size_t *ret_n)
{
	const struct layer *at;
	size_t n;
	const struct str *declared = read_list(r, v, member, &n);
	struct field *fields = reader_array(r, n, sizeof(*fields));

	view_member(v, member, &at);
	for (size_t i = 0; fields && i < n; i++)
		fields[i] = field_read(r, at, member, declared[i]);
	*ret_n = fields ? n : 0;
	return fields;
}

static struct value_rule ordering_rule(struct reader *r, const struct endpoint *e)
{
	struct str *words = reader_array(r, e->order_n, sizeof(*words));

	for (size_t i = 0; words && i < e->order_n; i++)
		words[i] = e->order[i].name;
	return (struct value_rule){ .type = VALUE_ORDERING,
				    .words = words,
				    .words_n = words ? e->order_n : 0 };
}

/* What lists are sorted by unless asked otherwise. */
static struct str read_sorted(struct reader *r, const struct view *v, const struct endpoint *e)
{
	struct str sorted = read_optional_text(r, v, "sorted");
	struct str name = str_slice(sorted, str_starts(sorted, STR("-")), sorted.n);
	bool known = !sorted.n || !e->order_n;
	const struct layer *at;

	for (size_t i = 0; i < e->order_n; i++)
		known |= str_eq(e->order[i].name, name);
	if (!known) {
		view_member(v, "sorted", &at);
		reader_complain(r, at, "sorted", NULL, "it is no field of `ordering`");
	}
	return sorted;
}

#define COMMON_PARAMS 6

/* The parameters that DRF itself brings, as far as the endpoint has them. */
static void add_common_params(struct table *t, const struct view *v, struct endpoint *e)
{
	struct reader *r = t->reader;
	struct value_rule mode = { .type = VALUE_CHOICE };

	mode.words = read_list(r, v, "modes", &mode.words_n);
	if (mode.words && mode.words_n) {
		mode.default_ = mode.words[0];
		e->detail_mode = read_optional_text(r, v, "object_mode");
		if (!e->detail_mode.n)
			e->detail_mode = mode.words[mode.words_n - 1];
		add_param(e, "mode", mode);
	}
	add_param(e, "format", (struct value_rule){ .type = VALUE_FORMAT });
	if (e->kind != ENDPOINT_LIST)
		return;
	e->order = read_fields(r, v, "ordering", &e->order_n);
	if (e->order_n)
		add_param(e, "ordering", ordering_rule(r, e));
	e->sorted = read_sorted(r, v, e);
	e->search = read_fields(r, v, "search", &e->search_n);
	if (e->search_n)
		add_param(e, "search", (struct value_rule){ .type = VALUE_SEARCH });
	add_param(e, "limit",
		  (struct value_rule){
			  .type = VALUE_LIMIT, .default_ = t->limit_text, .max = t->limit_max });
	add_param(e, "offset", (struct value_rule){ .type = VALUE_OFFSET });
}

/* Is it declared in a layer above the i-th? */
static bool is_overridden(const struct view *v, size_t i, const char *filter)
{
	for (size_t k = 0; k < i; k++)
		if (json_object_get(json_object_get(v->layers[k].object, "filters"), filter))
			return true;
	return false;
}

static void add_filters(struct table *t, const struct view *v, size_t i, struct endpoint *e)
{
	const json_t *filters = json_object_get(v->layers[i].object, "filters");
	const char *name;
	json_t *declaration;

	if (filters && !json_is_object(filters))
		reader_complain(t->reader, &v->layers[i], "filters", NULL,
				"an object of names and declarations is needed here");
	json_object_foreach((json_t *)filters, name, declaration)
	{
		struct param params[FILTER_PARAMS_MAX];
		size_t n = is_overridden(v, i, name)
				   ? 0
				   : filter_read(t->reader, &v->layers[i], t->families, name,
						 declaration, params);

		memcpy(e->params + e->params_n, params, n * sizeof(*params));
		e->params_n += n;
	}
}

static size_t count_filters(const struct view *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += json_object_size(json_object_get(v->layers[i].object, "filters"));
	return n;
}

/* Sorts the parameters, which so far stand in memory that is to be freed, into the arena. */
static void sort_params(struct reader *r, const struct view *v, struct endpoint *e)
{
	struct param *sorted = reader_array(r, e->params_n, sizeof(*sorted));
	struct str *names = reader_array(r, e->params_n, sizeof(*names));

	if (!sorted || !names) {
		e->params_n = 0;
		return;
	}
	memcpy(sorted, e->params, e->params_n * sizeof(*sorted));
	qsort(sorted, e->params_n, sizeof(*sorted), param_cmp);
	for (size_t i = 0; i < e->params_n; i++) {
		names[i] = sorted[i].name;
		if (i && str_eq(names[i - 1], names[i]))
			reader_complain(r, &v->layers[0], "filters", NULL, "%.*s is declared twice",
					STR_ARG(names[i]));
	}
	e->params = sorted;
	e->param_names = names;
}

static void read_params(struct table *t, const struct view *v, struct endpoint *e)
{
	struct param *unsorted =
		calloc(count_filters(v) * FILTER_PARAMS_MAX + COMMON_PARAMS, sizeof(*unsorted));

	e->params = unsorted;
	if (!unsorted) {
		reader_complain(t->reader, &v->layers[0], "", NULL, "there is no memory left");
		return;
	}
	add_common_params(t, v, e);
	for (size_t i = 0; i < v->n; i++)
		add_filters(t, v, i, e);
	sort_params(t->reader, v, e);
	free(unsorted);
}

/* ---- the rest of an endpoint ---- */

static enum endpoint_kind read_kind(struct reader *r, const struct view *v)
{
	static const struct str kinds[] = {
		[ENDPOINT_LIST] = STR("list"),
		[ENDPOINT_SINGLE] = STR("single"),
		[ENDPOINT_THROTTLE] = STR("throttle"),
	};
	struct str kind = read_optional_text(r, v, "kind");
	const struct layer *at;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(kind, kinds[i]))
			return (enum endpoint_kind)i;
	if (kind.n) {
		view_member(v, "kind", &at);
		reader_complain(r, at, "kind", NULL, "it is \"list\", \"single\" or \"throttle\"");
	}
	return ENDPOINT_LIST;
}

static enum value_type read_ids(struct reader *r, const struct view *v)
{
	struct str word = read_optional_text(r, v, "objects");
	enum value_type type = value_type_named(word);
	const struct layer *at;

	if (type == VALUE_ID || type == VALUE_UUID)
		return type;
	if (word.n) {
		view_member(v, "objects", &at);
		reader_complain(r, at, "objects", NULL, "their ids are \"id\" or \"uuid\"");
	}
	return VALUE_TYPE_COUNT;
}

static uint32_t head_size(struct table *t, const struct layer *at, const json_t *value)
{
	int64_t n = json_integer_value(value);

	if (json_is_integer(value) && n >= 1 && n < t->limit_max)
		return (uint32_t)n;
	reader_complain(t->reader, at, "head", NULL,
			"a whole number below limit_max is needed here, or one for each mode");
	return 1;
}

/* A number for all modes, or an object of modes and numbers. */
static void read_heads(struct table *t, const struct view *v, struct endpoint *e)
{
	const struct layer *at;
	const json_t *value = view_member(v, "head", &at);
	struct head *heads;
	const char *mode;
	json_t *n;

	if (!value)
		return;
	heads = reader_array(t->reader, json_object_size(value) + 1, sizeof(*heads));
	e->heads = heads;
	if (heads && !json_is_object(value))
		heads[e->heads_n++] = (struct head){ STR(""), head_size(t, at, value) };
	if (!heads)
		return;
	json_object_foreach((json_t *)value, mode, n)
	{
		heads[e->heads_n++] = (struct head){ reader_keep(t->reader, str_from(mode)),
						     head_size(t, at, n) };
	}
}

static void read_times(struct reader *r, const struct view *v, struct endpoint *e)
{
	e->fresh_ms = read_duration(r, v, "fresh");
	e->fresh_when = fresh_rules_read(r, v);
	e->stale_ms = read_duration(r, v, "stale");
	e->skew_ms = read_duration(r, v, "skew");
}

/* Of an endpoint, a template or the defaults: all have the same keys. */
static void check_keys(struct reader *r, const struct layer *at)
{
	static const char *const known[] = { "kind",	"objects",    "modes",	  "object_mode",
					     "fresh",	"stale",      "skew",	  "head",
					     "like",	"search",     "ordering", "former",
					     "filters", "fresh_when", "sorted",	  NULL };

	check_members(r, at, known);
}

static void check_templates(const struct table *t)
{
	const char *name;
	json_t *object;

	json_object_foreach((json_t *)t->templates, name, object)
	{
		check_keys(t->reader, &(struct layer){ object, "templates", name });
	}
	check_keys(t->reader, &(struct layer){ t->defaults, "defaults", NULL });
}

static void read_endpoint(struct table *t, const char *name, const json_t *object,
			  struct endpoint *e)
{
	struct reader *r = t->reader;
	struct view v = layers_of(t, name, object);
	struct view own = view_of(object, "endpoints", name);

	if (!json_is_object(object)) {
		reader_complain(r, &v.layers[0], "", NULL, "an object is needed here");
		return;
	}
	check_keys(r, &v.layers[0]);
	if (!is_plain(str_from(name)) || name[0] == '/' || str_ends(str_from(name), STR("/")))
		reader_complain(
			r, &v.layers[0], "", NULL,
			"a path of letters, digits, _, - and . without slashes at its ends");
	e->name = reader_keep(r, str_from(name));
	e->kind = read_kind(r, &v);
	e->ids = e->kind == ENDPOINT_LIST ? read_ids(r, &v) : VALUE_TYPE_COUNT;
	e->limit = t->limit;
	/* As many as upstream grants: with fewer a page could span three windows, with more none
	 * would ever be whole. */
	e->window = (uint32_t)t->limit_max;
	if (e->kind != ENDPOINT_THROTTLE)
		read_times(r, &v, e);
	read_heads(t, &v, e);
	e->former = read_list(r, &own, "former", &e->former_n);
	read_params(t, &v, e);
}

static void read_endpoints(struct table *t, struct api *api)
{
	const struct layer top = { t->endpoints, "endpoints", NULL };
	const char *name;
	json_t *object;

	if (!json_object_size(t->endpoints)) {
		reader_complain(t->reader, &top, "", NULL,
				"an object with at least one endpoint is needed here");
		return;
	}
	api->endpoints =
		reader_array(t->reader, json_object_size(t->endpoints), sizeof(struct endpoint));
	api->endpoint_names =
		reader_array(t->reader, json_object_size(t->endpoints), sizeof(struct str));
	if (!api->endpoints || !api->endpoint_names)
		return;
	json_object_foreach((json_t *)t->endpoints, name, object)
		read_endpoint(t, name, object, &api->endpoints[api->endpoints_n++]);
	qsort(api->endpoints, api->endpoints_n, sizeof(struct endpoint), endpoint_cmp);
	for (size_t i = 0; i < api->endpoints_n; i++)
		api->endpoint_names[i] = api->endpoints[i].name;
}

/* ---- the table ---- */

static struct str read_base(struct reader *r, const struct view *v, struct str instead)
{
	struct str base = instead.n ? reader_keep(r, instead) : read_text(r, v, "upstream");
	struct bases bases;

	if (!base.n)
		return base;
	if (bases_parse(base, &bases) || bases.n != 1) {
		reader_complain(r, &v->layers[0], "upstream", NULL,
				"a base URL such as \"https://ll.thespacedevs.com\" is needed");
		return base;
	}
	return bases.list[0];
}

/* Links are recognised under the table's hosts and under the one that is asked. */
static void read_links(struct reader *r, const struct view *v, struct api *api)
{
	size_t n;
	const struct str *hosts = read_list(r, v, "link_hosts", &n);
	struct str *all = reader_array(r, n + 2, sizeof(*all));

	if (!hosts || !all)
		return;
	memcpy(all, hosts, n * sizeof(*all));
	/* An upstream that lies below a path may name itself with or without it. */
	all[n] = bases_below_scheme(api->upstream);
	all[n + 1] = bases_authority(api->upstream);
	api->links.hosts = all;
	api->links.hosts_n = n + 2;
	api->links.names = read_list(r, v, "link_names", &api->links.names_n);
	api->links.root = api->root;
}

/* It stands in keys, labels and JSON. */
static bool is_plain_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!memchr("abcdefghijklmnopqrstuvwxyz0123456789-_", name.p[i], 38))
			return false;
	return name.n <= 40;
}

static void read_budget(struct reader *r, const struct view *v,
			const struct catalog_options *options, struct api *api)
{
	struct str quota = read_text(r, v, "quota");

	api->budget = read_text(r, v, "budget");
	if (!is_plain_name(api->budget))
		reader_complain(
			r, &v->layers[0], "budget", NULL,
			"a name of at most 40 small letters, digits, - and _ is needed here");
	if (quota.n && !quota_parse(quota, &api->quota))
		reader_complain(r, &v->layers[0], "quota", NULL,
				"calls/seconds such as \"15/3600\" is needed here");
	if (options->quota.calls && (!options->budget.n || str_eq(options->budget, api->budget)))
		api->quota = options->quota;
}

static void read_unknown(struct reader *r, const struct view *v, struct api *api)
{
	struct str unknown = read_optional_text(r, v, "unknown");

	api->pass_unknown = str_eq(unknown, STR("pass"));
	if (unknown.n && !api->pass_unknown && !str_eq(unknown, STR("reject")))
		reader_complain(r, &v->layers[0], "unknown", NULL, "it is \"reject\" or \"pass\"");
}

static void read_paging(struct table *t, const struct view *v)
{
	char text[24];

	t->limit_max = read_number(t->reader, v, "limit_max", 1, LIMIT_WINDOW_OBJECTS);
	t->limit = read_number(t->reader, v, "limit", 1, t->limit_max);
	snprintf(text, sizeof(text), "%lld", (long long)t->limit);
	t->limit_text = reader_keep(t->reader, str_from(text));
}

static void read_api(struct reader *r, const char *name, const json_t *table,
		     const struct catalog_options *options, struct api *api)
{
	static const char *const known[] = { "title",	  "root",      "upstream",   "authorized",
					     "budget",	  "quota",     "negative",   "unknown",
					     "limit",	  "limit_max", "link_hosts", "link_names",
					     "endpoints", "templates", "lookups",    "defaults",
					     NULL };
	struct view v = view_of(table, NULL, NULL);
	struct table t = { .reader = r };
	const struct layer *at;

	check_members(r, &v.layers[0], known);
	api->name = reader_keep(r, str_from(name));
	api->title = read_text(r, &v, "title");
	api->root = read_text(r, &v, "root");
	if (api->root.n < 2 || api->root.p[0] != '/' || !str_ends(api->root, STR("/")) ||
	    !is_plain(api->root))
		reader_complain(r, &v.layers[0], "root", NULL,
				"a path with a slash at both ends is needed here");
	api->upstream = read_base(r, &v, options->upstream);
	api->authorized = read_bool(r, &v, "authorized");
	read_budget(r, &v, options, api);
	read_unknown(r, &v, api);
	api->negative_ms = read_duration(r, &v, "negative");
	read_links(r, &v, api);
	read_paging(&t, &v);
	t.templates = read_object(r, &v, "templates", &at);
	t.families = read_object(r, &v, "lookups", &at);
	t.defaults = read_object(r, &v, "defaults", &at);
	t.endpoints = read_object(r, &v, "endpoints", &at);
	check_templates(&t);
	read_endpoints(&t, api);
}

void table_read(struct reader *r, const char *name, const struct catalog_options *options,
		struct api *ret)
{
	json_error_t error;
	json_t *json = json_loadb(r->text.p, r->text.n, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		r->report(r->ctx, r->file, error.line > 0 ? error.line : 1, "", error.text);
	else if (!json_is_object(json))
		r->report(r->ctx, r->file, 1, "", "an object is needed here");
	else
		read_api(r, name, json, options, ret);
	r->failed |= !json_is_object(json);
	json_decref(json);
}
