#include "app/respond.h"

#include "api/links.h"
#include "api/window.h"
#include "app/press.h"
#include "base/hash.h"
#include "base/limits.h"
#include "http/condition.h"
#include "http/encoding.h"
#include "policy/problem.h"

#include <stdio.h>

#define JSON_TYPE	"application/json"
#define PROBLEM_TYPE	"application/problem+json"
#define ALLOWED_METHODS "GET, HEAD, OPTIONS"

/* A shorter body fits one packet either way. */
#define WORTH_CODING_BYTES 1000

/* `"<hash>-gzip"` */
#define ETAG_BYTES (HASH_HEX_BYTES + 16)

static void put_status(struct exchange *x, int status, const char *content_type)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 412, "Precondition Failed" },
		{ 414, "URI Too Long" },
		{ 429, "Too Many Requests" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};
	const char *reason = "";

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			reason = reasons[i].reason;
	x->status = status;
	buf_putf(&x->head, "Status: %d %s\r\n", status, reason);
	if (content_type)
		buf_putf(&x->head, "Content-Type: %s\r\n", content_type);
}

/* What every answer carries: the gateway's data is public, and readable from any page. */
static void put_common(struct exchange *x)
{
	static const struct str open = STR(
		"Access-Control-Allow-Origin: *\r\n"
		"Access-Control-Expose-Headers: Age, Cache-Status, ETag, Link, Retry-After\r\n");

	buf_put(&x->head, x->media ? x->media->fields : open);
	buf_put(&x->head, STR("X-Content-Type-Options: nosniff\r\n"));
}

/* Ends the head. A HEAD request gets the length that GET would have, and no body. */
static void finish(struct exchange *x)
{
	buf_putf(&x->head, "Content-Length: %zu\r\n\r\n", x->body.n);
	if (request_method(&x->request) == METHOD_HEAD)
		buf_release(&x->body);
}

/* Without memory (or over a cap) for what should have been said, this always fits. */
static void replace_if_failed(struct exchange *x)
{
	static const struct str body =
		STR("{\"type\":\"urn:perigee:problem:internal-error\",\"title\":\"The gateway "
		    "failed\",\"status\":500,\"detail\":\"There is no memory left.\"}");

	if (!x->head.failed && !x->body.failed)
		return;
	x->result = RESULT_ERROR;
	buf_clear(&x->head);
	buf_clear(&x->body);
	put_status(x, 500, PROBLEM_TYPE);
	put_common(x);
	buf_put(&x->body, body);
	finish(x);
}

/* ---- answers from entries ---- */

/* Times of an answer, in whole seconds as headers want them. */
struct ages {
	int64_t age_s;
	int64_t ttl_s;	   /* what is left of its freshness; negative when stale */
	int64_t max_age_s; /* its freshness lifetime, for other caches */
};

/* Of several entries the oldest one decides. */
static const struct entry *oldest(const struct lookup *found)
{
	const struct entry *e = found->entries[0];

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fetched.ms < e->fetched.ms)
			e = found->entries[i];
	return e;
}

/* Windows that do not agree are answered from only in need; then the newest one knows. */
static const struct entry *newest(const struct lookup *found)
{
	const struct entry *e = found->entries[0];

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fetched.ms > e->fetched.ms)
			e = found->entries[i];
	return e;
}

/* Ages of an answer from the entry, which may be called stale before the entry is. */
/* What is fetched later may be outdated first: an answer is fresh while all of it is. */
static struct wall fresh_until(const struct lookup *found)
{
	struct wall until = found->entries[0]->fresh_until;

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fresh_until.ms < until.ms)
			until = found->entries[i]->fresh_until;
	return until;
}

static struct ages ages_of(struct wall fetched, struct wall until, enum entry_state state,
			   struct wall now)
{
	int64_t age_ms = now.ms - fetched.ms;
	int64_t ttl_ms = until.ms - now.ms;
	int64_t life_ms = until.ms - fetched.ms;

	if (state == ENTRY_STALE && ttl_ms > 0)
		ttl_ms = life_ms = 0;
	/* A clock that was stepped back must not make an answer younger than new. */
	return (struct ages){
		.age_s = age_ms > 0 ? age_ms / 1000 : 0,
		.ttl_s = ttl_ms >= 0 ? ttl_ms / 1000 : -((-ttl_ms + 999) / 1000),
		/* Age is rounded down, by up to 999 ms. */
		.max_age_s = (life_ms - 999) / 1000,
	};
}

/* RFC 9211. What was fetched for this request is `fwd`; what was there is a hit, stale or not, also
 * when a fetch was tried in vain. */
static void put_cache_status(struct exchange *x, const struct ages *ages, int upstream_status)
{
	bool failed = x->failed.fault != FAULT_NONE;

	buf_put(&x->head, STR("Cache-Status: perigee; "));
	if (x->fills > 0 && !failed)
		buf_putf(&x->head, "fwd=%s; fwd-status=%d%s%s", x->outdated ? "stale" : "miss",
			 upstream_status, x->stored ? "; stored" : "",
			 x->collapsed ? "; collapsed" : "");
	else
		buf_put(&x->head, STR("hit"));
	buf_putf(&x->head, "; ttl=%lld", (long long)ages->ttl_s);
	if (failed)
		buf_putf(&x->head, "; detail=%s", fault_word(x->failed.fault));
	else if (x->mode != MODE_NORMAL)
		buf_putf(&x->head, "; detail=origin-%s", mode_word(x->mode));
	buf_put(&x->head, STR("\r\n"));
}

/* A query means the same in any order: the key is sorted, and so are the links. */
static void put_vary(struct exchange *x)
{
	buf_put(&x->head, STR("Vary: Accept-Encoding\r\n"
			      "No-Vary-Search: key-order\r\n"));
}

/*
 * RFC 9111: other caches subtract Age from max-age and have what is left, never a
 * moment more than there is. Of a stale answer, or one in its last second, that is
 * nothing: they may keep it, and ask before each use.
 *
 * nginx takes no notice of Age and would count max-age anew from now. So it is told
 * in its own words: one second less, since it keeps an answer to the end of its last
 * second, or `@1`, a moment long past. (Of a 0 on a 304 it would make the lifetime that
 * it has stored with the answer.)
 */
static void put_caching(struct exchange *x, const struct ages *ages, int upstream_status)
{
	int64_t left_s = ages ? ages->max_age_s - ages->age_s : 0;

	put_vary(x);
	if (!ages) {
		buf_put(&x->head, STR("Cache-Control: no-cache\r\n"));
		return;
	}
	put_cache_status(x, ages, upstream_status);
	buf_putf(&x->head, "Age: %lld\r\n", (long long)ages->age_s);
	if (left_s > 0)
		buf_putf(&x->head, "Cache-Control: public, max-age=%lld\r\n",
			 (long long)ages->max_age_s);
	else
		buf_put(&x->head, STR("Cache-Control: public, max-age=0, must-revalidate\r\n"));
	if (left_s > 1)
		buf_putf(&x->head, "X-Accel-Expires: %lld\r\n", (long long)left_s - 1);
	else
		buf_put(&x->head, STR("X-Accel-Expires: @1\r\n"));
}

static void put_link_header(struct exchange *x, struct str base, const struct links *links)
{
	const struct {
		struct str target;
		const char *rel;
	} all[] = {
		{ links->first, "first" },
		{ links->previous, "prev" },
		{ links->next, "next" },
		{ links->last, "last" },
	};
	struct buf value = buf_init(LIMIT_LINK_BYTES);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!all[i].target.p)
			continue;
		if (value.n)
			buf_put(&value, STR(", "));
		buf_put_char(&value, '<');
		buf_put(&value, base);
		buf_put(&value, all[i].target);
		buf_putf(&value, ">; rel=\"%s\"", all[i].rel);
	}
	if (!value.failed) {
		buf_put(&x->head, STR("Link: "));
		buf_put(&x->head, buf_str(&value));
		buf_put(&x->head, STR("\r\n"));
	}
	buf_release(&value);
}

static void put_link_member(struct buf *b, struct str name, struct str base, struct str link)
{
	buf_put(b, name);
	if (!link.p) {
		buf_put(b, STR("null"));
		return;
	}
	/* Bases and form encoding hold nothing that JSON must escape. */
	buf_put_char(b, '"');
	buf_put(b, base);
	buf_put(b, link);
	buf_put_char(b, '"');
}

/* The part of the page that lies in the window which begins at `start`. */
static struct str slice_of(const struct entry *e, int64_t start, struct span page)
{
	int64_t from = page.from - start;
	int64_t to = page.to - start;

	if (from < 0)
		from = 0;
	if (to > e->n)
		to = e->n;
	return from < to ? entry_slice(e, (uint32_t)from, (uint32_t)to) : (struct str){ NULL, 0 };
}

/* Results, with commas between them. */
struct results {
	struct exchange *x;
	struct str base;
	bool begun;
};

static void put_results(struct results *r, struct str objects)
{
	if (!objects.n)
		return;
	if (r->begun)
		buf_put_char(&r->x->body, ',');
	r->begun = true;
	rewrite_put(&r->x->body, objects, r->base, r->x->canon.api->root);
}

/* Cuts the page out of the windows; of the first one only the kept objects, where some are. */
static void put_cut(struct results *r, const struct lookup *found, struct span page)
{
	const struct cut *cut = &found->cut;

	if (cut->kept) {
		for (int64_t i = page.from; i < page.to; i++)
			put_results(r,
				    entry_slice(found->entries[0], cut->kept[i], cut->kept[i] + 1));
		return;
	}
	for (size_t i = 0; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		put_results(r, slice_of(found->entries[i], found->wants[i].start, page));
}

/* The envelope as DRF writes it. */
static bool put_page(struct exchange *x, const struct lookup *found, struct str base,
		     struct links *ret_links)
{
	const struct canon *c = &x->canon;
	int64_t asked = newest(found)->count;
	int64_t count = cut_count(&found->cut, asked);
	struct results results = { .x = x, .base = base };
	struct buf *b = &x->body;

	if (!links_make(c, count, x->arena, ret_links))
		return false;
	buf_put(b, STR("{\"count\":"));
	buf_put_u64(b, (uint64_t)count);
	put_link_member(b, STR(",\"next\":"), base, ret_links->next);
	put_link_member(b, STR(",\"previous\":"), base, ret_links->previous);
	buf_put(b, STR(",\"results\":["));
	put_cut(&results, found, cut_page(&found->cut, c->offset, c->limit, asked));
	buf_put(b, STR("]}"));
	return true;
}

static enum result result_of(const struct exchange *x, const struct lookup *found)
{
	if (x->fills && x->failed.fault == FAULT_NONE)
		return x->collapsed ? RESULT_COLLAPSED : RESULT_MISS;
	return found->state == ENTRY_FRESH ? RESULT_HIT : RESULT_STALE;
}

/* Each coding of a body is a representation of its own, and has a tag of its own. */
static struct str make_etag(char text[static ETAG_BYTES], const char hash[static HASH_HEX_BYTES],
			    enum coding coding)
{
	int n = snprintf(text, ETAG_BYTES, "\"%.*s%s%s\"", HASH_HEX_BYTES, hash, coding ? "-" : "",
			 coding ? encoding_name(coding) : "");

	return (struct str){ text, (size_t)n };
}

/* The body in this coding in place of the body; false without memory: it is as it was. */
static bool press_body(const struct gateway *gw, struct exchange *x, const char *hash,
		       enum coding coding)
{
	struct pressed *pressed =
		press(gw->press, x->canon.target, hash, coding, buf_str(&x->body));

	if (!pressed)
		return false;
	buf_clear(&x->body);
	buf_put(&x->body, pressed_bytes(pressed));
	pressed_unref(pressed);
	return true;
}

/* RFC 9110 section 15.4.5: the fields that a 200 would have, but for those that describe a body
 * which the client has. */
static void put_not_modified(struct exchange *x, const struct ages *ages, struct str etag)
{
	put_status(x, 304, NULL);
	put_caching(x, ages, 200);
	buf_putf(&x->head, "ETag: %.*s\r\n", STR_ARG(etag));
	put_common(x);
	buf_put(&x->head, STR("\r\n"));
	buf_release(&x->body);
}

static void put_whole(struct exchange *x, const struct ages *ages, struct str etag,
		      enum coding coding, struct str base, const struct links *links)
{
	put_status(x, 200, x->media ? x->media->type : JSON_TYPE);
	if (coding)
		buf_putf(&x->head, "Content-Encoding: %s\r\n", encoding_name(coding));
	put_caching(x, ages, 200);
	buf_putf(&x->head, "ETag: %.*s\r\n", STR_ARG(etag));
	if (links)
		put_link_header(x, base, links);
	put_common(x);
	finish(x);
}

/* Sends the body in the coding that the client takes, unless it has it, or wants another one. */
static void put_representation(const struct gateway *gw, struct exchange *x,
			       const struct ages *ages, struct str base, const struct links *links)
{
	char hash[HASH_HEX_BYTES];
	char text[ETAG_BYTES];
	enum coding coding;
	struct str etag;
	struct fail failed;

	if (x->body.failed)
		return;
	hash_hex(buf_str(&x->body), hash);
	coding = encoding_choose(x->request.accept_encoding, x->body.n >= WORTH_CODING_BYTES);
	etag = make_etag(text, hash, coding);
	switch (condition_of(&x->request, etag)) {
	case CONDITION_NOT_MODIFIED:
		put_not_modified(x, ages, etag);
		break;
	case CONDITION_FAILED:
		buf_clear(&x->body);
		fail_set(&failed, FAULT_PRECONDITION,
			 "The answer is not, or no longer, what If-Match names.");
		respond_fail(x, &failed);
		break;
	case CONDITION_HOLDS:
		if (coding && !press_body(gw, x, hash, coding)) {
			coding = CODING_IDENTITY;
			etag = make_etag(text, hash, coding);
		}
		put_whole(x, ages, etag, coding, base, links);
		break;
	}
}

static void put_upstream_refusal(struct exchange *x, const struct entry *e, const struct ages *ages,
				 struct str base)
{
	struct buf body = buf_init(LIMIT_ANSWER_BYTES);

	rewrite_put(&body, e->body, base, x->canon.api->root);
	problem_of_upstream(&x->body, e->status, buf_str(&body), x->request.id);
	buf_release(&body);
	x->result = RESULT_NEGATIVE;
	put_status(x, e->status, PROBLEM_TYPE);
	put_caching(x, ages, e->status);
	put_common(x);
	finish(x);
}

/* Upstream's refusal of any part is its refusal of the whole. */
static const struct entry *refusal_among(const struct lookup *found)
{
	for (size_t i = 0; i < LOOKUP_ENTRIES; i++)
		if (found->entries[i] && found->entries[i]->kind == ENTRY_REFUSAL)
			return found->entries[i];
	return NULL;
}

void respond_found(const struct gateway *gw, struct exchange *x, const struct lookup *found)
{
	struct str base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host);
	const struct entry *refusal = refusal_among(found);
	struct ages ages = ages_of((refusal ? refusal : oldest(found))->fetched,
				   refusal ? refusal->fresh_until : fresh_until(found),
				   found->state, gw->clock->wall(gw->clock));
	struct links links;

	x->age_s = ages.age_s;
	x->result = result_of(x, found);
	if (refusal) {
		put_upstream_refusal(x, refusal, &ages, base);
	} else if (x->canon.is_object) {
		rewrite_put(&x->body, found->entries[0]->body, base, x->canon.api->root);
		put_representation(gw, x, &ages, base, NULL);
	} else if (put_page(x, found, base, &links)) {
		put_representation(gw, x, &ages, base, &links);
	} else {
		x->body.failed = true;
	}
	replace_if_failed(x);
}

void respond_document(const struct gateway *gw, struct exchange *x)
{
	x->result = RESULT_LOCAL;
	put_representation(gw, x, NULL, STR(""), NULL);
	replace_if_failed(x);
}

/* ---- answers without ---- */

static enum result result_of_fault(enum fault fault)
{
	int status = fault_status(fault);

	if (fault == FAULT_NO_BUDGET)
		return RESULT_REFUSED;
	return status < 500 ? RESULT_INVALID : RESULT_ERROR;
}

static void put_problem_head(struct exchange *x, const struct fail *fail)
{
	x->result = result_of_fault(fail->fault);
	put_status(x, fault_status(fail->fault), PROBLEM_TYPE);
	/* RFC 6585: a 429 is never stored; and what the others say may be wrong in a moment. */
	buf_put(&x->head, STR("Cache-Control: no-store\r\n"));
	if (fail->fault == FAULT_METHOD)
		buf_put(&x->head, STR("Allow: " ALLOWED_METHODS "\r\n"));
	if (fail->retry_after_s)
		buf_putf(&x->head, "Retry-After: %d\r\n", fail->retry_after_s);
	put_common(x);
}

void respond_refusal(struct exchange *x, const struct refusal *refusal)
{
	problem_of_refusal(&x->body, refusal, x->request.id);
	put_problem_head(x, &refusal->fail);
	finish(x);
	replace_if_failed(x);
}

void respond_fail(struct exchange *x, const struct fail *fail)
{
	problem_of_fail(&x->body, fail, x->request.id);
	put_problem_head(x, fail);
	finish(x);
	replace_if_failed(x);
}

void respond_options(struct exchange *x)
{
	x->result = RESULT_LOCAL;
	put_status(x, 204, NULL);
	buf_put(&x->head, STR("Allow: " ALLOWED_METHODS "\r\n"
			      "Access-Control-Allow-Methods: " ALLOWED_METHODS "\r\n"
			      "Access-Control-Allow-Headers: authorization, content-type, "
			      "if-match, if-none-match, cache-control\r\n"
			      "Access-Control-Max-Age: 86400\r\n"));
	put_common(x);
	buf_put(&x->head, STR("\r\n"));
}

void respond_page(struct exchange *x, int status, const char *content_type, struct str body)
{
	x->result = RESULT_LOCAL;
	put_status(x, status, content_type);
	buf_put(&x->head, STR("Cache-Control: no-store\r\n"));
	put_common(x);
	buf_put(&x->body, body);
	finish(x);
	replace_if_failed(x);
}
