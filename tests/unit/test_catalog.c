#include "unit/catalog.h"

/* What catalog_read() reported, one line for each fault. */
struct reports {
	size_t n;
	struct buf text;
};

static void note(void *ctx, const char *file, int line, const char *key, const char *what)
{
	struct reports *r = ctx;

	r->n++;
	buf_putf(&r->text, "%s:%d: %s: %s\n", file, line, key, what);
}

#define HEAD                                                                                       \
	"\"title\":\"T\",\"root\":\"/1/\",\"upstream\":\"https://u.example\",\"budget\":\"b\","    \
	"\"quota\":\"15/3600\",\"negative\":\"10m\",\"limit\":10,\"limit_max\":100"
#define SPACECRAFT "\"fresh\":\"6h\",\"stale\":\"30d\",\"skew\":\"30m\""
#define ENDPOINTS  "\"endpoints\":{\"spacecraft\":{" SPACECRAFT "}}"

static const struct catalog_options usual = { .time_scale = 1 };

static struct catalog *read_one(const char *text, const struct catalog_options *options,
				struct reports *r)
{
	const struct catalog_table table = { .name = "t",
					     .file = "t.json",
					     .text = str_from(text) };

	*r = (struct reports){ .text = buf_init(100000) };
	return catalog_read(&table, 1, options, note, r);
}

static void assert_refused(const char *text, const char *part)
{
	struct reports r;
	struct catalog *c = read_one(text, &usual, &r);

	if (c)
		fail_msg("it is taken: %s", text);
	assert_true(r.n > 0);
	assert_holds(buf_str(&r.text), part);
	buf_release(&r.text);
}

static void a_table_is_read_whole(void **state)
{
	struct catalog *c = test_catalog();
	const struct endpoint *e;
	const struct api *api;

	(void)state;
	assert_int_equal(c->apis_n, 1);
	api = &c->apis[0];
	assert_view(api->name, "ll2-2.3.0");
	assert_view(api->root, "/2.3.0/");
	assert_view(api->upstream, "https://ll.thespacedevs.com");
	assert_view(api->budget, "ll2");
	assert_int_equal(api->quota.calls, 15);
	assert_int_equal(api->quota.window_ms, 3600000);
	assert_int_equal(api->negative_ms, 600000);
	assert_int_equal(api->links.names_n, 3);
	assert_true(rewrite_prefix(&api->links, STR("url"),
				   STR("https://ll.thespacedevs.com/2.3.0/x/")) > 0);
	assert_true(rewrite_prefix(&api->links, STR("next"),
				   STR("https://lldev.thespacedevs.com/2.3.0/x/")) > 0);
	assert_int_equal(api->endpoints_n, 5);
	/* Sorted by name, whatever the table's order. */
	assert_view(api->endpoint_names[0], "api-throttle");
	assert_view(api->endpoint_names[1], "dashboard/starship");
	assert_view(api->endpoint_names[2], "events");
	assert_view(api->endpoint_names[3], "events/previous");
	assert_view(api->endpoint_names[4], "spacecraft");
	assert_null(api_endpoint(api, STR("launches")));
	assert_view(api->endpoints[2].sorted, "date");
	assert_view(api->endpoints[3].sorted, "-date");
	assert_view(api->endpoints[4].sorted, "");
	e = api_endpoint(api, STR("spacecraft"));
	assert_non_null(e);
	assert_int_equal(e->ids, VALUE_ID);
	assert_view(e->detail_mode, "detailed");
	assert_int_equal(e->window, 100);
	assert_int_equal(e->fresh_ms, 6 * 3600000);
	assert_int_equal(e->stale_ms, 30 * 86400000LL);
	assert_int_equal(e->skew_ms, 1800000);
	assert_int_equal(e->params_n, 11);
	assert_view(e->params[0].name, "format");
	assert_view(e->params[10].name, "status");
	assert_non_null(endpoint_param(e, STR("ordering")));
	assert_null(endpoint_param(e, STR("agency")));
	e = api_endpoint(api, STR("dashboard/starship"));
	assert_non_null(e);
	assert_int_equal(e->ids, VALUE_TYPE_COUNT);
	assert_null(endpoint_param(e, STR("mode")));
	assert_null(endpoint_param(e, STR("search")));
	catalog_unref(c);
}

static void the_tables_that_are_shipped(void **state)
{
	static const char *const params[] = { "mode",	"in_space", "is_placeholder",
					      "name",	"status",   "spacecraft_config",
					      "search", "ordering", "limit",
					      "offset", "format" };
	struct catalog *c = catalog_load("conf/apis", &usual, report_to_test, NULL);
	const struct endpoint *spacecraft = NULL;

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < c->apis_n; i++)
		if (str_eq(c->apis[i].root, STR("/2.3.0/")))
			spacecraft = api_endpoint(&c->apis[i], STR("spacecraft"));
	assert_non_null(spacecraft);
	for (size_t i = 0; i < COUNT(params); i++)
		assert_non_null(endpoint_param(spacecraft, str_from(params[i])));
	catalog_unref(c);
}

static void options_replace_what_tables_say(void **state)
{
	const struct catalog_options options = { .upstream = STR("http://127.0.0.1:9000/"),
						 .quota = { 3, 60000 },
						 .time_scale = 3600 };
	struct reports r;
	struct catalog *c =
		read_one("{" HEAD ",\"link_names\":[\"url\"]," ENDPOINTS "}", &options, &r);
	const struct api *api;

	(void)state;
	assert_non_null(c);
	api = &c->apis[0];
	assert_view(api->upstream, "http://127.0.0.1:9000");
	assert_int_equal(api->quota.calls, 3);
	assert_int_equal(api->quota.window_ms, 60000);
	assert_int_equal(api->endpoints[0].fresh_ms, 6000);
	assert_int_equal(api->negative_ms, 166);
	/* Links are known under the host that is asked. */
	assert_true(rewrite_prefix(&api->links, STR("url"), STR("http://127.0.0.1:9000/1/x/")) > 0);
	catalog_unref(c);
	buf_release(&r.text);
}

/* Such an upstream may write its links with the path or without it. */
static void an_upstream_below_a_path(void **state)
{
	const struct catalog_options options = { .upstream = STR("http://127.0.0.1:9000/mirror"),
						 .time_scale = 1 };
	struct reports r;
	struct catalog *c =
		read_one("{" HEAD ",\"link_names\":[\"url\"]," ENDPOINTS "}", &options, &r);
	static const struct {
		const char *link;
		bool known;
	} cases[] = {
		{ "http://127.0.0.1:9000/1/x/", true },
		{ "http://127.0.0.1:9000/mirror/1/x/", true },
		{ "http://127.0.0.1:9000/mirrors/1/x/", false },
		{ "http://127.0.0.1:9000/mirror/mirror/1/x/", false },
		{ "http://127.0.0.1:9000/other/1/x/", false },
	};

	(void)state;
	assert_non_null(c);
	assert_view(c->apis[0].upstream, "http://127.0.0.1:9000/mirror");
	for (size_t i = 0; i < COUNT(cases); i++)
		if ((rewrite_prefix(&c->apis[0].links, STR("url"), str_from(cases[i].link)) > 0) !=
		    cases[i].known)
			fail_msg("%s", cases[i].link);
	catalog_unref(c);
	buf_release(&r.text);
}

static void no_time_is_scaled_away(void **state)
{
	const struct catalog_options options = { .time_scale = 1LL << 31 };
	struct reports r;
	struct catalog *c = read_one("{" HEAD "," ENDPOINTS "}", &options, &r);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->apis[0].endpoints[0].skew_ms, 1);
	assert_int_equal(c->apis[0].negative_ms, 1);
	catalog_unref(c);
	buf_release(&r.text);
}

static void tables_that_are_wrong(void **state)
{
	(void)state;
	assert_refused("", "t.json:");
	assert_refused("{\n\n", "t.json:3: ");
	assert_refused("{\n\"a\":1,\n\"a\":2}", "duplicate");
	assert_refused("[]", "an object");
	assert_refused("{}", "title");
	assert_refused("{" HEAD "}", "endpoints");
	assert_refused("{" HEAD ",\"endpoints\":{}}", "endpoints");
	assert_refused("{" HEAD ",\"endpoints\":[]}", "endpoints");
	assert_refused("{" HEAD ",\"typo\":1," ENDPOINTS "}", "typo");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":1}}", "endpoints.x");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{}}}", "endpoints.x.fresh");
	assert_refused("{" HEAD ",\"endpoints\":{\"a b\":{" SPACECRAFT "}}}", "endpoints.a b");
	assert_refused("{" HEAD ",\"endpoints\":{\"\":{" SPACECRAFT "}}}", "endpoints: a path");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"frehs\":\"1s\"}}}",
		       "endpoints.x.frehs");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
		       ",\"filters\":{\"a\":\"text\"}}}}",
		       "t.json:1: endpoints.x.filters.a: there is no type \"text\"");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"filters\":[]}}}",
		       "endpoints.x.filters");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
		       ",\"filters\":{\"limit\":\"int\"}}}}",
		       "limit is declared twice");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"modes\":7}}}",
		       "endpoints.x.modes");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"modes\":[1]}}}",
		       "endpoints.x.modes");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{\"fresh\":\"6\",\"stale\":\"30d\","
		       "\"skew\":\"30m\"}}}",
		       "endpoints.x.fresh");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{\"fresh\":6,\"stale\":\"30d\","
		       "\"skew\":\"30m\"}}}",
		       "endpoints.x.fresh");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"head\":100}}}",
		       "endpoints.x.head");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
		       ",\"head\":{\"detailed\":0}}}}",
		       "endpoints.x.head");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"kind\":\"many\"}}}",
		       "endpoints.x.kind");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"like\":\"y\"}}}",
		       "endpoints.x.like");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"like\":\"x\"}}}",
		       "endpoints.x.like: it is like too many");
	assert_refused("{" HEAD ",\"templates\":{\"t\":{\"frehs\":\"1s\"}}," ENDPOINTS "}",
		       "templates.t.frehs: there is no such key");
	assert_refused("{" HEAD ",\"defaults\":{\"frehs\":\"1s\"}," ENDPOINTS "}",
		       "defaults.frehs: there is no such key");
	assert_refused("{" HEAD ",\"unknown\":\"keep\"," ENDPOINTS "}", "unknown");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
		       ",\"ordering\":[\"net ->\"]}}}",
		       "endpoints.x.ordering");
}

/* Anything else would quietly mean none, and objects would be 404. */
static void objects_are_told_by_their_ids(void **state)
{
	(void)state;
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"objects\":\"true\"}}}",
		       "endpoints.x.objects");
}

/* One member of the head at a time replaced by something that is wrong. */
static void heads_that_are_wrong(void **state)
{
	static const struct {
		const char *member; /* up to its value */
		const char *value;
		const char *part;
	} cases[] = {
		{ "\"title\":", "\"\"", "title" },
		{ "\"root\":", "\"1/\"", "root" },
		{ "\"root\":", "\"/1\"", "root" },
		{ "\"root\":", "\"/\"", "root" },
		{ "\"root\":", "\"/1 2/\"", "root" },
		{ "\"root\":", "\"/1?/\"", "root" },
		{ "\"upstream\":", "\"u.example\"", "upstream" },
		{ "\"upstream\":", "\"ftp://u.example\"", "upstream" },
		{ "\"budget\":", "7", "budget" },
		{ "\"budget\":", "\"a}b\"", "budget" },
		{ "\"budget\":", "\"A\"", "budget" },
		{ "\"quota\":", "\"15\"", "quota" },
		{ "\"quota\":", "\"0/3600\"", "quota" },
		{ "\"negative\":", "10", "negative" },
		{ "\"limit\":", "0", "limit" },
		{ "\"limit\":", "101", "limit" },
		{ "\"limit\":", "\"10\"", "limit" },
		{ "\"limit_max\":", "1001", "limit_max" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *whole = "{" HEAD "," ENDPOINTS "}";
		const char *at = strstr(whole, cases[i].member) + strlen(cases[i].member);
		char text[1000];

		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole, cases[i].value,
			 at + strcspn(at, ","));
		assert_refused(text, cases[i].part);
	}
}

/* What lists are sorted by must be something to order by, where that is known. */
static void a_sorting_that_is_wrong(void **state)
{
	(void)state;
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
		       ",\"ordering\":[\"id\"],\"sorted\":\"-net\"}}}",
		       "t.json:1: endpoints.x.sorted");
	assert_refused("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"sorted\":7}}}",
		       "t.json:1: endpoints.x.sorted");
}

/* Declarations of filters, one a time. */
static void declarations_that_are_wrong(void **state)
{
	static const char *const wrong[] = {
		"\"a\":7",
		"\"a b\":\"int\"",
		"\"a\":\"\"",
		"\"a\":\"csv\"",
		"\"a\":\"csv bool\"",
		"\"a\":\"any datetime\"",
		"\"a\":\"int gt\"",
		"\"a\":\"int __near\"",
		"\"a\":\"int =near\"",
		"\"a\":\"int = =\"",
		"\"a\":\"int -> \"",
		"\"a\":\"int -> b c\"",
		"\"a\":\"int __gt __gte __lt __lte __gt\"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char text[1000];

		snprintf(text, sizeof(text),
			 "{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT ",\"filters\":{%s}}}}",
			 wrong[i]);
		assert_refused(text, "t.json:1: endpoints.x.filters");
	}
}

/* Rules of fresh_when, one a time, and what is said about each. */
static void rules_that_are_wrong(void **state)
{
	static const struct {
		const char *rules;
		const char *part;
	} cases[] = {
		{ "7", "element 1 is not a text" },
		{ "[\"1m list\",7]", "element 2 is not a text" },
		{ "{\"net\":\"1m\"}", "element 1 is not a text" },
		{ "\"\"", "element 1 is not a text" },
		{ "\" \"", "is no time" },
		{ "\"1 list\"", "\"1 list\": \"1\" is no time such as 90s or 5m" },
		{ "\"0s list\"", "is no time" },
		{ "\"-1m list\"", "is no time" },
		{ "\"99999d list\"", "is no time" },
		{ "\"list 1m\"", "\"list\" is no time" },
		{ "\"1m\"", "\"1m\" has no condition" },
		{ "\"1m lists\"", "\"lists\" is no condition such as" },
		{ "\"1m net\"", "\"net\" is no condition" },
		{ "\"1m net>3\"", "is no condition" },
		{ "\"1m net: -15m..+2h\"", "\"\" is no band" },
		{ "\"1m program[].id=1\"", "is no condition" },
		{ "\"1m :-15m..+2h\"", "\"\" is no path" },
		{ "\"1m =6\"", "is no path" },
		{ "\"1m .id=6\"", "\".id\" is no path" },
		{ "\"1m status.=6\"", "is no path" },
		{ "\"1m status..id=6\"", "is no path" },
		{ "\"1m net..+2h\"", "is no condition" },
		{ "\"1m net:\"", "is no band such as" },
		{ "\"1m net:..\"", "\"..\" is no band" },
		{ "\"1m net:-15m\"", "is no band" },
		{ "\"1m net:-15m.+2h\"", "is no band" },
		{ "\"1m net:15m..+2h\"", "is no band" },
		{ "\"1m net:-15m..2h\"", "is no band" },
		{ "\"1m net:-15..+2h\"", "is no band" },
		{ "\"1m net:-15m...+2h\"", "is no band" },
		{ "\"1m net:-15m..+2h..+3h\"", "is no band" },
		{ "\"1m net:-15m..+99999d\"", "is no band" },
		{ "\"1m net:+2h..-15m\"", "\"+2h..-15m\" ends before it begins" },
		{ "\"1m net:+2h..+2h\"", "ends before it begins" },
		{ "\"1m net:-0s..+0s\"", "ends before it begins" },
		{ "\"1m status.id=\"", "is no list of values" },
		{ "\"1m status.id!=\"", "is no list of values" },
		{ "\"1m status.id=3,\"", "\"3,\" is no list of values" },
		{ "\"1m status.id=,3\"", "is no list of values" },
		{ "\"1m status.id=3,,4\"", "is no list of values" },
		{ "\"1m status.id==3\"", "is no list of values" },
		{ "\"1m a=1 b=1 c=1 d=1 e=1\"", "\"e=1\" is one condition too many" },
		{ "[\"1m a=1 b=1 c=1 d=1\",\"1m e=1 f=1 g=1 h=1\",\"1m h=2 i=1\"]",
		  "\"i\" is one path too many" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[1000];

		snprintf(text, sizeof(text),
			 "{" HEAD ",\n\"endpoints\":{\"x\":{" SPACECRAFT ",\n\"fresh_when\":%s}}}",
			 cases[i].rules);
		assert_refused(text, "t.json:3: endpoints.x.fresh_when: ");
		assert_refused(text, cases[i].part);
	}
}

/* As many as there may be, and one more. */
static void as_many_rules_as_there_may_be(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct buf text = buf_init(10000);
		struct reports r;
		struct catalog *c;

		buf_put(&text, STR("{" HEAD ",\"endpoints\":{\"x\":{" SPACECRAFT
				   ",\"fresh_when\":[\"1m list\""));
		for (int i = 1; i < FRESH_RULES_MAX + extra; i++)
			buf_putf(&text, ",\"%dm list\"", i + 1);
		buf_put(&text, STR("]}}}"));
		buf_put_char(&text, '\0');
		c = read_one(text.p, &usual, &r);
		if (extra)
			assert_holds(buf_str(&r.text), "is one rule too many");
		assert_int_equal(c == NULL, extra);
		catalog_unref(c);
		buf_release(&r.text);
		buf_release(&text);
	}
}

/* What an endpoint says itself, what it is like and the defaults, each reported where it stands. */
static void rules_of_all_layers_are_added(void **state)
{
	static const char layers[] = "{" HEAD ",\"defaults\":{\"fresh_when\":\"7d net:+60d..\"},"
				     "\"templates\":{\"t\":{\n\"fresh_when\":[\"5m a.b!=3,4\","
				     "\"%s net:-15m..+2h list\"]}},\"endpoints\":{\"x\":{"
				     "\"like\":\"t\"," SPACECRAFT ",\"fresh_when\":\"1m "
				     "a.b=6\"}}}";
	const struct fresh_rules *rules;
	struct catalog *c;
	struct reports r;
	char text[1000];

	(void)state;
	snprintf(text, sizeof(text), layers, "2m");
	c = read_one(text, &usual, &r);
	assert_non_null(c);
	buf_release(&r.text);
	rules = &c->apis[0].endpoints[0].fresh_when;
	assert_int_equal(rules->n, 4);
	assert_int_equal(rules->paths_n, 2);
	assert_view(rules->paths[0], "a.b");
	assert_view(rules->paths[1], "net");
	assert_int_equal(rules->list[0].fresh_ms, 60000);
	assert_int_equal(rules->list[0].terms[0].test, FRESH_IS);
	assert_view(rules->list[0].terms[0].values, "6");
	assert_int_equal(rules->list[1].terms[0].test, FRESH_IS_NOT);
	assert_view(rules->list[1].terms[0].values, "3,4");
	assert_false(rules->list[1].lists_only);
	assert_true(rules->list[2].lists_only);
	assert_int_equal(rules->list[2].terms_n, 1);
	assert_int_equal(rules->list[2].terms[0].path, 1);
	assert_int_equal(rules->list[2].terms[0].from_ms, -900000);
	assert_int_equal(rules->list[2].terms[0].to_ms, 7200000);
	assert_int_equal(rules->list[3].terms[0].from_ms, 60 * 86400000LL);
	assert_int_equal(rules->list[3].terms[0].to_ms, FRESH_EVER_MS);
	catalog_unref(c);
	snprintf(text, sizeof(text), layers, "2");
	assert_refused(text, "t.json:2: templates.t.fresh_when: \"2 net:-15m..+2h list\": ");
}

static const struct param *shipped(const struct catalog *c, const char *root, const char *endpoint,
				   const char *param)
{
	for (size_t i = 0; i < c->apis_n; i++)
		if (str_eq(c->apis[i].root, str_from(root)))
			return endpoint_param(api_endpoint(&c->apis[i], str_from(endpoint)),
					      str_from(param));
	return NULL;
}

/* What declarations say, by those that are shipped. */
static void filters_and_what_they_look_at(void **state)
{
	static const struct {
		const char *root, *endpoint, *param;
		struct value_rule rule;
		enum filter_lookup lookup;
		const char *path;
	} cases[] = {
		{ "/2.3.0/",
		  "launches",
		  "net__gte",
		  { .type = VALUE_DATETIME },
		  LOOKUP_GTE,
		  "net" },
		{ "/2.3.0/",
		  "launches",
		  "lsp__id",
		  { VALUE_INT, .many = VALUE_LIST },
		  LOOKUP_IN,
		  "launch_service_provider.id" },
		{ "/2.3.0/",
		  "launches/upcoming",
		  "program",
		  { VALUE_ID, .many = VALUE_ANY },
		  LOOKUP_IN,
		  "program[].id" },
		{ "/2.3.0/",
		  "launches/previous",
		  "year",
		  { VALUE_NUMBER, .many = VALUE_LIST },
		  LOOKUP_YEAR,
		  "net" },
		{ "/2.3.0/",
		  "launches/upcoming",
		  "hide_recent_previous",
		  { .type = VALUE_BOOL },
		  LOOKUP_CUSTOM,
		  "" },
		{ "/2.3.0/",
		  "launches",
		  "mission__orbit__name__icontains",
		  { .type = VALUE_STRING },
		  LOOKUP_ICONTAINS,
		  "mission.orbit.name" },
		{ "/2.3.0/", "events", "date__gt__lt", { .type = VALUE_DATETIME }, LOOKUP_LT, "" },
		{ "/v4/",
		  "blogs",
		  "published_at_lt",
		  { .type = VALUE_DATETIME },
		  LOOKUP_LT,
		  "published_at" },
		{ "/v4/",
		  "articles",
		  "launch",
		  { VALUE_UUID, .many = VALUE_LIST },
		  LOOKUP_IN,
		  "launches[].launch_id" },
	};
	struct catalog *c = catalog_load("conf/apis", &usual, report_to_test, NULL);

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct param *p =
			shipped(c, cases[i].root, cases[i].endpoint, cases[i].param);

		if (!p)
			fail_msg("there is no %s", cases[i].param);
		assert_int_equal(p->rule.type, cases[i].rule.type);
		assert_int_equal(p->rule.many, cases[i].rule.many);
		assert_int_equal(p->lookup, cases[i].lookup);
		assert_view(p->path, cases[i].path);
	}
	/* A filter of one list only, and one that only the others have. */
	assert_null(shipped(c, "/2.3.0/", "launches", "hide_recent_previous"));
	assert_null(shipped(c, "/v4/", "reports", "has_launch"));
	catalog_unref(c);
}

/* Faults of what is inherited are reported where it stands. */
static void lines_of_faults(void **state)
{
	struct reports r;

	(void)state;
	assert_null(read_one("{" HEAD ",\n\"defaults\":{\n\"skew\":7},\n\"templates\":{\"t\":{\n"
			     "\"fresh\":\"x\"}},\n\"endpoints\":{\n\"a\":{\"like\":\"t\",\n"
			     "\"stale\":\"y\"}}}",
			     &usual, &r));
	assert_int_equal(r.n, 3);
	assert_holds(buf_str(&r.text), "t.json:3: defaults.skew: ");
	assert_holds(buf_str(&r.text), "t.json:5: templates.t.fresh: ");
	assert_holds(buf_str(&r.text), "t.json:8: endpoints.a.stale: ");
	buf_release(&r.text);
}

static void a_quota_for_one_budget(void **state)
{
	const struct catalog_options options = { .quota = { 3, 60000 },
						 .budget = STR("other"),
						 .time_scale = 1 };
	struct reports r;
	struct catalog *c = read_one("{" HEAD "," ENDPOINTS "}", &options, &r);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->apis[0].quota.calls, 15);
	catalog_unref(c);
	buf_release(&r.text);
}

static void every_fault_is_reported(void **state)
{
	struct reports r;

	(void)state;
	assert_null(read_one("{" HEAD ",\"x\":1,\"endpoints\":{\"a\":{" SPACECRAFT ",\"y\":2},"
			     "\"b\":{" SPACECRAFT ",\"z\":3}}}",
			     &usual, &r));
	assert_int_equal(r.n, 3);
	assert_holds(buf_str(&r.text), "t.json:1: x: ");
	assert_holds(buf_str(&r.text), "endpoints.a.y: ");
	assert_holds(buf_str(&r.text), "endpoints.b.z: ");
	buf_release(&r.text);
}

static void roots_must_differ(void **state)
{
	const struct catalog_table tables[] = {
		{ "a", "a.json", STR("{" HEAD "," ENDPOINTS "}") },
		{ "b", "b.json", STR("{" HEAD "," ENDPOINTS "}") },
	};
	struct reports r = { .text = buf_init(1000) };

	(void)state;
	assert_null(catalog_read(tables, 2, &usual, note, &r));
	assert_holds(buf_str(&r.text), "root");
	assert_null(catalog_read(tables, 0, &usual, note, &r));
	buf_release(&r.text);
}

static void folders_without_tables(void **state)
{
	struct reports r = { .text = buf_init(1000) };

	(void)state;
	assert_null(catalog_load("tests/unit/no-such-folder", &usual, note, &r));
	assert_int_equal(r.n, 1);
	assert_null(catalog_load("tests/lint", &usual, note, &r));
	assert_int_equal(r.n, 2);
	buf_release(&r.text);
	catalog_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_read_whole),
		cmocka_unit_test(the_tables_that_are_shipped),
		cmocka_unit_test(options_replace_what_tables_say),
		cmocka_unit_test(an_upstream_below_a_path),
		cmocka_unit_test(no_time_is_scaled_away),
		cmocka_unit_test(tables_that_are_wrong),
		cmocka_unit_test(objects_are_told_by_their_ids),
		cmocka_unit_test(heads_that_are_wrong),
		cmocka_unit_test(a_sorting_that_is_wrong),
		cmocka_unit_test(declarations_that_are_wrong),
		cmocka_unit_test(rules_that_are_wrong),
		cmocka_unit_test(as_many_rules_as_there_may_be),
		cmocka_unit_test(rules_of_all_layers_are_added),
		cmocka_unit_test(filters_and_what_they_look_at),
		cmocka_unit_test(lines_of_faults),
		cmocka_unit_test(a_quota_for_one_budget),
		cmocka_unit_test(every_fault_is_reported),
		cmocka_unit_test(roots_must_differ),
		cmocka_unit_test(folders_without_tables),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
