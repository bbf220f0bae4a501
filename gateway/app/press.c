#include "app/press.h"

#include "base/limits.h"
#include "base/sieve.h"
#include "io/gzip.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A page in gzip with its bookkeeping takes about so much. */
#define USUAL_BYTES 2048

/* What malloc() adds to a piece. */
#define MALLOC_BYTES 16

/* One body may take this part of all: a huge one must not drive out everything else. */
#define SHARE 4

struct pressed {
	struct sieve_node node; /* first, so that one is the other; under the press' lock */
	atomic_int refs;

	/* immutable */
	char hash[HASH_HEX_BYTES];
	enum coding coding;
	struct str target;
	struct str bytes;
	char data[]; /* target and bytes */
};

struct press {
	pthread_mutex_t lock; /* for all below, and never held while something is compressed */
	struct sieve sieve;
	uint64_t hits;
	uint64_t misses;
};

struct press *press_new(size_t bytes_max)
{
	struct press *p = calloc(1, sizeof(*p));

	if (!p || !sieve_init(&p->sieve, bytes_max, USUAL_BYTES)) {
		free(p);
		return NULL;
	}
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

static uint64_t node_hash(const char *hash)
{
	return hash64((struct str){ hash, HASH_HEX_BYTES });
}

static bool is_it(const struct pressed *e, struct str target, const char *hash, enum coding coding)
{
	return memcmp(e->hash, hash, HASH_HEX_BYTES) == 0 && e->coding == coding &&
	       str_eq(e->target, target);
}

/* Under the lock: a reference for the caller, or NULL. */
static struct pressed *find(struct press *p, struct str target, const char *hash,
			    enum coding coding)
{
	struct sieve_node *node = sieve_slot(&p->sieve, node_hash(hash));

	for (; node; node = node->next_in_slot) {
		struct pressed *e = (struct pressed *)node;

		if (is_it(e, target, hash, coding)) {
			node->asked_for = true;
			atomic_fetch_add(&e->refs, 1);
			return e;
		}
	}
	return NULL;
}

/* Under the lock: takes in e, and a reference to it. Returns those that had to go. */
static struct sieve_node *keep(struct press *p, struct pressed *e)
{
	atomic_fetch_add(&e->refs, 1);
	return sieve_add(&p->sieve, &e->node);
}

/* The references of those in the list. */
static void let_go(struct sieve_node *node)
{
	while (node) {
		struct pressed *e = (struct pressed *)node;

		node = node->next_in_slot;
		pressed_unref(e);
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
		*e = (struct pressed){ .node = { .hash = node_hash(hash),
						 .size = size + MALLOC_BYTES },
				       .coding = coding };
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
	struct sieve_node *gone = NULL;
	struct pressed *e;

	pthread_mutex_lock(&p->lock);
	found = find(p, target, hash, coding);
	*(found ? &p->hits : &p->misses) += 1;
	pthread_mutex_unlock(&p->lock);
	if (found)
		return found;
	e = make(target, hash, coding, body);
	if (!e || e->node.size > p->sieve.bytes_max / SHARE)
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
	stats = (struct press_stats){ .bytes = p->sieve.bytes,
				      .bytes_max = p->sieve.bytes_max,
				      .bodies = p->sieve.n,
				      .hits = p->hits,
				      .misses = p->misses,
				      .evicted = p->sieve.evicted };
	pthread_mutex_unlock(&p->lock);
	return stats;
}

void press_free(struct press *p)
{
	if (!p)
		return;
	while (p->sieve.oldest) {
		struct pressed *e = (struct pressed *)p->sieve.oldest;

		sieve_take_out(&p->sieve, &e->node);
		pressed_unref(e);
	}
	sieve_release(&p->sieve);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
