#include "app/represent.h"

#include "app/answers.h"
#include "app/memory.h"
#include "app/origin.h"
#include "app/refuse.h"
#include "app/shelve.h"
#include "base/hash.h"
#include "base/limits.h"
#include "http/condition.h"
#include "http/encoding.h"
#include "io/gzip.h"

#define WORTH_CODING_BYTES 1000

/* `"<hash>-gzip"` */
#define ETAG_BYTES (HASH_HEX_BYTES + 16)

static uint32_t variant_of(const struct gateway *gw, const struct exchange *x)
{
	size_t base = bases_place(&gw->bases, x->request.forwarded_host, x->request.host);

	return answer_variant(base, x->request.accept_encoding);
}

/* ---- what goes out ---- */

/* RFC 9110 section 15.4.5: the fields that a 200 would have, but for those that describe a body
 * which the client has. */
static void put_not_modified(struct exchange *x, const struct ages *ages, struct str etag)
{
	head_status(x, 304, NULL);
	head_caching(x, ages, 200);
	buf_put(&x->head, STR("ETag: "));
	buf_put(&x->head, etag);
	buf_put(&x->head, STR("\r\n"));
	head_common(x);
	buf_put(&x->head, STR("\r\n"));
	buf_release(&x->body);
}

/* The beginning of a head, in front of what put_lasting() puts. */
static void put_beginning(struct exchange *x, const struct ages *ages)
{
	head_status(x, 200, x->media ? x->media->type : JSON_TYPE);
	head_caching(x, ages, 200);
	head_common(x);
}

/* A beginning; x->answer has the rest, and the body. */
static void put_whole(struct exchange *x, const struct ages *ages)
{
	put_beginning(x, ages);
	buf_release(&x->body);
}

static void put_other_than_wanted(struct exchange *x)
{
	struct fail failed;

	buf_clear(&x->body);
	fail_set(&failed, FAULT_PRECONDITION,
		 "The answer is not, or no longer, what If-Match names.");
	refuse(x, &failed);
}

/* Is it to be sent whole to this client? False: it is answered. */
static bool holds(struct exchange *x, const struct ages *ages, struct str etag)
{
	switch (condition_of(&x->request, etag)) {
	case CONDITION_NOT_MODIFIED:
		put_not_modified(x, ages, etag);
		return false;
	case CONDITION_FAILED:
		put_other_than_wanted(x);
		return false;
	case CONDITION_HOLDS:
		break;
	}
	return true;
}

/* x->answer, behind a beginning of its own. */
static void put_answer(struct exchange *x, const struct ages *ages)
{
	if (holds(x, ages, x->answer->etag))
		put_whole(x, ages);
}

/* ---- what was kept ---- */

/* To nginx, which takes answers from the shelf, or keeps what is asked for often. A 304 is none. */
static void offer(const struct gateway *gw, struct exchange *x, const struct ages *ages)
{
	if (x->request.if_none_match.n)
		return;
	if (shelve_is_used(gw->shelve, x->arrived))
		x->others = shelve_put(gw->shelve, x, ages);
	else
		x->wanted = answer_ask(x->answer, ages->now);
}

bool represent_at_once(const struct gateway *gw, struct exchange *x)
{
	const struct answer_key key = { x->request.target, variant_of(gw, x) };
	struct wall now = gw->clock->wall(gw->clock);
	struct answer *a;
	struct ages ages;

	if (!x->epoch || x->request.if_match.n || request_method(&x->request) != METHOD_GET)
		return false;
	a = answers_find(gw->answers, &key);
	if (!a)
		return false;
	if (now.ms >= a->fresh_until.ms ||
	    atomic_load_explicit(&a->epoch, memory_order_relaxed) != x->epoch) {
		answer_unref(a);
		return false;
	}
	ages = head_ages(a->fetched, a->fresh_until, ENTRY_FRESH, now);
	x->answer = a;
	x->mode = origin_mode(gw->origin);
	x->result = RESULT_HIT;
	x->series = a->series;
	x->routed = true;
	x->age_s = ages.age_s;
	x->canon.target = a->target;
	offer(gw, x, &ages);
	put_answer(x, &ages);
	return true;
}

/* A spelling of the client's own leads to the answer at once, when it comes for the second time. */
static void name_as_asked(const struct gateway *gw, struct exchange *x, const struct made *made,
			  uint32_t variant, struct answer *a)
{
	const struct answer_key key = { x->request.target, variant };

	if (made->lasts && !str_eq(key.target, made->self))
		answers_put(gw->answers, &key, a, false);
}

bool represent_known(const struct gateway *gw, struct exchange *x, const struct made *made)
{
	const struct answer_key key = { made->self, variant_of(gw, x) };
	struct answer *a = answers_find(gw->answers, &key);

	if (!a)
		return false;
	if (a->made_of != made->of) {
		answer_unref(a);
		return false;
	}
	if (made->lasts)
		atomic_store_explicit(&a->epoch, x->epoch, memory_order_relaxed);
	name_as_asked(gw, x, made, key.variant, a);
	x->answer = a;
	put_answer(x, made->ages);
	return true;
}

/* ---- what is made ---- */

/* Each coding of a body is a representation of its own, and has a tag of its own. */
static struct str make_etag(char text[static ETAG_BYTES], const char hash[static HASH_HEX_BYTES],
			    enum coding coding)
{
	struct str name = coding ? str_from(encoding_name(coding)) : STR("");
	char *at = text;

	*at++ = '"';
	at = mempcpy(at, hash, HASH_HEX_BYTES);
	if (name.n) {
		*at++ = '-';
		at = mempcpy(at, name.p, name.n);
	}
	*at++ = '"';
	return (struct str){ text, (size_t)(at - text) };
}

static void put_link_header(struct buf *head, struct str base, const struct links *links)
{
	const struct {
		struct str target;
		struct str rel;
	} all[] = {
		{ links->first, STR("first") },
		{ links->previous, STR("prev") },
		{ links->next, STR("next") },
		{ links->last, STR("last") },
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
		buf_put(&value, STR(">; rel=\""));
		buf_put(&value, all[i].rel);
		buf_put_char(&value, '"');
	}
	if (!value.failed) {
		buf_put(head, STR("Link: "));
		buf_put(head, buf_str(&value));
		buf_put(head, STR("\r\n"));
	}
	buf_release(&value);
}

/* The end of a head, with the blank line: what stays the same for as long as the body does. */
static void put_lasting(struct buf *head, const struct made *made, enum coding coding,
			struct str etag, size_t length)
{
	if (coding) {
		buf_put(head, STR("Content-Encoding: "));
		buf_put(head, str_from(encoding_name(coding)));
		buf_put(head, STR("\r\n"));
	}
	buf_put(head, STR("ETag: "));
	buf_put(head, etag);
	buf_put(head, STR("\r\n"));
	if (made->links)
		put_link_header(head, made->base, made->links);
	buf_put(head, STR("Content-Length: "));
	buf_put_u64(head, length);
	buf_put(head, STR("\r\n\r\n"));
}

static struct answer *make_answer(const struct exchange *x, const struct made *made,
				  enum coding coding, struct str etag, struct str body)
{
	struct buf head = buf_init(LIMIT_HEAD_BYTES);
	struct answer facts = { .made_of = made->of,
				.target = x->canon.target,
				.series = x->series,
				.fetched = made->fetched,
				.fresh_until = made->fresh_until,
				.etag = etag,
				.body = body };
	struct answer *a;

	atomic_init(&facts.epoch, x->epoch);
	put_lasting(&head, made, coding, etag, body.n);
	facts.head = buf_str(&head);
	a = head.failed ? NULL : answer_new(&facts);
	buf_release(&head);
	return a;
}

/* Compresses where that is wanted; without memory for that the body goes out as it is. */
static struct answer *make_coded(const struct exchange *x, const struct made *made,
				 const char *hash, enum coding *coding)
{
	struct buf coded = buf_init(LIMIT_ANSWER_BYTES);
	char text[ETAG_BYTES];
	struct answer *a;

	if (*coding == CODING_GZIP)
		gzip_put(&coded, buf_str(&x->body));
	if (coded.failed)
		*coding = CODING_IDENTITY;
	a = make_answer(x, made, *coding, make_etag(text, hash, *coding),
			*coding ? buf_str(&coded) : buf_str(&x->body));
	buf_release(&coded);
	return a;
}

/* What took time to compress is kept at once. */
static void keep(const struct gateway *gw, struct exchange *x, const struct made *made,
		 struct answer *a, enum coding coding)
{
	const struct answer_key key = { made->self, variant_of(gw, x) };

	if (made->lasts)
		answers_put(gw->answers, &key, a, coding != CODING_IDENTITY);
	name_as_asked(gw, x, made, key.variant, a);
}

/* ---- what was stored ---- */

bool represent_is_worth_coding(size_t bytes)
{
	return bytes >= WORTH_CODING_BYTES;
}

static enum coding coding_of(const struct exchange *x, size_t bytes)
{
	return encoding_choose(x->request.accept_encoding, represent_is_worth_coding(bytes));
}

bool represent_can(struct exchange *x, const struct composed *c)
{
	enum coding coding = coding_of(x, c->length);

	buf_clear(&x->body);
	if (coding == c->coding)
		return true;
	if (c->coding == CODING_GZIP)
		gzip_take(&x->body, c->body);
	else
		gzip_put(&x->body, c->body);
	if (!x->body.failed && (coding == CODING_GZIP || x->body.n == c->length))
		return true;
	buf_clear(&x->body);
	return false;
}

void represent_composed(struct exchange *x, const struct made *made, const struct composed *c)
{
	enum coding coding = coding_of(x, c->length);
	char text[ETAG_BYTES];
	struct str etag = make_etag(text, c->hash.p, coding);

	if (!holds(x, made->ages, etag))
		return;
	if (coding == c->coding)
		buf_put(&x->body, c->body);
	put_beginning(x, made->ages);
	put_lasting(&x->head, made, coding, etag, x->body.n);
	if (request_method(&x->request) == METHOD_HEAD)
		buf_release(&x->body);
}

void represent(const struct gateway *gw, struct exchange *x, const struct made *made)
{
	char hash[HASH_HEX_BYTES];
	char text[ETAG_BYTES];
	enum coding coding;
	struct str etag;

	if (x->body.failed)
		return;
	hash_hex(buf_str(&x->body), hash);
	coding = coding_of(x, x->body.n);
	etag = make_etag(text, hash, coding);
	/* The tag is known without compressing. */
	if (!holds(x, made->ages, etag))
		return;
	x->answer = make_coded(x, made, hash, &coding);
	if (!x->answer) {
		x->body.failed = true;
		return;
	}
	keep(gw, x, made, x->answer, coding);
	put_whole(x, made->ages);
}
