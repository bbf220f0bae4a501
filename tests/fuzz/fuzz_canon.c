/*
 * The whole way from a request target to its key, over the real tables, with
 * unknown parameters refused and passed. Whatever a client may send:
 *
 * - what is accepted has one canonical target, which is accepted and means the
 *   same; so are the target sent to upstream and those of `next` and `previous`;
 * - the order of parameters, their encoding and the slash at the end of the path
 *   do not change the key;
 * - what is refused makes a problem document that is JSON, names every fault,
 *   and holds no value of a parameter that looks like a key.
 *
 * Run from the top of the repository: the tables are in conf/apis.
 */
#include "fuzz/fuzz.h"

#include "api/load.h"
#include "api/links.h"
#include "api/window.h"
#include "base/limits.h"
#include "policy/problem.h"

/* Far beyond what a request may take, so that no check fails for want of room. */
#define ARENA_BYTES (64UL * 1024 * 1024)

/* Stands for somebody's key; nothing else in a table or a client's habits looks like it. */
#define SECRET "hunter2-Zq8f51c0"

static const struct catalog *catalog;

static void say(void *ctx, const char *file, int line, const char *key, const char *what)
{
	(void)ctx;
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, key, what);
}

static void load_catalog(void)
{
	static const struct catalog_options options = { .time_scale = 1 };

	if (!catalog)
		catalog = catalog_load("conf/apis", &options, say, NULL);
	must(catalog, "conf/apis can be loaded (run from the top of the repository)");
}

/* One input under one setting of unknown_parameters. */
struct run {
	struct canon_options options;
	struct arena *a;
	struct str target;
};

static bool read_target(const struct run *run, struct str target, struct canon *ret)
{
	struct refusal ignored;

	return canon_request(catalog, &run->options, target, run->a, ret, &ignored);
}

static bool same_query(const struct query *a, const struct query *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->pairs[i].name, b->pairs[i].name) ||
		    !str_eq(a->pairs[i].value, b->pairs[i].value))
			return false;
	return true;
}

/* Do they ask for objects of the same list, or for the same object? */
static bool same_list(const struct canon *a, const struct canon *b)
{
	return a->api == b->api && a->endpoint == b->endpoint && a->is_object == b->is_object &&
	       str_eq(a->path, b->path) && same_query(&a->filter, &b->filter);
}

static bool same_page(const struct canon *a, const struct canon *b)
{
	return same_list(a, b) && a->limit == b->limit && a->offset == b->offset;
}

/* ---- what is accepted ---- */

static void check_shape(const struct canon *c)
{
	must(c->api && c->endpoint, "an accepted request has an endpoint");
	must(str_starts(c->path, c->api->root) && str_ends(c->path, STR("/")),
	     "the path lies under the root and ends with a slash");
	must(c->is_object ? c->limit == 0 : c->limit >= 1 && c->limit <= c->endpoint->window,
	     "a page fits into two windows");
	must(c->offset >= 0 && c->offset <= LIMIT_OFFSET, "the offset has its bounds");
}

static void check_fixed_point(const struct run *run, const struct canon *c)
{
	struct str target = c->target;
	struct canon again;

	must(target.p, "there is a canonical target");
	must(read_target(run, target, &again), "the canonical target is accepted");
	must(same_page(c, &again), "the canonical target means the same");
	must(str_eq(target, again.target), "the canonical target is a fixed point");
}

static void check_upstream_target(const struct run *run, const struct canon *c)
{
	uint32_t window = c->is_object ? 0 : c->endpoint->window;
	int64_t start = c->is_object ? 0 : window_start(c->offset, window);
	struct str target = canon_page_target(c, &c->filter, window, start, run->a);
	struct canon again;

	must(target.p, "there is a target for upstream");
	must(read_target(run, target, &again), "upstream's target is accepted");
	must(same_list(c, &again), "upstream's target means the same list");
	must(again.limit == window && again.offset == start, "upstream's target is the window");
}

static void check_link(const struct run *run, const struct canon *c, struct str link,
		       int64_t offset)
{
	struct canon there;

	must(read_target(run, link, &there), "a link is accepted");
	must(same_list(c, &there) && there.limit == c->limit, "a link leads to the same list");
	must(there.offset == offset, "a link leads to its page");
	must(same_query(&c->echo, &there.echo), "a link keeps what the client wrote");
}

static void check_links(const struct run *run, const struct canon *c, int64_t count)
{
	struct links links;

	must(links_make(c, count, run->a, &links), "links can be made");
	check_link(run, c, links.first, 0);
	must(links.last.p, "there is a last page");
	must(!links.next.p == (c->offset + c->limit >= count), "next is there when due");
	must(!links.previous.p == (c->offset == 0), "previous is there when due");
	/* Upstream has no list that is so long that a link would pass LIMIT_OFFSET. */
	if (links.next.p && c->offset + c->limit <= LIMIT_OFFSET)
		check_link(run, c, links.next, c->offset + c->limit);
	if (links.previous.p)
		check_link(run, c, links.previous, c->offset > c->limit ? c->offset - c->limit : 0);
}

/* ---- other spellings ---- */

static void put_escaped(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

		buf_put(b, (struct str){ escape, sizeof(escape) });
	}
}

/* The query as the client sent it, with parameters of different names in another order. */
static void put_shuffled(struct buf *b, const struct query *q, uint64_t seed, bool escaped)
{
	size_t *order = calloc(q->n + 1, sizeof(*order));
	uint64_t *rank = calloc(q->n + 1, sizeof(*rank));

	for (size_t i = 0; i < q->n; i++) {
		uint64_t mine = hash64(q->pairs[i].name) * (seed | 1);
		size_t at = i;

		/* Stable: what has one name keeps its order. */
		for (; at > 0 && rank[order[at - 1]] > mine; at--)
			order[at] = order[at - 1];
		order[at] = i;
		rank[i] = mine;
	}
	for (size_t i = 0; i < q->n; i++) {
		const struct query one = { &q->pairs[order[i]], 1 };

		if (escaped) {
			put_escaped(b, one.pairs->name);
			buf_put_char(b, '=');
			put_escaped(b, one.pairs->value);
		} else {
			query_put(b, &one);
		}
		buf_put_char(b, '&');
	}
	free(order);
	free(rank);
}

static void check_spelling(const struct run *run, const struct canon *c, struct str target)
{
	struct canon other;

	/* A longer spelling may be too long. */
	if (target.n > LIMIT_TARGET_BYTES)
		return;
	must(read_target(run, target, &other), "another spelling is accepted");
	must(same_page(c, &other), "another spelling means the same");
	must(str_eq(c->target, other.target), "another spelling has the same key");
}

static void check_spellings(const struct run *run, const struct canon *c)
{
	struct buf b = buf_init(ARENA_BYTES);
	uint64_t seed = hash64(run->target);
	struct str raw = run->target;
	struct query q;
	struct fail why;

	str_cut(&raw, '?');
	must(query_parse(raw, run->a, &q, &why), "an accepted query can be read");
	/* Without the slash, with what says nothing, in the escapes of url_put_form(). */
	buf_put(&b, str_slice(c->path, 0, c->path.n - 1));
	buf_put(&b, q.n + 3 <= LIMIT_PARAMETERS ? STR("?format=api&offset=0&_=17&") : STR("?"));
	put_shuffled(&b, &q, seed, false);
	check_spelling(run, c, buf_str(&b));
	/* With every byte an escape in lower case. */
	buf_clear(&b);
	buf_put(&b, c->path);
	buf_put_char(&b, '?');
	put_shuffled(&b, &q, ~seed, true);
	check_spelling(run, c, buf_str(&b));
	buf_release(&b);
}

/* ---- what is refused ---- */

static bool holds(struct str text, struct str piece)
{
	return text.n && memmem(text.p, text.n, piece.p, piece.n);
}

static void check_faults(const struct refusal *r, const json_t *document)
{
	const json_t *faults = json_object_get(document, "faults");

	if (r->fail.fault != FAULT_PARAMETERS) {
		must(!faults && !r->faults_n, "only parameters have faults");
		return;
	}
	must(r->faults_n && json_array_size(faults) == r->faults_n, "every fault is told");
	for (size_t i = 0; i < r->faults_n; i++) {
		const json_t *told = json_array_get(faults, i);
		const struct param_fault *f = &r->faults[i];

		must(fuzz_same_text(json_object_get(told, "parameter"), f->name),
		     "a fault names its parameter");
		must(json_string_length(json_object_get(told, "reason")) > 0,
		     "a fault has a reason");
		must(json_is_string(json_object_get(told, "value")), "a fault has a value");
		must(f->is_secret || fuzz_same_text(json_object_get(told, "value"), f->value),
		     "a fault tells its value");
	}
}

static void check_refusal(const struct refusal *r)
{
	struct buf out = buf_init(ARENA_BYTES);
	json_t *document;

	problem_of_refusal(&out, r, STR("5f2ac1d0"));
	must(!out.failed, "there is a problem document");
	document = json_loadb(out.p, out.n, 0, NULL);
	must(json_is_object(document), "a problem document is a JSON object");
	must(json_integer_value(json_object_get(document, "status")) == fault_status(r->fail.fault),
	     "its status is the answer's");
	must(json_string_length(json_object_get(document, "detail")) > 0, "it has a detail");
	check_faults(r, document);
	must(!holds(buf_str(&out), STR(SECRET)), "it holds no key");
	json_decref(document);
	buf_release(&out);
}

/* ---- keys ---- */

/* Asks the same with a key in it, as clients do, and looks for the key in all that comes out. */
static void check_secret(const struct run *run)
{
	static const struct str names[] = { STR("api_key"), STR("apikey"), STR("token"),
					    STR("access_token"), STR("Authorization") };
	struct str name = names[hash64(run->target) % (sizeof(names) / sizeof(names[0]))];
	struct buf b = buf_init(ARENA_BYTES);
	struct refusal refusal;
	struct canon c;

	buf_put(&b, run->target);
	buf_put_char(&b, str_find(run->target, '?') < run->target.n ? '&' : '?');
	buf_put(&b, name);
	buf_put(&b, STR("=" SECRET));
	if (canon_request(catalog, &run->options, buf_str(&b), run->a, &c, &refusal)) {
		must(run->options.pass_unknown || c.api->pass_unknown,
		     "a key is an unknown parameter");
		must(!holds(c.target, STR(SECRET)), "no key gets into a target");
		must(!holds(canon_page_target(&c, &c.echo, c.limit, c.offset, run->a), STR(SECRET)),
		     "no key gets into a link");
	} else {
		must(!holds(str_from(refusal.fail.text), STR(SECRET)), "no key gets into a text");
		check_refusal(&refusal);
	}
	buf_release(&b);
}

/* ---- */

static void check(struct run *run)
{
	/* Lists end before, on and behind the page. */
	const int64_t lengths[] = { 0, 1, 596, LIMIT_OFFSET };
	struct refusal refusal;
	struct canon c;

	if (holds(run->target, STR(SECRET)))
		return;
	check_secret(run);
	if (!canon_request(catalog, &run->options, run->target, run->a, &c, &refusal)) {
		check_refusal(&refusal);
		return;
	}
	check_shape(&c);
	check_fixed_point(run, &c);
	check_upstream_target(run, &c);
	check_spellings(run, &c);
	if (c.is_object)
		return;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		check_links(run, &c, lengths[i]);
	check_links(run, &c, c.offset);
	check_links(run, &c, c.offset + c.limit);
	check_links(run, &c, c.offset + c.limit + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str ignored[] = { STR("_"), STR("cb"), STR("utm_*") };

	load_catalog();
	for (int pass = 0; pass < 2; pass++) {
		struct run run = { .options = { .ignored = ignored,
						.ignored_n = sizeof(ignored) / sizeof(ignored[0]),
						.pass_unknown = pass },
				   .a = arena_new(ARENA_BYTES),
				   .target = fuzz_input(data, size) };

		check(&run);
		arena_free(run.a);
	}
	return 0;
}
