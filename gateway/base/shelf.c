#include "base/shelf.h"

#include "base/hash.h"

#include <string.h>

#define MAGIC "perigee-shelf-1"

/* Places are multiples of it, and the first is not 0. */
#define ALIGN 64

#define LARGEST (SHELF_RING_BYTES / SHELF_SHARE)

/* How often it is written down that somebody looks. */
#define LOOKED_STEP_MS 100

/* In front of key, head and body. */
struct record {
	uint64_t place; /* its own */
	uint64_t hash;
	uint64_t epoch;
	int64_t until_ms;
	int64_t fetched_s;
	int64_t max_age_s;
	uint32_t number;
	uint32_t key_n;
	uint32_t head_n;
	uint32_t body_n;
};

/* What was stored before is seen by others before what is stored, and was loaded before what is
 * loaded behind it. (Not atomic_thread_fence(), which ThreadSanitizer does not know.) */
static void barrier(void)
{
	__sync_synchronize();
}

static size_t size_of(size_t key_n, size_t head_n, size_t body_n)
{
	size_t n = sizeof(struct record) + key_n + head_n + body_n;

	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t bucket_of(uint64_t hash)
{
	return (hash >> 32) % SHELF_BUCKETS;
}

/* ---- who puts ---- */

bool shelf_is_valid(const void *block)
{
	const struct shelf_block *b = block;

	return memcmp(b->magic, MAGIC, sizeof(MAGIC)) == 0;
}

void shelf_init(void *block)
{
	struct shelf_block *b = block;

	memcpy(b->magic, MAGIC, sizeof(MAGIC));
	counter_set(&b->reserved, ALIGN);
}

uint64_t shelf_clear(struct shelf_block *b)
{
	/* Not from where others have left off, whatever they have written there. */
	uint64_t end =
		(counter_get(&b->reserved) / SHELF_RING_BYTES + 2) * SHELF_RING_BYTES + ALIGN;

	counter_set(&b->vouched_ms, 0);
	counter_set(&b->reserved, end);
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (size_t way = 0; way < SHELF_WAYS; way++)
			counter_set(&b->buckets[i].places[way], 0);
	return end;
}

/* The way of the bucket that leads to such a hash, else the one that leads to the oldest place. */
static size_t way_for(const struct shelf_bucket *bucket, uint64_t hash)
{
	uint64_t oldest = UINT64_MAX;
	size_t found = 0;

	for (size_t way = 0; way < SHELF_WAYS; way++) {
		uint64_t place = counter_get(&bucket->places[way]);

		if (counter_get(&bucket->hashes[way]) == hash)
			return way;
		if (place < oldest) {
			oldest = place;
			found = way;
		}
	}
	return found;
}

static char *put_bytes(char *at, struct str s)
{
	return s.n ? (char *)memcpy(at, s.p, s.n) + s.n : at;
}

bool shelf_put(struct shelf_block *b, uint64_t *end, const struct shelf_item *item)
{
	size_t n = size_of(item->key.n, item->head.n, item->body.n);
	struct record r = {
		.place = *end,
		.hash = hash64(item->key),
		.epoch = item->epoch,
		.until_ms = item->until.ms,
		.fetched_s = item->fetched_s,
		.max_age_s = item->max_age_s,
		.number = item->number,
		.key_n = (uint32_t)item->key.n,
		.head_n = (uint32_t)item->head.n,
		.body_n = (uint32_t)item->body.n,
	};
	struct shelf_bucket *bucket = &b->buckets[bucket_of(r.hash)];
	size_t left = SHELF_RING_BYTES - r.place % SHELF_RING_BYTES;
	size_t way = way_for(bucket, r.hash);
	char *at;

	if (n > LARGEST || item->key.n > SHELF_KEY_BYTES)
		return false;
	/* In one piece, if need be at the beginning. */
	if (n > left)
		r.place += left;
	*end = r.place + n;
	counter_set(&b->reserved, *end);
	barrier();
	at = b->ring + r.place % SHELF_RING_BYTES;
	at = put_bytes(at, (struct str){ (const char *)&r, sizeof(r) });
	at = put_bytes(at, item->key);
	at = put_bytes(at, item->head);
	put_bytes(at, item->body);
	if (counter_get(&bucket->hashes[way]) != r.hash)
		counter_set(&b->asked[bucket_of(r.hash) * SHELF_WAYS + way], 0);
	counter_set(&bucket->hashes[way], r.hash);
	atomic_store_explicit(&bucket->places[way], r.place, memory_order_release);
	return true;
}

void shelf_vouch(struct shelf_block *b, struct mono until)
{
	counter_set(&b->vouched_ms, (uint64_t)until.ms);
}

bool shelf_is_used(const struct shelf_block *b, struct mono since)
{
	return (int64_t)counter_get(&b->looked_ms) >= since.ms;
}

/* Most are 0, and only looked at. */
static uint64_t take_all(counter *c)
{
	return counter_get(c) ? atomic_exchange_explicit(c, 0, memory_order_relaxed) : 0;
}

uint64_t shelf_collect(struct shelf_block *b, uint32_t number)
{
	return take_all(&b->taken[number]);
}

uint64_t shelf_asked(struct shelf_block *b, struct str key)
{
	uint64_t hash = hash64(key);
	size_t number = bucket_of(hash);
	const struct shelf_bucket *bucket = &b->buckets[number];
	size_t way = way_for(bucket, hash);

	return counter_get(&bucket->hashes[way]) == hash
		       ? take_all(&b->asked[number * SHELF_WAYS + way])
		       : 0;
}

/* ---- who takes ---- */

bool shelf_look(struct shelf_block *b, struct mono now)
{
	int64_t looked = (int64_t)counter_get(&b->looked_ms);

	/* It may be any number. */
	if (looked <= now.ms - LOOKED_STEP_MS || looked > now.ms)
		counter_set(&b->looked_ms, (uint64_t)now.ms);
	return now.ms < (int64_t)counter_get(&b->vouched_ms);
}

/* Has the ring not come round to it? What was reserved is on its way to be written. */
static bool is_whole(const struct shelf_block *b, uint64_t place)
{
	uint64_t reserved = counter_get(&b->reserved);

	return place < reserved && reserved - place <= SHELF_RING_BYTES;
}

/* Of any time that there may be, and to be reckoned with. */
static bool is_second(int64_t s)
{
	return s >= 0 && s < INT32_MAX * 1000LL;
}

/* Reads what is said to be at a place; false if it is not what is looked for. */
static bool read_record(const struct shelf_block *b, uint64_t place, uint64_t hash, struct str key,
			struct shelf_item *ret)
{
	size_t at = place % SHELF_RING_BYTES;
	size_t left = SHELF_RING_BYTES - at;
	struct record r;
	const char *p;

	if (place % ALIGN || !is_whole(b, place) || left < sizeof(r))
		return false;
	memcpy(&r, b->ring + at, sizeof(r));
	/* The compiler shall not read there again what was looked at here. */
	atomic_signal_fence(memory_order_acq_rel);
	if (r.place != place || r.hash != hash || r.key_n != key.n || !is_second(r.fetched_s) ||
	    !is_second(r.max_age_s) ||
	    size_of(r.key_n, r.head_n, r.body_n) > (left < LARGEST ? left : LARGEST))
		return false;
	p = b->ring + at + sizeof(r);
	*ret = (struct shelf_item){
		.key = { p, r.key_n },
		.epoch = r.epoch,
		.until = { r.until_ms },
		.fetched_s = r.fetched_s,
		.max_age_s = r.max_age_s,
		.number = r.number,
		.head = { p + r.key_n, r.head_n },
		.body = { p + r.key_n + r.head_n, r.body_n },
		.place = place,
	};
	return str_eq(ret->key, key);
}

static bool may_be_given(const struct shelf_block *b, const struct shelf_item *item,
			 struct wall now)
{
	return now.ms < item->until.ms && item->epoch == counter_get(&b->epoch) &&
	       item->number < SHELF_NUMBERS;
}

bool shelf_find(const struct shelf_block *b, struct str key, struct wall now,
		struct shelf_item *ret)
{
	uint64_t hash = hash64(key);
	const struct shelf_bucket *bucket = &b->buckets[bucket_of(hash)];

	for (size_t way = 0; way < SHELF_WAYS; way++) {
		uint64_t place = atomic_load_explicit(&bucket->places[way], memory_order_acquire);

		if (!place || counter_get(&bucket->hashes[way]) != hash ||
		    !read_record(b, place, hash, key, ret))
			continue;
		ret->way = bucket_of(hash) * SHELF_WAYS + way;
		return may_be_given(b, ret, now);
	}
	return false;
}

bool shelf_copy(const struct shelf_block *b, const struct shelf_item *item, char *to)
{
	/* They lie side by side. */
	memcpy(to, item->head.p, item->head.n + item->body.n);
	barrier();
	return is_whole(b, item->place);
}

void shelf_count(struct shelf_block *b, const struct shelf_item *item)
{
	counter_add(&b->taken[item->number], 1);
	counter_add(&b->asked[item->way], 1);
}
