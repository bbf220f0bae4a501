/*
 * A shelf on which anything may lie: an answer is put there, near the end of the ring, and then
 * numbers are written over it and over what leads to it. What is found is inside the ring and what
 * was asked for; and whatever lies there, what is put next is found.
 *
 *     KEY
 *     BLOCKS HEAD BODY      from the end of the ring, in 64 bytes; lengths
 *     r AT NUMBER           four bytes of what was put there, from its beginning
 *     p WAY NUMBER          a place that the key's bucket leads to
 *     h WAY NUMBER          the hash of such a key; 0: of this one
 *     v NUMBER              up to where places are reserved
 *     e NUMBER              the epoch
 *     l NUMBER              when somebody looked
 *     c                     another process begins
 */
#include "fuzz/fuzz.h"

#include "base/shelf.h"

#include <sys/mman.h>
#include <unistd.h>

#define NOW    1000
#define EPOCH  7
#define BLOCK  64
#define BLOCKS 200

/* All that is ever put lies in so many bytes at both ends of the ring. */
#define USED_BYTES ((BLOCKS + 1UL) * BLOCK)

/* A block, with nothing behind it that could be read. It is there for all inputs. */
static struct shelf_block *make_block(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (sizeof(struct shelf_block) + page - 1) / page * page;
	char *map = mmap(NULL, n + page, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	must(map != MAP_FAILED && mprotect(map + n, page, PROT_NONE) == 0, "there is memory");
	return (struct shelf_block *)(map + n - sizeof(struct shelf_block));
}

static struct shelf_bucket *bucket_of(struct shelf_block *b, struct str key)
{
	return &b->buckets[(hash64(key) >> 32) % SHELF_BUCKETS];
}

static void check(const struct shelf_block *b, struct str key, const struct shelf_item *item)
{
	const char *end = b->ring + SHELF_RING_BYTES;
	char *copy;

	must(item->key.p >= b->ring && item->key.p <= end &&
		     item->key.n <= (size_t)(end - item->key.p),
	     "the key is inside the ring");
	must(item->head.p >= b->ring && item->head.p <= end &&
		     item->head.n <= (size_t)(end - item->head.p),
	     "and the head");
	must(item->body.p >= b->ring && item->body.p <= end &&
		     item->body.n <= (size_t)(end - item->body.p),
	     "and the body");
	must(str_eq(item->key, key), "it is what was asked for");
	must(item->number < SHELF_NUMBERS, "it can be counted");
	must(item->until.ms > NOW && item->epoch == counter_get(&b->epoch), "it may be given");
	/* Exactly the size: one byte too far is then seen by the sanitizer. */
	copy = malloc(item->head.n + item->body.n + 1);
	must(copy != NULL, "there is memory");
	must(!shelf_copy(b, item, copy) ||
		     (item->place < counter_get(&b->reserved) &&
		      counter_get(&b->reserved) - item->place <= SHELF_RING_BYTES),
	     "what is whole is so by the ring");
	free(copy);
}

static bool is_found(const struct shelf_block *b, struct str key)
{
	struct shelf_item item;

	if (!shelf_find(b, key, (struct wall){ NOW }, &item))
		return false;
	check(b, key, &item);
	return true;
}

static void check_put(struct shelf_block *b, uint64_t *end, const struct shelf_item *item)
{
	must(shelf_put(b, end, item), "it can be put");
	must(is_found(b, item->key), "and is found");
}

/* Writes a number somewhere, as the line says. */
static void write_over(struct shelf_block *b, struct str key, uint64_t place, struct str line)
{
	struct shelf_bucket *bucket = bucket_of(b, key);
	struct str what = fuzz_word(&line);
	size_t at = SHELF_WAYS;
	uint64_t number;

	if (str_eq(what, STR("r")))
		at = (size_t)fuzz_number(&line, 0, BLOCK + SHELF_KEY_BYTES, 0);
	else if (str_eq(what, STR("p")) || str_eq(what, STR("h")))
		at = (size_t)fuzz_number(&line, 0, SHELF_WAYS - 1, 0);
	number = (uint64_t)fuzz_number(&line, INT64_MIN, INT64_MAX, 0);
	if (str_eq(what, STR("r"))) {
		const uint32_t four = (uint32_t)number;

		at += place % SHELF_RING_BYTES;
		if (at + sizeof(four) <= SHELF_RING_BYTES)
			memcpy(b->ring + at, &four, sizeof(four));
	} else if (str_eq(what, STR("p"))) {
		counter_set(&bucket->places[at], number);
	} else if (str_eq(what, STR("h"))) {
		counter_set(&bucket->hashes[at], number ? number : hash64(key));
	} else if (str_eq(what, STR("v"))) {
		counter_set(&b->reserved, number);
	} else if (str_eq(what, STR("e"))) {
		counter_set(&b->epoch, number);
	} else if (str_eq(what, STR("l"))) {
		counter_set(&b->looked_ms, number);
	}
}

/* All that an input can have changed. */
static void begin_anew(struct shelf_block *b, struct str key)
{
	*bucket_of(b, key) = (struct shelf_bucket){ .places = { 0 } };
	memset(b->ring, 0, USED_BYTES + BLOCK + SHELF_KEY_BYTES);
	memset(b->ring + SHELF_RING_BYTES - USED_BYTES, 0, USED_BYTES);
	shelf_init(b);
	counter_set(&b->epoch, EPOCH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct shelf_block *b;
	static const char bytes[BLOCKS * BLOCK / 4];
	const struct mono now = { NOW };
	struct str rest = fuzz_input(data, size);
	struct str key = fuzz_line(&rest);
	struct str line = fuzz_line(&rest);
	uint64_t blocks = (uint64_t)fuzz_number(&line, 1, BLOCKS, 10);
	uint64_t end = 2 * SHELF_RING_BYTES - blocks * BLOCK;
	struct shelf_item item = { .key = key, .epoch = EPOCH, .until = { NOW + 1 } };
	uint64_t place;

	if (!b)
		b = make_block();
	if (key.n > sizeof(bytes))
		return 0;
	item.head = (struct str){ bytes, (size_t)fuzz_number(&line, 0, sizeof(bytes), 10) };
	item.body = (struct str){ bytes, (size_t)fuzz_number(&line, 0, sizeof(bytes), 100) };
	begin_anew(b, key);
	must(!is_found(b, key), "nothing is found where nothing is");
	check_put(b, &end, &item);
	shelf_find(b, key, (struct wall){ NOW }, &item);
	place = item.place;
	while (rest.n) {
		line = fuzz_line(&rest);
		if (str_eq(line, STR("c"))) {
			end = shelf_clear(b);
			must(!is_found(b, key), "nothing is left of one of before");
			must(!shelf_look(b, now), "and nobody vouches for it");
		} else {
			write_over(b, key, place, line);
		}
		is_found(b, key);
	}
	shelf_look(b, now);
	/* It is written down no more often than that. */
	must(shelf_is_used(b, mono_after(now, -100)), "somebody looks now");
	counter_set(&b->epoch, EPOCH);
	item = (struct shelf_item){ .key = key, .epoch = EPOCH, .until = { NOW + 1 } };
	check_put(b, &end, &item);
	return 0;
}
