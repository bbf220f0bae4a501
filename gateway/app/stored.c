#include "app/stored.h"

#include "api/window.h"
#include "app/represent.h"
#include "base/hash.h"
#include "base/limits.h"
#include "io/gzip.h"

#include <stdlib.h>

/* Answers that were composed once are remembered, so many; each until another one falls into its
 * place. */
#define STRANGERS 4096

struct stored {
	_Atomic uint32_t strangers[STRANGERS]; /* the upper halves of their hashes */
};

struct stored *stored_new(void)
{
	return calloc(1, sizeof(struct stored));
}

void stored_free(struct stored *s)
{
	free(s);
}

/* Has this one been here lately? It has from now on, unless it had. */
static bool is_known(struct stored *s, struct str url)
{
	uint64_t hash = hash64(url);
	uint32_t mark = (uint32_t)(hash >> 32) | 1;
	_Atomic uint32_t *place = &s->strangers[hash % STRANGERS];
	bool known = atomic_load_explicit(place, memory_order_relaxed) == mark;

	atomic_store_explicit(place, known ? 0 : mark, memory_order_relaxed);
	return known;
}

/* One answer that is looked for. */
struct stored_look {
	struct answer_query query;
	struct want wants[COMPOSED_PARTS]; /* how to ask upstream for the entry at each place */
	bool over;			   /* what was found has been taken, or is of no use */
};

/* ---- to look for them ---- */

/* The address under which the answer is known everywhere; p == NULL: the arena is exhausted. */
static struct str url_of(const struct gateway *gw, struct exchange *x)
{
	struct str base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host);
	struct str self = lookup_self(x);
	char *url = self.p ? arena_alloc(x->arena, base.n + self.n) : NULL;

	if (!url)
		return (struct str){ NULL, 0 };
	memcpy(url, base.p, base.n);
	memcpy(url + base.n, self.p, self.n);
	return (struct str){ url, base.n + self.n };
}

static bool want(const struct exchange *x, int64_t start, uint32_t size, struct stored_look *l)
{
	size_t i = l->query.n++;

	if (!lookup_want(x, &x->canon.filter, start, size, &l->wants[i]))
		return false;
	l->query.places[i].target = l->wants[i].target;
	return true;
}

/* The entries that the page may lie in: its window and the one behind, or the small first window
 * and the whole one, either of which will do. */
static bool want_all(const struct exchange *x, struct stored_look *l)
{
	const struct canon *c = &x->canon;
	uint32_t size = c->endpoint->window;
	int64_t start;

	if (c->is_object)
		return want(x, 0, 0, l);
	if (c->head)
		return want(x, 0, c->head, l) && want(x, 0, size, l);
	start = window_start(c->offset, size);
	return want(x, start, size, l) &&
	       (c->offset + c->limit <= start + size || want(x, start + size, size, l));
}

static struct stored_look *make_look(const struct gateway *gw, struct exchange *x)
{
	struct stored_look *l = arena_alloc(x->arena, sizeof(*l));

	if (!l || !want_all(x, l))
		return NULL;
	l->query.url = url_of(gw, x);
	return l->query.url.p ? l : NULL;
}

void stored_look(const struct gateway *gw, struct store *store, struct exchange *const *xs,
		 size_t n)
{
	struct answer_query *queries[ANSWERS_AT_ONCE];
	size_t queries_n = 0;

	for (size_t i = 0; i < n; i++) {
		struct exchange *x = xs[i];

		if (gw->stored && !x->canon.bounds.n)
			x->look = make_look(gw, x);
		if (x->look)
			queries[queries_n++] = &x->look->query;
	}
	if (queries_n)
		store->find_answers(store, queries, queries_n);
}

/* ---- to give them ---- */

/* Is the answer at place i made of what is there now? */
static bool is_right(const struct answer_query *q, size_t i)
{
	const struct composed *c = &q->places[i].answer;

	if (!c->parts_n || i + c->parts_n > q->n)
		return false;
	for (size_t k = 0; k < c->parts_n; k++)
		if (!str_eq(q->places[i + k].sum, c->parts[k].sum))
			return false;
	return true;
}

/* The entry without what is in it. */
static struct entry *outline(const struct answer_place *place, const struct composed_part *part)
{
	const struct entry facts = {
		.kind = part->kind,
		.status = 200,
		.target = place->target,
		.count = part->count,
		.fetched = part->fetched,
		.fresh_until = place->purged ? part->fetched : part->fresh_until,
		.usable_until = part->usable_until,
	};

	return entry_new(&facts);
}

/* The answer at place i, as what was found of its entries. */
static void take(const struct stored_look *look, size_t i, struct wall now, struct lookup *ret)
{
	const struct composed *c = &look->query.places[i].answer;

	*ret = (struct lookup){ .composed = c, .agrees = true };
	for (size_t k = 0; k < c->parts_n; k++) {
		struct entry *e = outline(&look->query.places[i + k], &c->parts[k]);
		enum entry_state state = entry_state(e, now);

		ret->entries[k] = e;
		ret->wants[k] = look->wants[i + k];
		if (k == 0 || state < ret->state) {
			ret->state = state;
			ret->wanted = k;
		}
	}
	if (ret->state != ENTRY_ABSENT)
		ret->newer_than = ret->entries[ret->wanted]->fetched;
}

/* Where either of two entries will do, the other one might be fresher than this stale one. */
static bool is_best(const struct exchange *x, size_t i, enum entry_state state)
{
	if (state == ENTRY_FRESH)
		return true;
	return state == ENTRY_STALE && (!x->canon.head || !x->look->query.places[1 - i].sum.n);
}

bool stored_find(const struct gateway *gw, struct exchange *x, struct lookup *ret)
{
	struct stored_look *look = x->look;
	struct wall now = gw->clock->wall(gw->clock);

	if (!look || look->over)
		return false;
	look->over = true;
	for (size_t i = 0; i < (x->canon.head ? look->query.n : 1); i++) {
		if (!is_right(&look->query, i))
			continue;
		take(look, i, now, ret);
		if (is_best(x, i, ret->state) && represent_can(x, ret->composed))
			return true;
		lookup_release(ret);
	}
	return false;
}

/* ---- to store them ---- */

/* Was it composed of entries as they are stored, with the first one where it is looked for? (That a
 * page lies behind the list's end may be told by another.) */
static bool is_of_stored(const struct exchange *x, const struct lookup *found)
{
	const struct stored_look *look = x->look;
	size_t from = 0;

	if (!found->agrees || found->broken || found->entries[COMPOSED_PARTS])
		return false;
	while (from < look->query.n && !str_eq(found->entries[0]->target, look->wants[from].target))
		from++;
	for (size_t i = 0; i < COMPOSED_PARTS && found->entries[i]; i++)
		if (!found->entries[i]->sum[0] || from + i >= look->query.n ||
		    !str_eq(found->entries[i]->target, look->wants[from + i].target))
			return false;
	return true;
}

bool stored_wants(const struct gateway *gw, const struct exchange *x, const struct lookup *found)
{
	return x->look && x->failed.fault == FAULT_NONE && is_of_stored(x, found) &&
	       is_known(gw->stored, x->look->query.url);
}

void stored_keep(struct store *store, const struct exchange *x, const struct lookup *found)
{
	struct composed c = { .length = x->body.n, .body = buf_str(&x->body) };
	struct buf coded = buf_init(LIMIT_ANSWER_BYTES);
	char hash[HASH_HEX_BYTES];

	if (x->body.failed || !found->entries[0])
		return;
	hash_hex(c.body, hash);
	c.hash = (struct str){ hash, sizeof(hash) };
	if (represent_is_worth_coding(c.length)) {
		gzip_put(&coded, c.body);
		c.coding = CODING_GZIP;
		c.body = buf_str(&coded);
	}
	for (; c.parts_n < COMPOSED_PARTS && found->entries[c.parts_n]; c.parts_n++)
		c.parts[c.parts_n] = composed_part_of(found->entries[c.parts_n]);
	if (!coded.failed)
		store->keep_answer(store, found->entries[0]->target, c.parts[0].sum,
				   x->look->query.url, &c);
	buf_release(&coded);
}
