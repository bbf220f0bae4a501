#include "app/press.h"

#include "base/limits.h"
#include "io/gzip.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A page in gzip with its bookkeeping takes about 2.5 kB: one slot for each that fits, roughly. */
#define BYTES_A_SLOT 2048
#define SLOTS_MIN    64
#define SLOTS_MAX    (1UL << 20)

/* What malloc() adds to a piece. */
#define MALLOC_BYTES 16

/* One body may take this part of all: a huge one must not drive out everything else. */
#define SHARE 4

struct pressed {
	atomic_int refs;

	/* under the press' lock */
	struct pressed *next_in_slot;
	struct pressed *newer;
	struct pressed *older;
	bool asked_for; /* since the hand came by */

	/* immutable */
	char hash[HASH_HEX_BYTES];
	enum coding coding;
	struct str target;
	struct str bytes;
	size_t size; /* of all of it in memory */
	char data[]; /* target and bytes */
};

struct press {
	/* read-only once made */
	size_t bytes_max;
	size_t slots_n; /* a power of two */

	pthread_mutex_t lock; /* for all below, and never held while something is compressed */
	struct press_stats stats;
	struct pressed *newest;
	struct pressed *oldest;
	struct pressed *hand; /* who is looked at next; NULL: the oldest */
	struct pressed *slots[];
};

struct press *press_new(size_t bytes_max)
{
	size_t slots = SLOTS_MIN;
	struct press *p;

	while (slots < bytes_max / BYTES_A_SLOT && slots < SLOTS_MAX)
		slots *= 2;
	p = calloc(1, sizeof(*p) + slots * sizeof(struct pressed *));
	if (!p)
		return NULL;
	p->bytes_max = bytes_max;
	p->slots_n = slots;
	p->stats.bytes = slots * sizeof(struct pressed *);
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

struct str pressed_bytes(const struct pressed *pressed)
{
	return pressed->bytes;
}

void pressed_unref(struct pressed *pressed)
{
	if (pressed && atomic_fetch_sub(&pressed->refs, 1) == 1)
		free(pressed);
}

/* ---- under the lock ---- */

static struct pressed **slot_of(struct press *p, const char *hash)
{
	struct str text = { hash, HASH_HEX_BYTES };

	return &p->slots[hash64(text) & (p->slots_n - 1)];
}

static bool is_it(const struct pressed *e, struct str target, const char *hash, enum coding coding)
{
	return memcmp(e->hash, hash, HASH_HEX_BYTES) == 0 && e->coding == coding &&
	       str_eq(e->target, target);
}

/* A reference for the caller, or NULL. */
static struct pressed *find(struct press *p, struct str target, const char *hash,
			    enum coding coding)
{
	for (struct pressed *e = *slot_of(p, hash); e; e = e->next_in_slot) {
		if (is_it(e, target, hash, coding)) {
			e->asked_for = true;
			atomic_fetch_add(&e->refs, 1);
			return e;
		}
	}
	return NULL;
}

/* Takes it out; the press' reference is the caller's now. */
static void take_out(struct press *p, struct pressed *e)
{
	struct pressed **at = slot_of(p, e->hash);

	while (*at != e)
		at = &(*at)->next_in_slot;
	*at = e->next_in_slot;
	*(e->newer ? &e->newer->older : &p->newest) = e->older;
	*(e->older ? &e->older->newer : &p->oldest) = e->newer;
	p->stats.bytes -= e->size;
	p->stats.bodies--;
	p->stats.evicted++;
}

/* SIEVE: the hand goes from the oldest to the newest and then begins anew, spares once who was
 * asked for, and takes the first who was not. */
static struct pressed *evict_one(struct press *p)
{
	struct pressed *e = p->hand ? p->hand : p->oldest;

	while (e->asked_for) {
		e->asked_for = false;
		e = e->newer ? e->newer : p->oldest;
	}
	p->hand = e->newer;
	take_out(p, e);
	return e;
}

/* Takes e in, and a reference to it, once there is room. Returns a list (by next_in_slot) of those
 * that had to go, for let_go() when the lock is free. */
static struct pressed *keep(struct press *p, struct pressed *e)
{
	struct pressed **slot = slot_of(p, e->hash);
	struct pressed *gone = NULL;

	while (p->stats.bodies && p->stats.bytes + e->size > p->bytes_max) {
		struct pressed *one = evict_one(p);

		one->next_in_slot = gone;
		gone = one;
	}
	if (p->stats.bytes + e->size > p->bytes_max)
		return gone;
	e->next_in_slot = *slot;
	*slot = e;
	e->older = p->newest;
	*(p->newest ? &p->newest->newer : &p->oldest) = e;
	p->newest = e;
	p->stats.bytes += e->size;
	p->stats.bodies++;
	atomic_fetch_add(&e->refs, 1);
	return gone;
}

/* ---- */

/* The references of those in the list. */
static void let_go(struct pressed *e)
{
	while (e) {
		struct pressed *next = e->next_in_slot;

		pressed_unref(e);
		e = next;
	}
}

static void encode(struct buf *out, enum coding coding, struct str body)
{
	switch (coding) {
	case CODING_GZIP:
		gzip_put(out, body);
		break;
	case CODING_IDENTITY:
	case CODING_COUNT:
		out->failed = true;
		break;
	}
}

/* With one reference; NULL without memory. */
static struct pressed *make(struct str target, const char *hash, enum coding coding,
			    struct str body)
{
	struct buf bytes = buf_init(LIMIT_ANSWER_BYTES);
	struct pressed *e = NULL;
	size_t size;

	encode(&bytes, coding, body);
	size = sizeof(*e) + target.n + bytes.n;
	if (!bytes.failed)
		e = malloc(size);
	if (e) {
		*e = (struct pressed){ .coding = coding, .size = size + MALLOC_BYTES };
		atomic_init(&e->refs, 1);
		memcpy(e->hash, hash, HASH_HEX_BYTES);
		e->target = (struct str){ e->data, target.n };
		e->bytes = (struct str){ e->data + target.n, bytes.n };
		if (target.n)
			memcpy(e->data, target.p, target.n);
		memcpy(e->data + target.n, bytes.p, bytes.n);
	}
	buf_release(&bytes);
	return e;
}

struct pressed *press(struct press *p, struct str target, const char hash[static HASH_HEX_BYTES],
		      enum coding coding, struct str body)
{
	struct pressed *found;
	struct pressed *gone = NULL;
	struct pressed *e;

	pthread_mutex_lock(&p->lock);
	found = find(p, target, hash, coding);
	*(found ? &p->stats.hits : &p->stats.misses) += 1;
	pthread_mutex_unlock(&p->lock);
	if (found)
		return found;
	e = make(target, hash, coding, body);
	if (!e || e->size > p->bytes_max / SHARE)
		return e;
	pthread_mutex_lock(&p->lock);
	/* Another thread may have been quicker. */
	found = find(p, target, hash, coding);
	if (!found)
		gone = keep(p, e);
	pthread_mutex_unlock(&p->lock);
	let_go(gone);
	if (!found)
		return e;
	pressed_unref(e);
	return found;
}

struct press_stats press_stats(struct press *p)
{
	struct press_stats stats;

	pthread_mutex_lock(&p->lock);
	stats = p->stats;
	pthread_mutex_unlock(&p->lock);
	return stats;
}

void press_free(struct press *p)
{
	struct pressed *next;

	if (!p)
		return;
	for (struct pressed *e = p->oldest; e; e = next) {
		next = e->newer;
		pressed_unref(e);
	}
	pthread_mutex_destroy(&p->lock);
	free(p);
}
