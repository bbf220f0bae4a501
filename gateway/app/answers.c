#include "app/answers.h"

#include "base/hash.h"
#include "base/sieve.h"

#include <pthread.h>
#include <stdlib.h>

/* A page in gzip with its bookkeeping takes about so much. */
#define USUAL_BYTES 4096

/* One answer may take this part of a shard: a huge one must not drive out everything else. */
#define SHARE 4

/* What malloc() adds to a piece. */
#define MALLOC_BYTES 16

/* Threads that look for different answers seldom meet in one of so many; with few bytes one shard
 * has room for more. */
#define SHARDS		     16
#define SHARD_BYTES_AT_LEAST (2UL * 1024 * 1024)

/* Keys that came once are remembered, so many for each slot of the table; each lasts until another
 * one falls into its place. */
#define STRANGERS 4

/* One key of an answer, which may have several. */
struct kept {
	struct sieve_node node; /* first, so that one is the other */
	struct answer *answer;
	uint32_t variant;
	size_t target_n;
	char target[];
};

struct shard {
	_Alignas(64) pthread_mutex_t lock; /* for all below; on a line of its own */
	struct sieve sieve;
	uint32_t *strangers; /* the upper halves of their hashes */
	size_t strangers_n;  /* a power of two */
};

struct answers {
	size_t shards_n; /* a power of two */
	struct shard shards[SHARDS];
};

/* ---- answers ---- */

uint32_t answer_variant(size_t base, struct str accept)
{
	return (uint32_t)base * ENCODING_VARIANTS + encoding_variant(accept);
}

static struct str move_to(char **at, struct str s)
{
	struct str moved = { *at, s.n };

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return moved;
}

static size_t size_of(const struct answer *a)
{
	return sizeof(*a) + a->target.n + a->etag.n + a->head.n + a->body.n;
}

struct answer *answer_new(const struct answer *facts)
{
	struct answer *a = malloc(size_of(facts));
	char *at;

	if (!a)
		return NULL;
	at = (char *)(a + 1);
	atomic_init(&a->demand, (struct demand){ .asked = 0 });
	a->made_of = facts->made_of;
	a->series = facts->series;
	a->fetched = facts->fetched;
	a->fresh_until = facts->fresh_until;
	a->target = move_to(&at, facts->target);
	a->etag = move_to(&at, facts->etag);
	a->head = move_to(&at, facts->head);
	a->body = move_to(&at, facts->body);
	atomic_init(&a->refs, 1);
	atomic_init(&a->epoch, atomic_load(&facts->epoch));
	return a;
}

static struct answer *ref(struct answer *a)
{
	atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
	return a;
}

bool answer_ask(struct answer *a, struct wall now)
{
	struct demand d = atomic_load_explicit(&a->demand, memory_order_relaxed);
	bool give = demand_ask(&d, now);

	/* Of two that ask at the same moment one may not count. */
	atomic_store_explicit(&a->demand, d, memory_order_relaxed);
	return give;
}

void answer_unref(struct answer *a)
{
	if (a && atomic_fetch_sub(&a->refs, 1) == 1)
		free(a);
}

/* ---- the shards ---- */

static bool shard_init(struct shard *s, size_t bytes_max)
{
	if (!sieve_init(&s->sieve, bytes_max, USUAL_BYTES))
		return false;
	s->strangers_n = STRANGERS * s->sieve.slots_n;
	s->strangers = calloc(s->strangers_n, sizeof(*s->strangers));
	s->sieve.bytes += s->strangers_n * sizeof(*s->strangers);
	return s->strangers != NULL;
}

struct answers *answers_new(size_t bytes_max)
{
	struct answers *a = aligned_alloc(_Alignof(struct answers), sizeof(*a));

	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->shards_n = 1;
	while (a->shards_n < SHARDS && bytes_max / (2 * a->shards_n) >= SHARD_BYTES_AT_LEAST)
		a->shards_n *= 2;
	for (size_t i = 0; i < a->shards_n; i++) {
		struct shard *s = &a->shards[i];
		pthread_mutex_init(&s->lock, NULL);
		if (!shard_init(s, bytes_max / a->shards_n)) {
			a->shards_n = i + 1;
			answers_free(a);
			return NULL;
		}
	}
	return a;
}

void answers_free(struct answers *a)
{
	if (!a)
		return;
	answers_clear(a);
	for (size_t i = 0; i < a->shards_n; i++) {
		sieve_release(&a->shards[i].sieve);
		free(a->shards[i].strangers);
		pthread_mutex_destroy(&a->shards[i].lock);
	}
	free(a);
}

static uint64_t hash_of(const struct answer_key *key)
{
	/* An odd number with bits everywhere, so that variants of a target lie apart. */
	return hash64(key->target) + key->variant * 0x9E3779B97F4A7C15ULL;
}

/* Slots are told apart by the lower bits, shards by others. */
static struct shard *shard_of(struct answers *a, uint64_t hash)
{
	return &a->shards[(hash >> 40) & (a->shards_n - 1)];
}

/* ---- under a shard's lock ---- */

static bool is_it(const struct kept *kept, uint64_t hash, const struct answer_key *key)
{
	return kept->node.hash == hash && kept->variant == key->variant &&
	       str_eq((struct str){ kept->target, kept->target_n }, key->target);
}

static struct kept *find(const struct shard *s, uint64_t hash, const struct answer_key *key)
{
	struct sieve_node *node = sieve_slot(&s->sieve, hash);

	while (node && !is_it((struct kept *)node, hash, key))
		node = node->next_in_slot;
	return (struct kept *)node;
}

/* Has this key been here lately? It has from now on. */
static bool is_known(struct shard *s, uint64_t hash)
{
	uint32_t *place = &s->strangers[hash & (s->strangers_n - 1)];
	uint32_t mark = (uint32_t)(hash >> 32) | 1;
	bool known = *place == mark;

	*place = known ? 0 : mark;
	return known;
}

/* Puts kept into the place of old (NULL: there is none). Returns those that had to go. */
static struct sieve_node *put(struct shard *s, struct kept *kept, struct kept *old)
{
	struct sieve_node *gone;

	if (!old)
		return sieve_add(&s->sieve, &kept->node);
	sieve_take_out(&s->sieve, &old->node);
	gone = sieve_add(&s->sieve, &kept->node);
	kept->node.asked_for = old->node.asked_for;
	old->node.next_in_slot = gone;
	return &old->node;
}

/* ---- not under it ---- */

static void let_go(struct sieve_node *node)
{
	while (node) {
		struct kept *kept = (struct kept *)node;

		node = node->next_in_slot;
		answer_unref(kept->answer);
		free(kept);
	}
}

struct answer *answers_find(struct answers *a, const struct answer_key *key)
{
	uint64_t hash = hash_of(key);
	struct shard *s = shard_of(a, hash);
	struct answer *answer = NULL;
	struct kept *kept;

	pthread_mutex_lock(&s->lock);
	kept = find(s, hash, key);
	if (kept) {
		kept->node.asked_for = true;
		answer = ref(kept->answer);
	}
	pthread_mutex_unlock(&s->lock);
	return answer;
}

/* Each key pays for all of the answer, since it may be the last one that holds it. */
static struct kept *keep(uint64_t hash, const struct answer_key *key, struct answer *answer)
{
	struct kept *kept = malloc(sizeof(*kept) + key->target.n);

	if (!kept)
		return NULL;
	kept->node = (struct sieve_node){ .hash = hash,
					  .size = sizeof(*kept) + key->target.n + size_of(answer) +
						  2UL * MALLOC_BYTES };
	kept->answer = ref(answer);
	kept->variant = key->variant;
	kept->target_n = key->target.n;
	memcpy(kept->target, key->target.p, key->target.n);
	return kept;
}

void answers_put(struct answers *a, const struct answer_key *key, struct answer *answer,
		 bool at_once)
{
	uint64_t hash = hash_of(key);
	struct shard *s = shard_of(a, hash);
	struct sieve_node *gone;
	struct kept *kept;
	struct kept *old;

	if (size_of(answer) > s->sieve.bytes_max / SHARE)
		return;
	kept = keep(hash, key, answer);
	if (!kept)
		return;
	pthread_mutex_lock(&s->lock);
	old = find(s, hash, key);
	if (old || at_once || is_known(s, hash))
		gone = put(s, kept, old);
	else
		gone = &kept->node;
	pthread_mutex_unlock(&s->lock);
	let_go(gone);
}

void answers_clear(struct answers *a)
{
	for (size_t i = 0; i < a->shards_n; i++) {
		struct shard *s = &a->shards[i];
		struct sieve_node *gone = NULL;

		pthread_mutex_lock(&s->lock);
		while (s->sieve.oldest) {
			struct sieve_node *node = s->sieve.oldest;

			sieve_take_out(&s->sieve, node);
			node->next_in_slot = gone;
			gone = node;
		}
		pthread_mutex_unlock(&s->lock);
		let_go(gone);
	}
}

struct answers_stats answers_stats(struct answers *a)
{
	struct answers_stats stats = { .n = 0 };

	for (size_t i = 0; i < a->shards_n; i++) {
		struct shard *s = &a->shards[i];

		pthread_mutex_lock(&s->lock);
		stats.bytes += s->sieve.bytes;
		stats.bytes_max += s->sieve.bytes_max;
		stats.n += s->sieve.n;
		stats.evicted += s->sieve.evicted;
		pthread_mutex_unlock(&s->lock);
	}
	return stats;
}
