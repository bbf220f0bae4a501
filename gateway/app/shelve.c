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
	const char *path;
	struct memory *memory;
	struct metrics *metrics;
	bool owned;	      /* no other process puts; of main() */
	atomic_bool usable;   /* that, and there is room */
	pthread_mutex_t lock; /* for the rest */
	bool has_room;
	uint64_t end; /* of what was put */
};

static const struct shared_layout layout = { .bytes = sizeof(struct shelf_block),
					     .later = SHELF_RING_BYTES,
					     .is_for_group = true,
					     .is_valid = shelf_is_valid,
					     .init = shelf_init };

static void complain(const char *path, const char *reason)
{
	log_line(LOG_WARN, "shelf_failed", "file=\"%s\" reason=\"%s\"", path, reason);
}

/* One process puts: nothing is done until the one of before is gone, which may still be draining.
 */
static void take_over(struct shelve *s)
{
	uint64_t salt = metrics_salt(s->metrics);

	if (shared_take_slot(s->shared, 1) != 0)
		return;
	s->end = shelf_clear(s->block);
	/* What was taken while there were other counters is none of these. */
	if (s->block->salt != salt)
		for (uint32_t i = 0; i < SHELF_NUMBERS; i++)
			shelf_collect(s->block, i);
	s->block->salt = salt;
	memory_show_epoch(s->memory, &s->block->epoch);
	s->owned = true;
	atomic_store(&s->usable, true);
}

struct shelve *shelve_new(const char *path, struct memory *memory, struct metrics *metrics)
{
	struct shelve *s = calloc(1, sizeof(*s));
	struct fail why;

	if (!s)
		return NULL;
	s->path = path;
	s->memory = memory;
	s->metrics = metrics;
	pthread_mutex_init(&s->lock, NULL);
	if (!path[0])
		return s;
	s->shared = shared_open(path, &layout, &why);
	if (!s->shared) {
		complain(path, why.text);
		return s;
	}
	s->block = shared_block(s->shared);
	take_over(s);
	if (!s->owned)
		complain(path, "another process has it, and is waited for");
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
	return s && atomic_load_explicit(&s->usable, memory_order_acquire) &&
	       shelf_is_used(s->block, mono_after(now, -USED_MS));
}

/* ---- putting: under the lock ---- */

/* The room is taken from the file system when it is needed for the first time. */
static bool has_room(struct shelve *s)
{
	if (s->has_room)
		return true;
	s->has_room = shared_allocate(s->shared);
	if (!s->has_room) {
		complain(s->path, strerrordesc_np(errno));
		atomic_store(&s->usable, false);
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

uint64_t shelve_put(struct shelve *s, const struct exchange *x, const struct ages *ages)
{
	const struct request *r = &x->request;
	char text[SHELF_KEY_BYTES];
	struct str key = shelf_key(text, r->target, r->host, r->forwarded_host, r->accept_encoding);
	struct shelf_item found;
	uint64_t asked = 0;

	/* Nobody waits for another one, nor puts what he has put: a next request does it. */
	if (!key.n || pthread_mutex_trylock(&s->lock) != 0)
		return 0;
	if (atomic_load(&s->usable) && has_room(s) &&
	    !shelf_find(s->block, key, ages->now, &found)) {
		asked = shelf_asked(s->block, key);
		put(s, x, ages, key);
	}
	pthread_mutex_unlock(&s->lock);
	return asked;
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
	if (!s->owned)
		take_over(s);
	if (!s->owned)
		return;
	/* Somebody has written over it. */
	if (counter_get(&s->block->epoch) != memory_epoch(s->memory))
		memory_show_epoch(s->memory, &s->block->epoch);
	shelf_vouch(s->block, mono_after(now, SHELVE_VOUCHED_MS));
	collect(s);
}

void shelve_stop(struct shelve *s)
{
	if (!s->owned)
		return;
	shelf_vouch(s->block, (struct mono){ 0 });
	collect(s);
}
