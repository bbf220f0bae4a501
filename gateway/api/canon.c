#include "api/canon.h"

#include "api/nearest.h"
#include "base/limits.h"
#include "http/url.h"

#include <ctype.h>
#include <stdio.h>

#define GUESSES_MAX 20

/* The longest id, a UUID, and its NUL. */
#define ID_BYTES (UUID_BYTES + 1)

/* What one call of canon_request() works with. */
struct work {
	const struct catalog *catalog;
	const struct canon_options *options;
	struct arena *a;
	struct refusal *reterr;
};

static bool no_memory(struct work *w)
{
	return fail(&w->reterr->fail, FAULT_TOO_LONG, "The request is too large.");
}

/* ---- the path ---- */

static const struct api *api_at(const struct catalog *catalog, struct str path)
{
	for (size_t i = 0; i < catalog->apis_n; i++)
		if (str_starts(path, catalog->apis[i].root))
			return &catalog->apis[i];
	return NULL;
}

/* Cuts the last segment off `path`: `a/b/7` gives `7` and leaves `a/b`. */
static struct str cut_last(struct str *path)
{
	size_t at = path->n;
	struct str last;

	while (at && path->p[at - 1] != '/')
		at--;
	last = str_slice(*path, at, path->n);
	path->n = at ? at - 1 : 0;
	return last;
}

/* An id as upstream's router and database understand it: digits, above 0, leading zeros or not;
 * or a UUID. Writes its canonical spelling; empty if no object can have it. */
static void read_id(enum value_type type, struct str text, char ret[static ID_BYTES])
{
	int64_t number;

	ret[0] = '\0';
	ret[UUID_BYTES] = '\0';
	if (type == VALUE_UUID && !value_uuid(text, ret))
		ret[0] = '\0';
	if (type == VALUE_ID && str_is_digits(text) && str_to_i64(text, &number) && number >= 1 &&
	    number <= LIMIT_ID)
		snprintf(ret, ID_BYTES, "%lld", (long long)number);
}

/* The endpoint that somebody who asks for the path `below` probably means. */
static struct str guess_endpoint(const struct api *api, struct str below)
{
	struct str parent = below;
	const struct endpoint *former = api_former(api, below);
	struct str name;

	cut_last(&parent);
	if (!former)
		former = api_former(api, parent);
	if (former)
		return former->name;
	name = nearest(below, api->endpoint_names, api->endpoints_n);
	if (!name.n)
		name = nearest(parent, api->endpoint_names, api->endpoints_n);
	if (!name.n)
		name = nearest(str_cut(&below, '/'), api->endpoint_names, api->endpoints_n);
	return name;
}

/* `/2.3.0/{endpoint}/`, and `{id}/` behind it unless that is empty; in the arena. */
static struct str path_to(struct work *w, const struct api *api, struct str endpoint,
			  const char *id)
{
	struct buf b = buf_init(LIMIT_TARGET_BYTES);
	struct str path;

	buf_put(&b, api->root);
	buf_put(&b, endpoint);
	buf_put_char(&b, '/');
	if (id[0])
		buf_putf(&b, "%s/", id);
	path = arena_dup(w->a, buf_str(&b));
	buf_release(&b);
	return path;
}

static bool not_found(struct work *w, const struct api *api, struct str below)
{
	struct str name = guess_endpoint(api, below);

	if (!name.n) {
		w->reterr->nearest_path = api->root;
		return fail(&w->reterr->fail, FAULT_NOT_FOUND,
			    "Not found. %.*s lists what there is.", STR_ARG(api->root));
	}
	w->reterr->nearest_path = path_to(w, api, name, "");
	return fail(&w->reterr->fail, FAULT_NOT_FOUND, "Not found. Did you mean %.*s?",
		    STR_ARG(w->reterr->nearest_path));
}

/* The API that has the endpoint `below`: today, rather than in another version. */
static const struct api *api_having(const struct catalog *catalog, struct str below)
{
	for (int former = 0; former < 2; former++)
		for (size_t i = 0; i < catalog->apis_n; i++)
			if (former ? api_former(&catalog->apis[i], below)
				   : api_endpoint(&catalog->apis[i], below))
				return &catalog->apis[i];
	return NULL;
}

/* `/2.1.0/launch/upcoming/`: something that is served, of a version that is not. */
static bool no_api(struct work *w, struct str path)
{
	struct str below = str_slice(path, str_starts(path, STR("/")), path.n);
	const struct api *api;

	str_cut(&below, '/');
	if (str_ends(below, STR("/")))
		below.n--;
	api = api_having(w->catalog, below);
	if (!api) {
		cut_last(&below); /* perhaps an id */
		api = api_having(w->catalog, below);
	}
	if (api)
		return not_found(w, api, below);
	return fail(&w->reterr->fail, FAULT_NOT_FOUND, "Not found.");
}

/* The endpoint is there, but nothing below it can have that name. */
static bool no_object(struct work *w, const struct canon *c, struct str last)
{
	static const char *const ids[VALUE_TYPE_COUNT + 1] = {
		[VALUE_ID] = "are whole numbers above 0",
		[VALUE_UUID] = "are UUIDs",
		[VALUE_TYPE_COUNT] = "are not served",
	};
	struct buf name = buf_init(LIMIT_TARGET_BYTES);
	struct str guess;

	/* `launches/upcomming` is a list misspelt, no launch. */
	buf_put(&name, c->endpoint->name);
	buf_put_char(&name, '/');
	buf_put(&name, last);
	guess = nearest(buf_str(&name), c->api->endpoint_names, c->api->endpoints_n);
	buf_release(&name);
	/* And `launches/%20` is the list, with the blank that somebody's text ended in. */
	if (!str_trim(last).n || (guess.n && !str_eq(guess, c->endpoint->name)))
		return not_found(w, c->api, guess.n ? guess : c->endpoint->name);
	w->reterr->nearest_path = path_to(w, c->api, c->endpoint->name, "");
	return fail(&w->reterr->fail, FAULT_NOT_FOUND, "Not found. The ids of %.60s %s.",
		    c->endpoint->name.p, ids[c->endpoint->ids]);
}

/* Finds api, endpoint and id. A missing slash at the end is added, since many clients follow no
 * redirect to the right form. */
static bool route(struct work *w, struct str raw, struct canon *c)
{
	const char *why;
	struct str below;
	struct str path;
	char id[ID_BYTES] = "";

	why = url_decode(raw, URL_PATH, w->a, &path);
	if (why)
		return fail(&w->reterr->fail, FAULT_MALFORMED, "The path cannot be read: %s.", why);
	c->api = api_at(w->catalog, path);
	if (!c->api)
		return no_api(w, path);
	below = str_slice(path, c->api->root.n, path.n);
	if (str_ends(below, STR("/")))
		below.n--;
	c->endpoint = api_endpoint(c->api, below);
	if (!c->endpoint) {
		struct str name = below;
		struct str last = cut_last(&name);

		c->endpoint = api_endpoint(c->api, name);
		if (!c->endpoint)
			return not_found(w, c->api, below);
		read_id(c->endpoint->ids, last, id);
		if (!id[0])
			return no_object(w, c, last);
	}
	c->is_object = id[0] || c->endpoint->kind != ENDPOINT_LIST;
	c->path = path_to(w, c->api, c->endpoint->name, id);
	return c->path.p || no_memory(w);
}

/* ---- the parameters ---- */

static bool is_ignored(const struct canon_options *options, struct str name)
{
	for (size_t i = 0; i < options->ignored_n; i++)
		if (str_glob(options->ignored[i], name))
			return true;
	return false;
}

/* Parameters by which clients send keys to other services, and to this one by mistake: their
 * values must not be shown, logged or kept. Names are compared by their letters alone:
 * `X-Api-Key`, `api_key[]`. */
static bool is_secret(struct str name)
{
	static const struct str ends[] = {
		STR("apikey"),	      STR("accesskey"), STR("token"),  STR("auth"),
		STR("authorization"), STR("secret"),	STR("bearer"), STR("password"),
		STR("passwd"),	      STR("pwd"),	STR("jwt")
	};
	char letters[64];
	struct str folded = { letters, 0 };

	/* The end of the name decides, so it is folded from there. */
	for (size_t i = name.n; i > 0 && folded.n < sizeof(letters); i--)
		if (isalpha((unsigned char)name.p[i - 1]))
			letters[sizeof(letters) - ++folded.n] =
				(char)tolower((unsigned char)name.p[i - 1]);
	folded.p = letters + sizeof(letters) - folded.n;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (str_ends(folded, ends[i]))
			return true;
	return str_eq(folded, STR("key"));
}

static bool passes_unknown(const struct work *w, const struct canon *c)
{
	return w->options->pass_unknown || c->api->pass_unknown;
}

static bool is_dropped(const struct work *w, const struct canon *c, struct str name)
{
	return is_ignored(w->options, name) || (passes_unknown(w, c) && is_secret(name));
}

static void complain(struct work *w, const struct pair *pair, struct param_fault fault)
{
	fault.name = pair->name;
	fault.value = pair->value;
	fault.is_secret = is_secret(pair->name);
	w->reterr->faults[w->reterr->faults_n++] = fault;
}

/* What other APIs call the parameters that the lists of this one have in common. */
static struct str translated(struct str name)
{
	static const struct {
		struct str theirs;
		struct str ours;
	} words[] = {
		{ STR("page"), STR("offset") },	    { STR("start"), STR("offset") },
		{ STR("skip"), STR("offset") },	    { STR("per_page"), STR("limit") },
		{ STR("page_size"), STR("limit") }, { STR("size"), STR("limit") },
		{ STR("count"), STR("limit") },	    { STR("query"), STR("search") },
		{ STR("q"), STR("search") },	    { STR("term"), STR("search") },
		{ STR("sort"), STR("ordering") },   { STR("sort_by"), STR("ordering") },
		{ STR("order"), STR("ordering") },  { STR("order_by"), STR("ordering") },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(name, words[i].theirs))
			return words[i].ours;
	return name;
}

/* The parameter that is probably meant; without the `amp;` that an & in HTML leaves behind. */
static struct str guess_param(const struct endpoint *e, struct str name)
{
	struct str bare = str_starts(name, STR("amp;")) ? str_slice(name, 4, name.n) : name;
	const struct param *known = endpoint_param(e, translated(bare));

	return known ? known->name : nearest(bare, e->param_names, e->params_n);
}

static void complain_of_name(struct work *w, const struct pair *pair, const struct endpoint *e)
{
	/* A guess compares with every name there is: not for hundreds of faults. */
	bool guess = w->reterr->faults_n < GUESSES_MAX;

	complain(w, pair,
		 (struct param_fault){
			 .reason = "there is no such parameter",
			 .allowed = "one of",
			 .allowed_words = e->param_names,
			 .allowed_words_n = e->params_n,
			 .nearest = guess ? guess_param(e, pair->name) : (struct str){ NULL, 0 },
		 });
}

static void complain_of_value(struct work *w, const struct pair *pair, const struct param *param,
			      const struct value_fault *fault)
{
	struct pair shown = { pair->name, fault->culprit };

	complain(w, &shown,
		 (struct param_fault){
			 .reason = fault->reason,
			 .allowed = value_allowed(&param->rule),
			 .allowed_words = param->rule.words,
			 .allowed_words_n = param->rule.words_n,
			 .nearest = fault->nearest,
		 });
}

/* Of a parameter that is given again, only the last one counts (Django's QueryDict.get). */
static bool comes_again(const struct query *q, size_t at)
{
	for (size_t i = at + 1; i < q->n; i++)
		if (str_eq(q->pairs[i].name, q->pairs[at].name))
			return true;
	return false;
}

/* Objects are detailed unless asked otherwise, lists are not; which mode a singleton has is not
 * known. */
static struct value_rule rule_for(const struct canon *c, const struct param *param)
{
	struct value_rule rule = param->rule;

	if (c->is_object && rule.type == VALUE_CHOICE)
		rule.default_ =
			c->endpoint->kind == ENDPOINT_LIST ? c->endpoint->detail_mode : STR("");
	return rule;
}

/* Adds one value of those that are "or"ed: in their order, each once. */
static void use_another(struct canon *c, const struct param *param, struct str value)
{
	struct pair *pairs = c->filter.pairs;
	size_t at = c->filter.n;

	for (size_t i = 0; i < c->filter.n; i++)
		if (str_eq(pairs[i].name, param->name) && str_eq(pairs[i].value, value))
			return;
	c->filter.n++;
	/* Sorting by name, which comes last, keeps the order of equal names. */
	for (; at && (!str_eq(pairs[at - 1].name, param->name) ||
		      value_cmp(&param->rule, pairs[at - 1].value, value) > 0);
	     at--)
		pairs[at] = pairs[at - 1];
	pairs[at] = (struct pair){ param->name, value };
}

/* Files one good parameter under what it decides. */
static void use(struct canon *c, const struct param *param, struct str value)
{
	switch (param->rule.type) {
	case VALUE_LIMIT:
		str_to_i64(value, &c->limit); /* left alone by a value that says nothing */
		break;
	case VALUE_OFFSET:
		str_to_i64(value, &c->offset);
		break;
	case VALUE_ORDERING:
		/* One object has no order. */
		if (value.n && !c->is_object)
			c->filter.pairs[c->filter.n++] = (struct pair){ param->name, value };
		break;
	default:
		if (value.n && param->rule.many == VALUE_ANY)
			use_another(c, param, value);
		else if (value.n)
			c->filter.pairs[c->filter.n++] = (struct pair){ param->name, value };
	}
}

static bool is_echoed(const struct param *param)
{
	return !param || (param->rule.type != VALUE_LIMIT && param->rule.type != VALUE_OFFSET &&
			  param->rule.type != VALUE_FORMAT);
}

static void read_pair(struct work *w, const struct query *q, size_t at, struct canon *c)
{
	const struct pair *pair = &q->pairs[at];
	const struct param *param = endpoint_param(c->endpoint, pair->name);
	struct value_fault fault;
	struct value_rule rule;
	struct str value;

	if (!param && is_dropped(w, c, pair->name))
		return;
	if (is_echoed(param))
		c->echo.pairs[c->echo.n++] = *pair;
	if (!param && !passes_unknown(w, c)) {
		complain_of_name(w, pair, c->endpoint);
	} else if (!param) {
		c->filter.pairs[c->filter.n++] = *pair;
	} else if (param->rule.many == VALUE_ANY || !comes_again(q, at)) {
		rule = rule_for(c, param);
		if (value_canon(&rule, pair->value, w->a, &value, &fault))
			use(c, param, value);
		else
			complain_of_value(w, pair, param, &fault);
	}
}

static void find_head(struct canon *c)
{
	struct str mode = STR("");

	for (size_t i = 0; i < c->filter.n; i++)
		if (str_eq(c->filter.pairs[i].name, STR("mode")))
			mode = c->filter.pairs[i].value;
	c->head = c->is_object ? 0 : endpoint_head(c->endpoint, mode);
	if (c->offset + c->limit > c->head)
		c->head = 0;
}

static bool read_params(struct work *w, struct str raw, struct canon *c)
{
	struct query q;

	if (!query_parse(raw, w->a, &q, &w->reterr->fail))
		return false;
	c->filter.pairs = arena_array(w->a, q.n, sizeof(struct pair));
	c->echo.pairs = arena_array(w->a, q.n, sizeof(struct pair));
	w->reterr->faults = arena_array(w->a, q.n, sizeof(struct param_fault));
	if (!c->filter.pairs || !c->echo.pairs || !w->reterr->faults)
		return no_memory(w);
	c->limit = c->endpoint->limit;
	for (size_t i = 0; i < q.n; i++)
		read_pair(w, &q, i, c);
	if (w->reterr->faults_n)
		return fail(&w->reterr->fail, FAULT_PARAMETERS,
			    "%zu of the parameters cannot be used.", w->reterr->faults_n);
	/* A link to the next page has limit and offset beside what the client sent. */
	if (c->echo.n + 2 > LIMIT_PARAMETERS)
		return fail(&w->reterr->fail, FAULT_MALFORMED,
			    "The query has too many parameters for a link to the next page.");
	if (c->is_object)
		c->limit = c->offset = 0;
	query_sort(&c->filter);
	query_sort(&c->echo);
	find_head(c);
	return c->is_object || bounds_find(c->endpoint, &c->filter, w->a, &c->bounds) ||
	       no_memory(w);
}

/* ---- targets ---- */

struct str canon_page_target(const struct canon *c, const struct query *params, int64_t limit,
			     int64_t offset, struct arena *a)
{
	struct query q = { .pairs = arena_array(a, params->n + 2, sizeof(struct pair)) };
	/* Every byte may become an escape of three. */
	struct buf out = buf_init(4 * LIMIT_TARGET_BYTES);
	char limit_text[STR_U64_BYTES];
	char offset_text[STR_U64_BYTES];
	struct str target;

	if (!q.pairs)
		return (struct str){ NULL, 0 };
	if (params->n)
		memcpy(q.pairs, params->pairs, params->n * sizeof(struct pair));
	q.n = params->n;
	if (limit > 0)
		q.pairs[q.n++] =
			(struct pair){ STR("limit"), str_of_u64((uint64_t)limit, limit_text) };
	if (offset > 0)
		q.pairs[q.n++] =
			(struct pair){ STR("offset"), str_of_u64((uint64_t)offset, offset_text) };
	query_sort(&q);
	buf_put(&out, c->path);
	if (q.n)
		buf_put_char(&out, '?');
	query_put(&out, &q);
	target = out.failed ? (struct str){ NULL, 0 } : arena_dup(a, buf_str(&out));
	buf_release(&out);
	return target;
}

/* Are the links of this request's pages, all escaped as they are, requests that are accepted? */
static bool links_fit(struct work *w, const struct canon *c)
{
	struct str furthest = canon_page_target(c, &c->echo, LIMIT_ID, LIMIT_OFFSET, w->a);

	return furthest.p && furthest.n <= LIMIT_TARGET_BYTES;
}

/* Encoding makes three bytes of one at most, so a short target needs no measuring. */
static bool is_short(struct str target)
{
	return 3 * target.n + 200 <= LIMIT_UPSTREAM_BYTES;
}

/* What is short as it came can be long as upstream has to be asked: every byte beyond ASCII
 * becomes three. Whatever limit and offset come to it, upstream reads it. */
static bool upstream_reads(struct work *w, const struct canon *c)
{
	struct str asked = canon_page_target(c, &c->filter, 0, 0, w->a);

	return asked.p && asked.n <= LIMIT_UPSTREAM_BYTES;
}

static bool check_length(struct work *w, struct str raw, const struct canon *c)
{
	if (is_short(raw))
		return true;
	if (!links_fit(w, c))
		return fail(&w->reterr->fail, FAULT_TOO_LONG,
			    "The request is too long for links to the pages beside it.");
	if (!upstream_reads(w, c))
		return fail(&w->reterr->fail, FAULT_TOO_LONG,
			    "Encoded, the request is longer than the %d bytes that upstream reads.",
			    LIMIT_UPSTREAM_BYTES);
	return true;
}

static bool put_target(struct work *w, struct canon *c)
{
	int64_t limit = c->limit == c->endpoint->limit ? 0 : c->limit;

	c->target = canon_page_target(c, &c->filter, limit, c->offset, w->a);
	return c->target.p || no_memory(w);
}

/* ---- all of it ---- */

bool canon_request(const struct catalog *catalog, const struct canon_options *options,
		   struct str target, struct arena *a, struct canon *ret, struct refusal *reterr)
{
	struct work w = { .catalog = catalog, .options = options, .a = a, .reterr = reterr };
	struct canon c = { .api = NULL };
	struct str query = target;
	struct str path;

	*ret = (struct canon){ .api = NULL };
	*reterr = (struct refusal){ .faults_n = 0 };
	if (target.n > LIMIT_TARGET_BYTES)
		return fail(&reterr->fail, FAULT_TOO_LONG,
			    "The request target has %zu bytes; at most %d are read.", target.n,
			    LIMIT_TARGET_BYTES);
	path = str_cut(&query, '?');
	if (!route(&w, path, &c))
		return false;
	*ret = (struct canon){ .endpoint = c.endpoint, .is_object = c.is_object };
	if (!read_params(&w, query, &c) || !check_length(&w, target, &c) || !put_target(&w, &c))
		return false;
	*ret = c;
	return true;
}

uint32_t canon_series(const struct canon *c)
{
	if (!c->endpoint)
		return 0;
	return c->is_object ? c->endpoint->object_series : c->endpoint->series;
}

const struct api *canon_root(const struct catalog *catalog, struct str target)
{
	struct str path = str_cut(&target, '?');

	for (size_t i = 0; i < catalog->apis_n; i++) {
		struct str root = catalog->apis[i].root;

		if (str_eq(path, root) || str_eq(path, str_slice(root, 0, root.n - 1)))
			return &catalog->apis[i];
	}
	return NULL;
}
