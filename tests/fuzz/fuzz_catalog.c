/*
 * Endpoint tables: any text is refused with a word, or makes a catalog that can
 * be served. What catalog.h says about a catalog is then so, every endpoint is
 * reached by its own path, and a page of it has a target and links.
 */
#include "fuzz/fuzz.h"

#include "api/load.h"
#include "api/links.h"
#include "base/limits.h"
#include "http/bases.h"

static void count(void *ctx, const char *file, int line, const char *key, const char *what)
{
	size_t *n = ctx;

	must(file && line >= 0 && key && *what, "a fault says where and what");
	++*n;
}

/* Goes into URLs, header fields and JSON as it is. */
static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7F || strchr("\"\\<>?#%&", s.p[i]))
			return false;
	return true;
}

static void check_params(const struct endpoint *e)
{
	for (size_t i = 0; i < e->params_n; i++) {
		const struct param *p = &e->params[i];

		must(p->name.n, "a parameter has a name");
		must(i == 0 || str_cmp(e->params[i - 1].name, p->name) < 0,
		     "parameters are sorted, each once");
		must(endpoint_param(e, p->name) == p, "a parameter is found");
		must(str_eq(e->param_names[i], p->name), "the names are the parameters'");
		must(p->rule.type < VALUE_TYPE_COUNT, "a parameter has a type");
		must(p->rule.type != VALUE_LIMIT || (p->rule.max >= 1 && p->rule.max <= e->window),
		     "the largest page fits into a window");
	}
}

/* Upstream grants no more than its largest limit, and a window that it cuts is never whole. */
static void check_window(const struct catalog *c, const struct canon *canon, struct arena *a)
{
	static const struct canon_options options = { .pass_unknown = false };
	uint32_t window = canon->endpoint->window;
	struct str target = canon_page_target(canon, &canon->filter, window, 0, a);
	struct refusal refusal;
	struct canon again;

	must(canon_request(c, &options, target, a, &again, &refusal), "a window can be asked for");
	must(again.limit == window, "upstream grants a whole window");
}

/* A page of the endpoint, as a client would ask for it. */
static void check_served(const struct catalog *c, const struct api *api, const struct endpoint *e)
{
	static const struct canon_options options = { .pass_unknown = false };
	struct arena *a = arena_new(LIMIT_REQUEST_BYTES);
	struct buf target = buf_init(LIMIT_REQUEST_BYTES);
	struct refusal refusal;
	struct links links;
	struct canon canon;

	buf_put(&target, api->root);
	buf_put(&target, e->name);
	buf_put(&target, STR("/?offset=3&limit=2"));
	if (target.n <= LIMIT_TARGET_BYTES) {
		must(canon_request(c, &options, buf_str(&target), a, &canon, &refusal),
		     "an endpoint's path is accepted");
		must(canon.endpoint == e && !canon.is_object, "a path leads to its endpoint");
		must(canon.target.p && links_make(&canon, 596, a, &links),
		     "a page has a target and links");
		check_window(c, &canon, a);
	}
	buf_release(&target);
	arena_free(a);
}

static void check_rules(const struct fresh_rules *rules)
{
	must(rules->n <= FRESH_RULES_MAX && rules->paths_n <= FRESH_PATHS_MAX,
	     "rules have their bounds");
	for (size_t i = 0; i < rules->n; i++) {
		const struct fresh_rule *rule = &rules->list[i];

		must(rule->fresh_ms >= 1, "times are above 0");
		must(rule->lists_only || rule->terms_n, "a rule has a condition");
		must(rule->terms_n <= FRESH_TERMS_MAX, "a rule has its bounds");
		for (size_t k = 0; k < rule->terms_n; k++) {
			const struct fresh_term *t = &rule->terms[k];

			must(t->path < rules->paths_n && rules->paths[t->path].n,
			     "a condition looks at something");
			must(t->test != FRESH_NEAR || t->from_ms < t->to_ms, "a band has a width");
			must(t->test == FRESH_NEAR || t->values.n, "there is what to compare with");
		}
	}
}

static void check_endpoint(const struct catalog *c, const struct api *api, const struct endpoint *e)
{
	must(e->name.n && !str_starts(e->name, STR("/")) && !str_ends(e->name, STR("/")),
	     "a name has no slash at its ends");
	must(is_plain(e->name), "a name needs no escapes");
	must(e->window >= 1 && e->window <= LIMIT_WINDOW_OBJECTS, "a window has its bounds");
	must(e->fresh_ms >= 1 && e->stale_ms >= 1 && e->skew_ms >= 1, "times are above 0");
	must(api_endpoint(api, e->name) == e, "an endpoint is found");
	check_rules(&e->fresh_when);
	check_params(e);
	check_served(c, api, e);
}

static void check_api(const struct catalog *c, const struct api *api)
{
	struct bases bases;

	must(api->title.n && api->budget.n, "an API has a title and a budget");
	must(api->root.n >= 2 && str_starts(api->root, STR("/")) && str_ends(api->root, STR("/")),
	     "a root has a slash at both ends");
	must(is_plain(api->root), "a root needs no escapes");
	must(!bases_parse(api->upstream, &bases) && bases.n == 1 &&
		     str_eq(bases.list[0], api->upstream),
	     "upstream is one base URL");
	must(api->quota.calls >= 1 && api->quota.window_ms >= 1000, "a quota is above 0");
	must(api->negative_ms >= 1, "times are above 0");
	must(api->links.hosts_n >= 1 && str_eq(api->links.hosts[api->links.hosts_n - 1],
					       bases_authority(api->upstream)),
	     "links are known by upstream's own host too");
	for (size_t i = 0; i < api->endpoints_n; i++) {
		must(str_eq(api->endpoint_names[i], api->endpoints[i].name),
		     "the names are the endpoints'");
		must(i == 0 || str_cmp(api->endpoints[i - 1].name, api->endpoints[i].name) < 0,
		     "endpoints are sorted, each once");
		check_endpoint(c, api, &api->endpoints[i]);
	}
}

static void check(struct str text, const struct catalog_options *options)
{
	const struct catalog_table table = { "ll2-2.3.0", "ll2-2.3.0.json", text };
	size_t faults = 0;
	struct catalog *c = catalog_read(&table, 1, options, count, &faults);

	must(!c == (faults > 0), "a table is refused with a word, and only then");
	if (c) {
		must(c->apis_n == 1, "a table makes an API");
		check_api(c, &c->apis[0]);
	}
	catalog_unref(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct catalog_options own = { .time_scale = 1 };
	static const struct catalog_options replaced = { .upstream = STR("http://127.0.0.1:9000"),
							 .quota = { 15, 3600000 },
							 .time_scale = 3600000 };

	check(fuzz_input(data, size), &own);
	check(fuzz_input(data, size), &replaced);
	return 0;
}
