#include "policy/intake.h"

#include "api/page.h"
#include "api/window.h"
#include "base/limits.h"
#include "policy/freshness.h"

#include <stdlib.h>

/* When upstream says that it is too early but not how much: once a minute is bearable. */
#define GUESSED_RETRY_S 60

/* The facts of an entry that are known before its body is read. */
static struct entry facts_of(enum entry_kind kind, int status, const struct want *want,
			     struct wall now)
{
	return (struct entry){ .kind = kind,
			       .status = status,
			       .target = want->target,
			       .again = want->again,
			       .fetched = now };
}

/* What has come to be known by its body decides for how long it is fresh. */
static void set_times(struct entry *facts, const struct want *want)
{
	bool refused = facts->kind == ENTRY_REFUSAL;

	facts->fresh_until = refused ? wall_after(facts->fetched, want->api->negative_ms)
				     : freshness_until(want->endpoint, facts);
	facts->usable_until =
		wall_after(facts->fresh_until, refused ? 0 : want->endpoint->stale_ms);
}

/* Completes the facts, and makes an entry of them. */
static struct entry *keep(struct entry *facts, const struct want *want, struct fail *reterr)
{
	struct entry *e;

	set_times(facts, want);
	e = entry_new(facts);
	if (!e)
		fail_set(reterr, FAULT_INTERNAL, "There is no memory left.");
	return e;
}

static void put_ids(struct buf *b, const struct page *page)
{
	for (uint32_t i = 0; i < page->n; i++) {
		if (i)
			buf_put_char(b, ',');
		buf_put(b, page->ids[i]);
	}
}

/* A window must hold as many objects as its count says: with fewer, upstream grants less than we
 * asked for, and every slice behind the gap would be wrong. */
static bool is_whole(const struct want *want, const struct page *page, struct fail *reterr)
{
	uint32_t expected = window_expected(want->start, want->size, page->count);

	if (page->n == expected)
		return true;
	return fail(reterr, FAULT_UPSTREAM_GARBAGE,
		    "Upstream's answer cannot be used: it has %u results where %u are due.",
		    (unsigned int)page->n, (unsigned int)expected);
}

static struct entry *take_window(const struct reply *reply, const struct want *want,
				 struct entry facts, struct fail *reterr)
{
	struct buf objects = buf_init(LIMIT_ANSWER_BYTES);
	struct buf ids = buf_init(LIMIT_REFUSAL_BYTES);
	struct page *page = malloc(sizeof(*page));
	struct entry *e = NULL;

	if (!page) {
		fail_set(reterr, FAULT_INTERNAL, "There is no memory left.");
		goto out;
	}
	if (!page_read(buf_str(&reply->body), &want->api->links, page, &objects, reterr) ||
	    !is_whole(want, page, reterr))
		goto out;
	put_ids(&ids, page);
	if (ids.failed) {
		fail_set(reterr, FAULT_UPSTREAM_GARBAGE,
			 "Upstream's answer cannot be used: its ids are too long.");
		goto out;
	}
	facts.count = page->count;
	facts.n = page->n;
	facts.ends = page->ends;
	facts.ids = buf_str(&ids);
	facts.body = buf_str(&objects);
	e = keep(&facts, want, reterr);
out:
	free(page);
	buf_release(&ids);
	buf_release(&objects);
	return e;
}

/* The id that a target asks for: `/2.3.0/spacecraft/430/?mode=normal` gives `430`. */
static struct str id_in(struct str target)
{
	struct str path = str_cut(&target, '?');
	struct str id = { NULL, 0 };

	while (path.n)
		id = str_cut(&path, '/');
	return id;
}

/* Is it the object that was asked for, and not one of another kind, such as an error that upstream
 * sends with status 200? */
static bool is_wanted(const struct want *want, struct str id, struct fail *reterr)
{
	/* A singleton has none. */
	if (want->endpoint->kind != ENDPOINT_LIST || str_eq_nocase(id, id_in(want->target)))
		return true;
	return fail(reterr, FAULT_UPSTREAM_GARBAGE,
		    "Upstream's answer cannot be used: it is not the object that was asked for.");
}

/* An object, or a refusal, which is one too. */
static struct entry *take_object(const struct reply *reply, const struct want *want,
				 struct entry facts, struct fail *reterr)
{
	bool refused = facts.kind == ENTRY_REFUSAL;
	struct buf object = buf_init(refused ? LIMIT_REFUSAL_BYTES : LIMIT_ANSWER_BYTES);
	struct entry *e = NULL;
	struct str id;

	if (page_read_object(buf_str(&reply->body), &want->api->links, &object, &id, reterr) &&
	    (refused || is_wanted(want, id, reterr))) {
		facts.body = buf_str(&object);
		e = keep(&facts, want, reterr);
	}
	buf_release(&object);
	return e;
}

/* The N of `Expected available in N seconds.`, or 0. */
static int64_t seconds_in(struct str text)
{
	static const struct str before = STR("available in ");
	int64_t seconds = 0;

	while (text.n > before.n && !str_starts(text, before))
		text = str_slice(text, 1, text.n);
	text = str_slice(text, text.n < before.n ? text.n : before.n, text.n);
	str_to_i64(str_cut(&text, ' '), &seconds);
	return seconds;
}

/* 0: it does not say. */
static int64_t told_retry_s(const struct reply *reply)
{
	return reply->retry_after_s > 0 ? reply->retry_after_s : seconds_in(buf_str(&reply->body));
}

bool retry_is_told(const struct reply *reply)
{
	return told_retry_s(reply) > 0;
}

static struct entry *throttled(const struct reply *reply, struct fail *reterr)
{
	const int64_t longest = 24LL * 3600;
	int64_t wait_s = told_retry_s(reply);

	if (wait_s <= 0)
		wait_s = GUESSED_RETRY_S;
	fail_set(reterr, FAULT_NO_BUDGET, "Upstream refused a call.");
	reterr->retry_after_s = (int)(wait_s < longest ? wait_s : longest);
	return NULL;
}

struct entry *intake(const struct reply *reply, const struct want *want, struct wall now,
		     struct fail *reterr)
{
	if (reply->fault != FAULT_NONE) {
		fail_set(reterr, reply->fault, "%s.", fault_title(reply->fault));
		return NULL;
	}
	if (reply->status == 429)
		return throttled(reply, reterr);
	if (!reply->is_json) {
		fail_set(reterr, FAULT_UPSTREAM_GARBAGE,
			 "Upstream's answer (status %d) cannot be used: it is not JSON.",
			 reply->status);
		return NULL;
	}
	switch (reply->status) {
	case 200:
		if (!want->is_object)
			return take_window(reply, want, facts_of(ENTRY_WINDOW, 200, want, now),
					   reterr);
		return take_object(reply, want, facts_of(ENTRY_OBJECT, 200, want, now), reterr);
	case 400:
	case 404:
		/* They cost a call each, so they are believed for a while. */
		return take_object(reply, want, facts_of(ENTRY_REFUSAL, reply->status, want, now),
				   reterr);
	default:
		fail_set(reterr, FAULT_UPSTREAM_ERROR, "Upstream answered with status %d.",
			 reply->status);
		return NULL;
	}
}
