#include "app/tops.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>

struct tops {
	pthread_mutex_t lock;
	struct top tops[TOPS_KINDS];
};

struct tops *tops_new(void)
{
	struct tops *t = calloc(1, sizeof(*t));

	if (t)
		pthread_mutex_init(&t->lock, NULL);
	return t;
}

void tops_free(struct tops *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void tops_note(struct tops *t, const struct exchange *x, struct str endpoint, struct mono now)
{
	struct str target = x->canon.target;
	/* It speaks for those that have not come here. */
	int64_t n = x->others < INT32_MAX ? 1 + (int64_t)x->others : 1;
	uint64_t hash;

	if (x->page || !target.n || pthread_mutex_trylock(&t->lock) != 0)
		return;
	hash = hash64(target);
	top_add(&t->tops[TOPS_WANTED], target, hash, n, now);
	top_add(&t->tops[TOPS_SLOW], target, hash, now.ms - x->arrived.ms, now);
	top_add(&t->tops[TOPS_ENDPOINTS], endpoint, hash64(endpoint), n, now);
	pthread_mutex_unlock(&t->lock);
}

void tops_read(struct tops *t, enum tops_kind kind, struct mono now, struct top *ret)
{
	pthread_mutex_lock(&t->lock);
	top_fade(&t->tops[kind], now);
	*ret = t->tops[kind];
	pthread_mutex_unlock(&t->lock);
}
