#include "api/catalog.h"

#include "base/limits.h"
#include "http/bases.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CATALOG_BYTES (16UL * 1024 * 1024)
#define TABLE_BYTES   (4UL * 1024 * 1024)

/* A table being read: where we are in it, and whether all was well so far. */
struct reader {
	const char *file;
	char key[256];
	const struct catalog_options *options;
	struct arena *a;
	catalog_report *report;
	void *ctx;
	bool failed;
};

static void complain(struct reader *r, const char *member, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct reader *r, const char *member, const char *format, ...)
{
	char key[sizeof(r->key) + 64];
	char what[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	snprintf(key, sizeof(key), "%s%s%s", r->key, r->key[0] && member[0] ? "." : "", member);
	r->report(r->ctx, r->file, key, what);
	r->failed = true;
}

static struct str keep(struct reader *r, struct str s)
{
	struct str kept = arena_dup(r->a, s);

	if (!kept.p)
		complain(r, "", "the table is too large");
	return kept;
}

static void *keep_array(struct reader *r, size_t n, size_t size)
{
	void *array = arena_array(r->a, n + 1, size);

	if (!array)
		complain(r, "", "the table is too large");
	return array;
}

static struct str text_of(const json_t *value)
{
	return (struct str){ json_string_value(value), json_string_length(value) };
}

/* The string member `name`; complains and gives an empty view if it is not there. */
static struct str read_text(struct reader *r, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value) || !json_string_length(value)) {
		complain(r, name, "a text is needed here");
		return STR("");
	}
	return keep(r, text_of(value));
}

/* An array of texts, or nothing at all if it is not there. */
static const struct str *read_list(struct reader *r, const json_t *object, const char *name,
				   size_t *ret_n)
{
	const json_t *array = json_object_get(object, name);
	struct str *list = keep_array(r, json_array_size(array), sizeof(*list));
	size_t n = 0;

	if (array && !json_is_array(array))
		complain(r, name, "an array of texts is needed here");
	for (size_t i = 0; list && i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);

		if (json_is_string(value) && json_string_length(value))
			list[n++] = keep(r, text_of(value));
		else
			complain(r, name, "element %zu is not a text", i);
	}
	*ret_n = n;
	return list;
}

/* A duration, divided by the time scale, at least a millisecond. */
static int64_t read_duration(struct reader *r, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	int64_t ms = 1;

	if (!duration_parse(text_of(value), &ms))
		complain(r, name, "a duration such as \"90s\", \"6h\" or \"30d\" is needed here");
	ms /= r->options->time_scale;
	return ms ? ms : 1;
}

static int64_t read_number(struct reader *r, const json_t *object, const char *name, int64_t min,
			   int64_t max)
{
	const json_t *value = json_object_get(object, name);
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < min || number > max) {
		complain(r, name, "a whole number from %lld to %lld is needed here", (long long)min,
			 (long long)max);
		return min;
	}
	return number;
}

/* true or false; false if it is not there. */
static bool read_bool(struct reader *r, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (value && !json_is_boolean(value))
		complain(r, name, "true or false is needed here");
	return json_is_true(value);
}

static void check_names(struct reader *r, const json_t *object, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (!known[i])
			complain(r, name, "there is no such key");
	}
}

/* Paths are written into targets, JSON and header fields as they are. */
static bool is_plain(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (!isalnum((unsigned char)path.p[i]) && !strchr("/_-.", path.p[i]))
			return false;
	return path.n > 0;
}

static int param_order(const void *a, const void *b)
{
	return str_cmp(((const struct param *)a)->name, ((const struct param *)b)->name);
}

static int endpoint_order(const void *a, const void *b)
{
	return str_cmp(((const struct endpoint *)a)->name, ((const struct endpoint *)b)->name);
}

/* The numbers of LimitOffsetPagination, which hold for a whole API. */
struct paging {
	int64_t limit;
	struct str limit_text;
	int64_t limit_max;
};

static void add_param(struct endpoint *e, const char *name, struct value_rule rule)
{
	e->params[e->params_n++] = (struct param){ str_from(name), rule };
}

/* The parameters that DRF itself brings, as far as the endpoint has them. */
static void add_common_params(struct reader *r, const json_t *object, const struct paging *paging,
			      struct endpoint *e)
{
	struct value_rule mode = { .type = VALUE_CHOICE };
	struct value_rule ordering = { .type = VALUE_ORDERING };
	size_t search_n;

	mode.words = read_list(r, object, "modes", &mode.words_n);
	if (mode.words && mode.words_n) {
		mode.default_ = mode.words[0];
		e->detail_mode = mode.words[mode.words_n - 1];
		add_param(e, "mode", mode);
	}
	ordering.words = read_list(r, object, "ordering", &ordering.words_n);
	if (ordering.words_n)
		add_param(e, "ordering", ordering);
	read_list(r, object, "search", &search_n);
	if (search_n)
		add_param(e, "search", (struct value_rule){ .type = VALUE_SEARCH });
	add_param(e, "limit",
		  (struct value_rule){ .type = VALUE_LIMIT,
				       .default_ = paging->limit_text,
				       .max = paging->limit_max });
	add_param(e, "offset", (struct value_rule){ .type = VALUE_OFFSET });
	add_param(e, "format", (struct value_rule){ .type = VALUE_FORMAT });
}

#define COMMON_PARAMS 6

static void add_filters(struct reader *r, const json_t *filters, struct endpoint *e)
{
	const char *name;
	json_t *value;

	if (filters && !json_is_object(filters))
		complain(r, "filters", "an object of names and types is needed here");
	json_object_foreach((json_t *)filters, name, value)
	{
		enum value_type type = value_type_named(text_of(value));

		if (!is_plain(str_from(name)))
			complain(r, "filters", "\"%s\" is no name", name);
		else if (type == VALUE_TYPE_COUNT)
			complain(r, "filters", "%s: there is no such type", name);
		else
			add_param(e, keep(r, str_from(name)).p,
				  (struct value_rule){ .type = type });
	}
}

static void sort_params(struct reader *r, struct endpoint *e)
{
	qsort(e->params, e->params_n, sizeof(*e->params), param_order);
	e->param_names = keep_array(r, e->params_n, sizeof(struct str));
	for (size_t i = 0; e->param_names && i < e->params_n; i++) {
		e->param_names[i] = e->params[i].name;
		if (i && str_eq(e->params[i - 1].name, e->params[i].name))
			complain(r, "filters", "%s stands there twice", e->params[i].name.p);
	}
}

static void read_endpoint(struct reader *r, const char *name, const json_t *object,
			  const struct paging *paging, struct endpoint *e)
{
	static const char *const known[] = { "objects", "modes",  "fresh",    "stale",	 "skew",
					     "window",	"search", "ordering", "filters", NULL };
	const json_t *filters = json_object_get(object, "filters");

	snprintf(r->key, sizeof(r->key), "endpoints.%s", name);
	if (!json_is_object(object)) {
		complain(r, "", "an object is needed here");
		return;
	}
	check_names(r, object, known);
	if (!is_plain(str_from(name)) || name[0] == '/' || str_ends(str_from(name), STR("/")))
		complain(r, "",
			 "a path of letters, digits, _, - and . without slashes at its ends");
	e->name = keep(r, str_from(name));
	e->has_objects = read_bool(r, object, "objects");
	e->fresh_ms = read_duration(r, object, "fresh");
	e->stale_ms = read_duration(r, object, "stale");
	e->skew_ms = read_duration(r, object, "skew");
	/* As many as upstream grants: with fewer a page could span three windows, with more none
	 * would ever be whole. */
	e->window =
		(uint32_t)read_number(r, object, "window", paging->limit_max, paging->limit_max);
	e->limit = paging->limit;
	e->params = keep_array(r, json_object_size(filters) + COMMON_PARAMS, sizeof(struct param));
	if (!e->params)
		return;
	add_common_params(r, object, paging, e);
	add_filters(r, filters, e);
	sort_params(r, e);
}

static void read_endpoints(struct reader *r, const json_t *endpoints, const struct paging *paging,
			   struct api *api)
{
	const char *name;
	json_t *object;

	if (!json_object_size(endpoints)) {
		complain(r, "endpoints", "an object with at least one endpoint is needed here");
		return;
	}
	api->endpoints = keep_array(r, json_object_size(endpoints), sizeof(struct endpoint));
	api->endpoint_names = keep_array(r, json_object_size(endpoints), sizeof(struct str));
	if (!api->endpoints || !api->endpoint_names)
		return;
	json_object_foreach((json_t *)endpoints, name, object)
		read_endpoint(r, name, object, paging, &api->endpoints[api->endpoints_n++]);
	r->key[0] = '\0';
	qsort(api->endpoints, api->endpoints_n, sizeof(struct endpoint), endpoint_order);
	for (size_t i = 0; i < api->endpoints_n; i++)
		api->endpoint_names[i] = api->endpoints[i].name;
}

static struct str read_base(struct reader *r, const json_t *table)
{
	struct str base = r->options->upstream.n ? keep(r, r->options->upstream)
						 : read_text(r, table, "upstream");
	struct bases bases;

	if (!base.n)
		return base;
	if (bases_parse(base, &bases) || bases.n != 1) {
		complain(r, "upstream",
			 "a base URL such as \"https://ll.thespacedevs.com\" is needed");
		return base;
	}
	return bases.list[0];
}

/* Links are recognised under the table's hosts and under the one that is asked. */
static void read_links(struct reader *r, const json_t *table, struct api *api)
{
	size_t n;
	const struct str *hosts = read_list(r, table, "link_hosts", &n);
	struct str *all = keep_array(r, n + 2, sizeof(*all));

	if (!hosts || !all)
		return;
	memcpy(all, hosts, n * sizeof(*all));
	/* An upstream that lies below a path may name itself with or without it. */
	all[n] = bases_below_scheme(api->upstream);
	all[n + 1] = bases_authority(api->upstream);
	api->links.hosts = all;
	api->links.hosts_n = n + 2;
	api->links.names = read_list(r, table, "link_names", &api->links.names_n);
	api->links.root = api->root;
}

static void read_api(struct reader *r, const char *name, const json_t *table, struct api *api)
{
	static const char *const known[] = { "title", "root",	   "upstream",	 "budget",
					     "quota", "negative",  "link_hosts", "link_names",
					     "limit", "limit_max", "endpoints",	 NULL };
	char limit[24];
	struct paging paging;

	check_names(r, table, known);
	api->name = keep(r, str_from(name));
	api->title = read_text(r, table, "title");
	api->root = read_text(r, table, "root");
	if (api->root.n < 2 || api->root.p[0] != '/' || !str_ends(api->root, STR("/")) ||
	    !is_plain(api->root))
		complain(r, "root", "a path with a slash at both ends is needed here");
	api->upstream = read_base(r, table);
	api->budget = read_text(r, table, "budget");
	if (r->options->quota.calls)
		api->quota = r->options->quota;
	else if (!quota_parse(read_text(r, table, "quota"), &api->quota))
		complain(r, "quota", "calls/seconds such as \"15/3600\" is needed here");
	api->negative_ms = read_duration(r, table, "negative");
	paging.limit_max = read_number(r, table, "limit_max", 1, LIMIT_WINDOW_OBJECTS);
	paging.limit = read_number(r, table, "limit", 1, paging.limit_max);
	snprintf(limit, sizeof(limit), "%lld", (long long)paging.limit);
	paging.limit_text = keep(r, str_from(limit));
	read_links(r, table, api);
	read_endpoints(r, json_object_get(table, "endpoints"), &paging, api);
}

static bool roots_differ(const struct catalog *c)
{
	for (size_t i = 0; i < c->apis_n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_starts(c->apis[i].root, c->apis[k].root) ||
			    str_starts(c->apis[k].root, c->apis[i].root))
				return false;
	return true;
}

static bool budgets_agree(const struct catalog *c)
{
	for (size_t i = 0; i < c->apis_n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(c->apis[i].budget, c->apis[k].budget) &&
			    (c->apis[i].quota.calls != c->apis[k].quota.calls ||
			     c->apis[i].quota.window_ms != c->apis[k].quota.window_ms))
				return false;
	return true;
}

static void read_table(struct reader *r, const struct catalog_table *table, struct api *api)
{
	json_error_t error;
	json_t *json = json_loadb(table->text.p, table->text.n, JSON_REJECT_DUPLICATES, &error);

	if (!json) {
		char where[32];

		snprintf(where, sizeof(where), "line %d", error.line);
		complain(r, where, "%s", error.text);
	} else if (!json_is_object(json)) {
		complain(r, "", "an object is needed here");
	} else {
		read_api(r, table->name, json, api);
	}
	json_decref(json);
}

struct catalog *catalog_read(const struct catalog_table *tables, size_t n,
			     const struct catalog_options *options, catalog_report *report,
			     void *ctx)
{
	struct catalog *c = calloc(1, sizeof(*c));
	bool failed = n == 0;

	if (!c)
		return NULL;
	c->memory = arena_new(CATALOG_BYTES);
	c->apis = c->memory ? arena_array(c->memory, n, sizeof(struct api)) : NULL;
	for (size_t i = 0; c->apis && i < n; i++) {
		struct reader r = { .file = tables[i].file,
				    .options = options,
				    .a = c->memory,
				    .report = report,
				    .ctx = ctx };

		read_table(&r, &tables[i], &c->apis[c->apis_n++]);
		failed |= r.failed;
	}
	if (!failed && !roots_differ(c)) {
		report(ctx, tables[n - 1].file, "root", "two tables have the same root");
		failed = true;
	}
	if (!failed && !budgets_agree(c)) {
		report(ctx, tables[n - 1].file, "quota",
		       "a table of the same budget has another quota");
		failed = true;
	}
	if (failed || !c->apis) {
		catalog_free(c);
		return NULL;
	}
	return c;
}

void catalog_free(struct catalog *c)
{
	if (!c)
		return;
	arena_free(c->memory);
	free(c);
}

/* Fills *table from a file of the folder; what it points to is the caller's to free. */
static bool load_file(const char *folder, const char *name, struct catalog_table *table)
{
	char *path = NULL;
	char *text = malloc(TABLE_BYTES);
	FILE *f = NULL;
	size_t n;

	if (!text || asprintf(&path, "%s/%s", folder, name) < 0)
		goto fail;
	f = fopen(path, "re");
	n = f ? fread(text, 1, TABLE_BYTES, f) : 0;
	if (!f || ferror(f) || n == TABLE_BYTES)
		goto fail;
	fclose(f);
	table->file = path;
	table->text = (struct str){ text, n };
	table->name = strndup(name, strlen(name) - strlen(".json"));
	return true;
fail:
	if (f)
		fclose(f);
	free(path);
	free(text);
	return false;
}

static int is_table(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(str_from(entry->d_name), STR(".json"));
}

struct catalog *catalog_load(const char *folder, const struct catalog_options *options,
			     catalog_report *report, void *ctx)
{
	struct dirent **names = NULL;
	struct catalog_table *tables = NULL;
	struct catalog *c = NULL;
	int found = scandir(folder, &names, is_table, alphasort);
	int loaded = 0;

	if (found <= 0) {
		report(ctx, folder, "",
		       found < 0 ? "the folder cannot be read" : "there is no table");
		goto out;
	}
	tables = calloc((size_t)found, sizeof(*tables));
	for (; tables && loaded < found; loaded++) {
		if (!load_file(folder, names[loaded]->d_name, &tables[loaded])) {
			report(ctx, names[loaded]->d_name, "", "the file cannot be read");
			break;
		}
	}
	if (loaded == found)
		c = catalog_read(tables, (size_t)loaded, options, report, ctx);
out:
	for (int i = 0; i < loaded; i++) {
		free((char *)tables[i].name);
		free((char *)tables[i].file);
		free((char *)tables[i].text.p);
	}
	free(tables);
	for (int i = 0; i < found; i++)
		free(names[i]);
	free(names);
	return c;
}

const struct endpoint *api_endpoint(const struct api *api, struct str name)
{
	const struct endpoint wanted = { .name = name };

	return bsearch(&wanted, api->endpoints, api->endpoints_n, sizeof(wanted), endpoint_order);
}

const struct param *endpoint_param(const struct endpoint *endpoint, struct str name)
{
	const struct param wanted = { .name = name };

	return bsearch(&wanted, endpoint->params, endpoint->params_n, sizeof(wanted), param_order);
}
