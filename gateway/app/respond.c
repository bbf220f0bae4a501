#include "app/respond.h"

#include "app/compose.h"
#include "app/head.h"
#include "app/refuse.h"
#include "app/represent.h"
#include "app/stored.h"
#include "base/hash.h"
#include "base/limits.h"
#include "policy/problem.h"

/* ---- answers from entries ---- */

/* Of several entries the oldest one decides. */
static const struct entry *oldest(const struct lookup *found)
{
	const struct entry *e = found->entries[0];

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fetched.ms < e->fetched.ms)
			e = found->entries[i];
	return e;
}

/* What is fetched later may be outdated first: an answer is fresh while all of it is. */
static struct wall fresh_until(const struct lookup *found)
{
	struct wall until = found->entries[0]->fresh_until;

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fresh_until.ms < until.ms)
			until = found->entries[i]->fresh_until;
	return until;
}

static enum result result_of(const struct exchange *x, const struct lookup *found)
{
	if (x->fills && x->failed.fault == FAULT_NONE)
		return x->collapsed ? RESULT_COLLAPSED : RESULT_MISS;
	return found->state == ENTRY_FRESH ? RESULT_HIT : RESULT_STALE;
}

static void put_upstream_refusal(struct exchange *x, const struct entry *e, const struct ages *ages,
				 struct str base)
{
	struct buf body = buf_init(LIMIT_ANSWER_BYTES);

	rewrite_put(&body, e->body, base, x->canon.api->root);
	problem_of_upstream(&x->body, e->status, buf_str(&body), x->request.id);
	buf_release(&body);
	x->result = RESULT_NEGATIVE;
	head_status(x, e->status, PROBLEM_TYPE);
	head_caching(x, ages, e->status);
	head_common(x);
	head_finish(x);
}

/* Upstream's refusal of any part is its refusal of the whole. */
static const struct entry *refusal_among(const struct lookup *found)
{
	for (size_t i = 0; i < LOOKUP_ENTRIES; i++)
		if (found->entries[i] && found->entries[i]->kind == ENTRY_REFUSAL)
			return found->entries[i];
	return NULL;
}

/* What the answer's body depends on, beside what was asked: the configuration, tables included, and
 * the entries. */
static uint64_t made_of(const struct gateway *gw, const struct lookup *found)
{
	struct {
		uint64_t configuration;
		struct {
			uint64_t target;
			int64_t fetched_ms;
			int64_t fresh_until_ms;
		} entries[LOOKUP_ENTRIES];
	} parts = { .configuration = gw->serial };

	for (size_t i = 0; i < LOOKUP_ENTRIES && found->entries[i]; i++) {
		const struct entry *e = found->entries[i];

		parts.entries[i].target = hash64(e->target);
		parts.entries[i].fetched_ms = e->fetched.ms;
		parts.entries[i].fresh_until_ms = e->fresh_until.ms;
	}
	return hash64((struct str){ (const char *)&parts, sizeof(parts) });
}

/* Out of the store, with nothing to compose but its links. */
static void put_composed(struct exchange *x, const struct lookup *found, const struct made *of)
{
	struct made made = *of;
	struct links links;

	if (!x->canon.is_object) {
		if (!links_make(&x->canon, found->entries[0]->count, x->arena, &links)) {
			x->body.failed = true;
			return;
		}
		made.links = &links;
	}
	represent_composed(x, &made, found->composed);
}

static void put_found(const struct gateway *gw, struct store *store, struct exchange *x,
		      const struct lookup *found, struct str base, const struct ages *ages)
{
	bool keep;
	struct links links;
	struct made made = {
		.self = lookup_self(x),
		.of = made_of(gw, found),
		.fetched = oldest(found)->fetched,
		.fresh_until = fresh_until(found),
		.ages = ages,
		.base = base,
		/* What was put together in need is for nobody else. */
		.lasts = found->state == ENTRY_FRESH && found->agrees && !found->broken &&
			 x->failed.fault == FAULT_NONE,
	};

	if (!made.self.p) {
		x->body.failed = true;
		return;
	}
	if (found->composed) {
		put_composed(x, found, &made);
		return;
	}
	keep = stored_wants(gw, x, found);
	if (!keep && represent_known(gw, x, &made))
		return;
	if (x->canon.is_object) {
		rewrite_put(&x->body, found->entries[0]->body, base, x->canon.api->root);
	} else if (compose_page(x, found, base, &links)) {
		made.links = &links;
	} else {
		x->body.failed = true;
	}
	if (keep)
		stored_keep(store, x, found);
	represent(gw, x, &made);
}

void respond_found(const struct gateway *gw, struct store *store, struct exchange *x,
		   const struct lookup *found)
{
	struct str base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host);
	const struct entry *refusal = refusal_among(found);
	struct ages ages = head_ages((refusal ? refusal : oldest(found))->fetched,
				     refusal ? refusal->fresh_until : fresh_until(found),
				     found->state, gw->clock->wall(gw->clock));

	x->age_s = ages.age_s;
	x->result = result_of(x, found);
	if (refusal)
		put_upstream_refusal(x, refusal, &ages, base);
	else
		put_found(gw, store, x, found, base, &ages);
	refuse_if_failed(x);
}

void respond_document(const struct gateway *gw, struct exchange *x)
{
	struct made made = {
		.self = x->canon.target,
		.of = hash64(buf_str(&x->body)),
		.base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host),
		.lasts = true,
	};

	x->result = RESULT_LOCAL;
	if (!represent_known(gw, x, &made))
		represent(gw, x, &made);
	refuse_if_failed(x);
}

/* ---- answers without ---- */

void respond_options(struct exchange *x)
{
	x->result = RESULT_LOCAL;
	head_status(x, 204, NULL);
	buf_put(&x->head, STR("Allow: " ALLOWED_METHODS "\r\n"
			      "Access-Control-Allow-Methods: " ALLOWED_METHODS "\r\n"
			      "Access-Control-Allow-Headers: authorization, content-type, "
			      "if-match, if-none-match, cache-control\r\n"
			      "Access-Control-Max-Age: 86400\r\n"));
	head_common(x);
	buf_put(&x->head, STR("\r\n"));
}

void respond_page(struct exchange *x, int status, const char *content_type, struct str body)
{
	x->result = RESULT_LOCAL;
	head_status(x, status, content_type);
	buf_put(&x->head, STR("Cache-Control: no-store\r\n"));
	head_common(x);
	buf_put(&x->body, body);
	head_finish(x);
	refuse_if_failed(x);
}
