#include "app/head.h"

#include "app/metrics.h"
#include "base/shelf.h"

/* Every hit's head is written here, so that printf's formats are for what is rare. */
static void put_line(struct exchange *x, struct str text)
{
	buf_put(&x->head, text);
	buf_put(&x->head, STR("\r\n"));
}

static void put_number(struct buf *head, struct str before, int64_t number, struct str behind)
{
	buf_put(head, before);
	if (number < 0)
		buf_put_char(head, '-');
	buf_put_u64(head, number < 0 ? -(uint64_t)number : (uint64_t)number);
	buf_put(head, behind);
}

void head_status(struct exchange *x, int status, const char *content_type)
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
	buf_put(&x->head, STR("Status: "));
	buf_put_u64(&x->head, (uint64_t)status);
	buf_put_char(&x->head, ' ');
	put_line(x, str_from(reason));
	if (content_type) {
		buf_put(&x->head, STR("Content-Type: "));
		put_line(x, str_from(content_type));
	}
}

/* What every answer carries: the gateway's data is public, and readable from any page. */
#define OPEN                                                                                       \
	"Access-Control-Allow-Origin: *\r\n"                                                       \
	"Access-Control-Expose-Headers: Age, Cache-Status, ETag, Link, Retry-After\r\n"
#define NO_SNIFFING "X-Content-Type-Options: nosniff\r\n"

void head_common(struct exchange *x)
{
	buf_put(&x->head, x->media ? x->media->fields : STR(OPEN));
	buf_put(&x->head, STR(NO_SNIFFING));
}

/*
 * In whole seconds of both moments, so that a head says the same for as long as a second of
 * the clock lasts, and nginx' micro-cache may keep it until then. Age is rounded up by that,
 * if at all: an answer seems older by less than a second, never younger.
 */
struct ages head_ages(struct wall fetched, struct wall until, enum entry_state state,
		      struct wall now)
{
	int64_t age_s = now.ms / 1000 - fetched.ms / 1000;
	int64_t ttl_ms = until.ms - now.ms;
	int64_t life_ms = until.ms - fetched.ms;
	struct ages ages = { .now = now };

	if (state == ENTRY_STALE && ttl_ms > 0)
		ttl_ms = life_ms = 0;
	/* A clock that was stepped back must not make an answer younger than new. */
	ages.age_s = age_s > 0 ? age_s : 0;
	/* The age of a second's end is up to 999 ms higher than its number. */
	ages.max_age_s = (life_ms - 999) / 1000;
	ages.ttl_s = ttl_ms < 0			   ? -((-ttl_ms + 999) / 1000)
		     : ages.max_age_s > ages.age_s ? ages.max_age_s - ages.age_s
						   : 0;
	return ages;
}

static void put_mode(struct buf *head, enum mode mode)
{
	if (mode != MODE_NORMAL)
		buf_putf(head, "; detail=origin-%s", mode_word(mode));
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
	put_number(&x->head, STR("; ttl="), ages->ttl_s, STR(""));
	if (failed)
		buf_putf(&x->head, "; detail=%s", fault_word(x->failed.fault));
	else
		put_mode(&x->head, x->mode);
	buf_put(&x->head, STR("\r\n"));
}

/* A query means the same in any order: the key is sorted, and so are the links. */
#define VARY                                                                                       \
	"Vary: Accept-Encoding\r\n"                                                                \
	"No-Vary-Search: key-order\r\n"

/*
 * nginx' micro-cache may keep what everybody is told who asks for the same: nothing about this
 * request's own way to it. It keeps an answer to the end of the second that it is told of.
 * Everything else is 0, not kept.
 */
static void put_micro_cache(struct exchange *x, int64_t left_s, struct wall now)
{
	if (x->wanted && x->status == 200 && x->result == RESULT_HIT && left_s > 0) {
		put_number(&x->head, STR("X-Accel-Expires: @"), now.ms / 1000, STR("\r\n"));
		/* As which nginx has it counted whenever it answers from what it keeps. */
		put_number(&x->head, STR("X-Perigee-Count: "), metrics_number(x->series, x->result),
			   STR("\r\n"));
	} else
		buf_put(&x->head, STR("X-Accel-Expires: 0\r\n"));
}

/*
 * RFC 9111: other caches subtract Age from max-age and have what is left, never a
 * moment more than there is. Of a stale answer, or one in its last second, that is
 * nothing: they may keep it, and ask before each use.
 *
 * An nginx further outside takes no notice of Age and would count max-age anew from now.
 * So it is told in its own words, which our nginx makes of this field: one second less, since
 * it keeps an answer to the end of its last second, or `@1`, a moment long past. (Of a 0 on a
 * 304 it would make the lifetime that it has stored with the answer.)
 */
void head_caching(struct exchange *x, const struct ages *ages, int upstream_status)
{
	int64_t left_s = ages ? ages->max_age_s - ages->age_s : 0;

	buf_put(&x->head, STR(VARY));
	if (!ages) {
		buf_put(&x->head, STR("Cache-Control: no-cache\r\n"));
		return;
	}
	put_cache_status(x, ages, upstream_status);
	put_number(&x->head, STR("Age: "), ages->age_s, STR("\r\n"));
	if (left_s > 0)
		put_number(&x->head, STR("Cache-Control: public, max-age="), ages->max_age_s,
			   STR("\r\n"));
	else
		buf_put(&x->head, STR("Cache-Control: public, max-age=0, must-revalidate\r\n"));
	if (left_s > 1)
		put_number(&x->head, STR("X-Perigee-Expires: "), left_s - 1, STR("\r\n"));
	else
		buf_put(&x->head, STR("X-Perigee-Expires: @1\r\n"));
	put_micro_cache(x, left_s, ages->now);
}

/*
 * nginx gives it for as long as more than a second of its freshness is left, so that what it says
 * to an nginx further outside is a number of seconds.
 */
void head_for_shelf(struct buf *head, const struct exchange *x, const struct ages *ages)
{
	buf_put(head,
		STR("Content-Type: " JSON_TYPE "\r\n" VARY "Cache-Status: perigee; hit; ttl="));
	buf_put_char(head, SHELF_TTL);
	put_mode(head, x->mode);
	buf_put(head, STR("\r\nAge: "));
	buf_put_char(head, SHELF_AGE);
	put_number(head, STR("\r\nCache-Control: public, max-age="), ages->max_age_s,
		   STR("\r\nX-Accel-Expires: "));
	buf_put_char(head, SHELF_TTL_LESS);
	buf_put(head, STR("\r\n" OPEN NO_SNIFFING));
	buf_put(head, x->answer->head);
}

/* Ends the head. A HEAD request gets the length that GET would have, and no body. */
void head_finish(struct exchange *x)
{
	put_number(&x->head, STR("Content-Length: "), (int64_t)x->body.n, STR("\r\n\r\n"));
	if (request_method(&x->request) == METHOD_HEAD)
		buf_release(&x->body);
}
