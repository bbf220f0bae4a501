#include "app/memory.h"

#include "base/hash.h"
#include "base/sieve.h"

#include <pthread.h>
#include <stdlib.h>

/* A window of a hundred objects has some 200 kB, an object 2.5. */
#define USUAL_BYTES 16384

/* One entry may take this part of all: a huge one must not drive out everything else. */
#define SHARE 4

/* What malloc() adds to a piece. */
#define MALLOC_BYTES 16

struct kept {
	struct sieve_node node; /* first, so that one is the other */
	struct entry *entry;
	bool in_doubt;
};

struct memory {
	pthread_mutex_t lock;
	struct sieve sieve;
	counter epoch;		  /* not under it; grows after what it is about was done */
	_Atomic(counter *) shown; /* where others see it; NULL: nowhere */
	_Atomic uint64_t purges;  /* written under the lock */
};

struct memory *memory_new(size_t bytes_max)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m || !sieve_init(&m->sieve, bytes_max, USUAL_BYTES)) {
		free(m);
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	atomic_init(&m->epoch, bytes_max > 0);
	return m;
}

void memory_free(struct memory *m)
{
	if (!m)
		return;
	memory_clear(m);
	sieve_release(&m->sieve);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

uint64_t memory_epoch(const struct memory *m)
{
	return atomic_load(&m->epoch);
}

/* Of two threads the one that comes last may have the lower number. */
static void raise_to(counter *c, uint64_t least)
{
	uint64_t now = atomic_load(c);

	while (now < least && !atomic_compare_exchange_weak(c, &now, least))
		;
}

void memory_turn(struct memory *m)
{
	counter *shown = atomic_load(&m->shown);
	uint64_t epoch;

	if (!m->sieve.bytes_max)
		return;
	epoch = atomic_fetch_add(&m->epoch, 1) + 1;
	if (shown)
		raise_to(shown, epoch);
}

void memory_show_epoch(struct memory *m, counter *place)
{
	if (!m->sieve.bytes_max) {
		atomic_store(place, 0);
		return;
	}
	raise_to(&m->epoch, atomic_load(place) + 1);
	atomic_store(&m->shown, place);
	/* It may have turned meanwhile. */
	raise_to(place, atomic_load(&m->epoch));
}

/* ---- under the lock ---- */

static struct kept *find(const struct memory *m, struct str target)
{
	uint64_t hash = hash64(target);
	struct sieve_node *node = sieve_slot(&m->sieve, hash);

	while (node &&
	       (node->hash != hash || !str_eq(((struct kept *)node)->entry->target, target)))
		node = node->next_in_slot;
	return (struct kept *)node;
}

/* ---- not under the lock ---- */

static void let_go(struct sieve_node *node)
{
	while (node) {
		struct kept *kept = (struct kept *)node;

		node = node->next_in_slot;
		entry_unref(kept->entry);
		free(kept);
	}
}

struct entry *memory_get(struct memory *m, struct str target, bool *ret_in_doubt)
{
	struct entry *e = NULL;
	struct kept *kept;

	*ret_in_doubt = false;
	pthread_mutex_lock(&m->lock);
	kept = find(m, target);
	if (kept) {
		kept->node.asked_for = true;
		*ret_in_doubt = kept->in_doubt;
		e = entry_ref(kept->entry);
	}
	pthread_mutex_unlock(&m->lock);
	return e;
}

static struct kept *keep(struct entry *e)
{
	struct kept *kept = malloc(sizeof(*kept));

	if (kept)
		*kept = (struct kept){ .node = { .hash = hash64(e->target),
						 .size = sizeof(*kept) + entry_size(e) +
							 2UL * MALLOC_BYTES },
				       .entry = entry_ref(e) };
	return kept;
}

/* Under the lock: puts kept into the place of old (NULL: there is none). Returns those that had to
 * go. */
static struct sieve_node *put(struct memory *m, struct kept *kept, struct kept *old)
{
	struct sieve_node *gone;

	if (!old)
		return sieve_add(&m->sieve, &kept->node);
	sieve_take_out(&m->sieve, &old->node);
	gone = sieve_add(&m->sieve, &kept->node);
	kept->node.asked_for = old->node.asked_for;
	old->node.next_in_slot = gone;
	return &old->node;
}

uint64_t memory_purges(const struct memory *m)
{
	return atomic_load(&m->purges);
}

/* Does it tell more than the old one? The same one, purged meanwhile, does. */
static bool is_newer(const struct entry *e, const struct entry *old)
{
	if (e->fetched.ms == old->fetched.ms)
		return e->fresh_until.ms < old->fresh_until.ms;
	return e->fetched.ms > old->fetched.ms;
}

void memory_put(struct memory *m, struct entry *e, uint64_t purges)
{
	struct sieve_node *gone = NULL;
	struct kept *kept;
	struct kept *old;

	if (entry_size(e) > m->sieve.bytes_max / SHARE)
		return;
	kept = keep(e);
	if (!kept)
		return;
	pthread_mutex_lock(&m->lock);
	old = find(m, e->target);
	kept->in_doubt = purges != m->purges;
	if (old && !is_newer(e, old->entry)) {
		old->in_doubt &= kept->in_doubt || old->entry->fetched.ms != e->fetched.ms;
		gone = &kept->node;
	} else {
		gone = put(m, kept, old);
	}
	pthread_mutex_unlock(&m->lock);
	if (old && gone == &old->node)
		memory_turn(m);
	let_go(gone);
}

void memory_doubt(struct memory *m, struct str target)
{
	struct kept *kept;

	pthread_mutex_lock(&m->lock);
	kept = find(m, target);
	if (kept)
		kept->in_doubt = true;
	pthread_mutex_unlock(&m->lock);
	memory_turn(m);
}

void memory_doubt_all(struct memory *m)
{
	pthread_mutex_lock(&m->lock);
	for (struct sieve_node *node = m->sieve.oldest; node; node = node->newer)
		((struct kept *)node)->in_doubt = true;
	pthread_mutex_unlock(&m->lock);
	memory_turn(m);
}

/* ---- purging ---- */

/* References to all entries, in an array that the caller frees. What comes later has been read
 * after the purge, or is in doubt. NULL without memory, or when there are none. */
static struct entry **all_entries(struct memory *m, size_t *ret_n)
{
	struct entry **all;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	m->purges++;
	all = calloc(m->sieve.n + 1, sizeof(struct entry *));
	for (struct sieve_node *node = m->sieve.oldest; all && node; node = node->newer)
		all[n++] = entry_ref(((struct kept *)node)->entry);
	pthread_mutex_unlock(&m->lock);
	*ret_n = n;
	return all;
}

/* Puts `by` (NULL: nothing) where e is, unless another one is there by now. */
static void replace(struct memory *m, const struct entry *e, struct entry *by)
{
	struct kept *kept = by ? keep(by) : NULL;
	struct sieve_node *gone = NULL;
	struct kept *old;

	pthread_mutex_lock(&m->lock);
	old = find(m, e->target);
	if (!old || old->entry != e) {
		gone = kept ? &kept->node : NULL;
	} else if (kept) {
		gone = put(m, kept, old);
	} else {
		sieve_take_out(&m->sieve, &old->node);
		old->node.next_in_slot = NULL;
		gone = &old->node;
	}
	pthread_mutex_unlock(&m->lock);
	let_go(gone);
}

/* The matching and copying, which takes long for many, is not done under the lock. */
void memory_purge(struct memory *m, const struct purge *p)
{
	size_t n;
	struct entry **all = all_entries(m, &n);

	if (!all) {
		memory_clear(m);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (purge_hits(p, all[i]->target, all[i]->ids)) {
			struct entry *by =
				p->mode == PURGE_INVALIDATE ? entry_outdated(all[i]) : NULL;

			replace(m, all[i], by);
			entry_unref(by);
		}
		entry_unref(all[i]);
	}
	free(all);
	memory_turn(m);
}

void memory_clear(struct memory *m)
{
	struct sieve_node *gone = NULL;

	pthread_mutex_lock(&m->lock);
	while (m->sieve.oldest) {
		struct sieve_node *node = m->sieve.oldest;

		sieve_take_out(&m->sieve, node);
		node->next_in_slot = gone;
		gone = node;
	}
	pthread_mutex_unlock(&m->lock);
	memory_turn(m);
	let_go(gone);
}

struct memory_stats memory_stats(struct memory *m)
{
	struct memory_stats stats;

	pthread_mutex_lock(&m->lock);
	stats = (struct memory_stats){ .bytes = m->sieve.bytes,
				       .bytes_max = m->sieve.bytes_max,
				       .entries = m->sieve.n,
				       .evicted = m->sieve.evicted };
	pthread_mutex_unlock(&m->lock);
	return stats;
}
