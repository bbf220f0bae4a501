#include "app/shelve.h"

#include "app/memory.h"
#include "app/metrics.h"
#include "base/limits.h"
#include "base/shelf.h"
#include "http/shelf_key.h"
#include "io/log.h"
#include "io/shared.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* nginx has no module any more if it has not looked for so long. It looks before it asks. */
#define USED_MS 2000

_Static_assert(SHELF_NUMBERS == METRICS_SERIES * METRIC_RESULTS, "what is counted has a place");

struct shelve {
	struct shared *shared;
	struct shelf_block *block; /* NULL: there is no shelf */
	struct metrics *metrics;
	atomic_bool failed;   /* there is no room for what would be put */
	pthread_mutex_t lock; /* for the rest */
	bool has_room;
	uint64_t end; /* of what was put */
};

static const struct shared_layout layout = { .bytes = sizeof(struct shelf_block),
					     .later = SHELF_RING_BYTES,
					     .is_for_group = true,
					     .is_valid = shelf_is_valid,
					     .init = shelf_init };

struct shelve *shelve_new(const char *path, struct memory *memory, struct metrics *metrics,
			  struct fail *reterr)
{
	struct shelve *s = calloc(1, sizeof(*s));

	fail_set(reterr, FAULT_INTERNAL, "there is not enough memory");
	if (!s)
		return NULL;
	s->metrics = metrics;
	pthread_mutex_init(&s->lock, NULL);
	if (!path[0])
		return s;
	s->shared = shared_open(path, &layout, reterr);
	if (!s->shared) {
		shelve_free(s);
		return NULL;
	}
	/* Two who put would write over each other. */
	if (shared_take_slot(s->shared, 1) != 0) {
		fail_set(reterr, FAULT_INTERNAL, "another worker has it");
		shelve_free(s);
		return NULL;
	}
	s->block = shared_block(s->shared);
	s->end = shelf_clear(s->block);
	/* What was taken while there were other counters is none of these. */
	if (s->block->salt != metrics_salt(metrics))
		for (uint32_t i = 0; i < SHELF_NUMBERS; i++)
			shelf_collect(s->block, i);
	s->block->salt = metrics_salt(metrics);
	memory_show_epoch(memory, &s->block->epoch);
	return s;
}

void shelve_free(struct shelve *s)
{
	if (!s)
		return;
	shelve_stop(s);
	shared_close(s->shared);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

bool shelve_is_used(const struct shelve *s, struct mono now)
{
	return s && s->block && !atomic_load_explicit(&s->failed, memory_order_relaxed) &&
	       shelf_is_used(s->block, mono_after(now, -USED_MS));
}

/* ---- putting: under the lock ---- */

/* The room is taken from the file system when it is needed for the first time. */
static bool has_room(struct shelve *s)
{
	if (s->has_room || atomic_load(&s->failed))
		return s->has_room;
	s->has_room = shared_allocate(s->shared);
	if (!s->has_room) {
		log_line(LOG_WARN, "shelf_failed", "reason=\"%s\"", strerrordesc_np(errno));
		atomic_store(&s->failed, true);
	}
	return s->has_room;
}

static void put(struct shelve *s, const struct exchange *x, const struct ages *ages, struct str key)
{
	const struct answer *a = x->answer;
	struct buf head = buf_init(LIMIT_HEAD_BYTES);
	struct shelf_item item = {
		.key = key,
		.epoch = x->epoch,
		.until = wall_after(ages->now, SHELVE_MS),
		.fetched_s = a->fetched.ms / 1000,
		.max_age_s = ages->max_age_s,
		.number = metrics_number(x->series, RESULT_HIT),
		.body = a->body,
	};

	if (item.until.ms > a->fresh_until.ms)
		item.until = a->fresh_until;
	head_for_shelf(&head, x, ages);
	item.head = buf_str(&head);
	if (!head.failed)
		shelf_put(s->block, &s->end, &item);
	buf_release(&head);
}

void shelve_put(struct shelve *s, const struct exchange *x, const struct ages *ages)
{
	const struct request *r = &x->request;
	char text[SHELF_KEY_BYTES];
	struct str key = shelf_key(text, r->target, r->host, r->forwarded_host, r->accept_encoding);
	struct shelf_item found;

	/* Nobody waits for another one, nor puts what he has put: a next request does it. */
	if (!key.n || pthread_mutex_trylock(&s->lock) != 0)
		return;
	if (has_room(s) && !shelf_find(s->block, key, ages->now, &found))
		put(s, x, ages, key);
	pthread_mutex_unlock(&s->lock);
}

/* ---- for main() ---- */

static void collect(struct shelve *s)
{
	for (uint32_t i = 0; i < SHELF_NUMBERS; i++) {
		uint64_t n = shelf_collect(s->block, i);

		if (n)
			metrics_front(s->metrics, i, n);
	}
}

void shelve_round(struct shelve *s, struct mono now)
{
	if (!s->block)
		return;
	shelf_vouch(s->block, mono_after(now, SHELVE_VOUCHED_MS));
	collect(s);
}

void shelve_stop(struct shelve *s)
{
	if (!s->block)
		return;
	shelf_vouch(s->block, (struct mono){ 0 });
	collect(s);
}
