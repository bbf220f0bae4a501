#include "unit/test.h"

#include "base/hash.h"
#include "base/shelf.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EPOCH 7
#define UNTIL 1000000

/* What others start is over by then, whatever happens. */
#define TOO_LONG_S 60

/* A block, with nothing behind it that could be read; end: of what was put there. */
static struct shelf_block *b;
static uint64_t end;
static char *map;
static size_t map_n;

static int set_up(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (sizeof(*b) + page - 1) / page * page;

	(void)state;
	map_n = n + page;
	map = mmap(NULL, map_n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED || mprotect(map + n, page, PROT_NONE) != 0)
		return -1;
	b = (struct shelf_block *)(map + n - sizeof(*b));
	shelf_init(b);
	end = shelf_clear(b);
	counter_set(&b->epoch, EPOCH);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return munmap(map, map_n);
}

static struct shelf_item item_of(struct str key, struct str head, struct str body)
{
	return (struct shelf_item){ .key = key,
				    .epoch = EPOCH,
				    .until = { UNTIL },
				    .fetched_s = 11,
				    .max_age_s = 12,
				    .number = 13,
				    .head = head,
				    .body = body };
}

static bool put_item(struct str key, struct str head, struct str body)
{
	struct shelf_item item = item_of(key, head, body);

	return shelf_put(b, &end, &item);
}

static void put(const char *key, const char *body)
{
	assert_true(put_item(str_from(key), STR("A: 1\r\n"), str_from(body)));
}

static bool find_at(const char *key, int64_t ms, struct shelf_item *ret)
{
	return shelf_find(b, str_from(key), (struct wall){ ms }, ret);
}

static bool find(const char *key, struct shelf_item *ret)
{
	return find_at(key, UNTIL - 1, ret);
}

static bool is_found(const char *key)
{
	struct shelf_item item;

	return find(key, &item);
}

/* It is found, and its copy ends with that body. */
static void assert_body(const char *key, const char *body)
{
	struct shelf_item item;
	char copy[1000];

	assert_true(find(key, &item));
	assert_true(item.head.n + item.body.n <= sizeof(copy));
	assert_true(shelf_copy(b, &item, copy));
	assert_view(((struct str){ copy + item.head.n, item.body.n }), body);
}

/* ---- putting and finding ---- */

static void what_is_put_is_found(void **state)
{
	struct shelf_item item;
	char copy[100];

	(void)state;
	assert_false(is_found("/a"));
	put("/a", "one");
	assert_true(find("/a", &item));
	assert_view(item.key, "/a");
	assert_view(item.head, "A: 1\r\n");
	assert_view(item.body, "one");
	assert_int_equal(item.epoch, EPOCH);
	assert_int_equal(item.until.ms, UNTIL);
	assert_int_equal(item.fetched_s, 11);
	assert_int_equal(item.max_age_s, 12);
	assert_int_equal(item.number, 13);
	assert_true(shelf_copy(b, &item, copy));
	assert_memory_equal(copy, "A: 1\r\none", 9);
	assert_false(is_found("/b"));
	assert_false(is_found("/"));
	assert_false(is_found("/a/"));
	assert_false(is_found(""));
}

static void the_latest_is_found(void **state)
{
	struct shelf_item old;
	char copy[100];

	(void)state;
	put("/a", "one");
	put("/b", "other");
	assert_true(find("/a", &old));
	put("/a", "two");
	assert_body("/a", "two");
	assert_body("/b", "other");
	/* The old one is whole for who has found it. */
	assert_true(shelf_copy(b, &old, copy));
	assert_memory_equal(copy, "A: 1\r\none", 9);
}

static void what_is_empty_is_found_too(void **state)
{
	struct shelf_item item;

	(void)state;
	assert_true(put_item(STR("/a"), (struct str){ NULL, 0 }, (struct str){ NULL, 0 }));
	assert_true(find("/a", &item));
	assert_int_equal(item.head.n + item.body.n, 0);
}

static size_t bucket_of(const char *key)
{
	return (hash64(str_from(key)) >> 32) % SHELF_BUCKETS;
}

#define SAME 6
_Static_assert(SHELF_WAYS == 4, "the test below goes by that");

/* Keys that lie in the bucket of the first one. */
static void keys_of_a_bucket(char keys[SAME][32])
{
	size_t n = 0;

	for (int i = 0; n < SAME; i++) {
		snprintf(keys[n], sizeof(keys[n]), "/2.3.0/x/%d/", i);
		if (bucket_of(keys[n]) == bucket_of(keys[0]))
			n++;
	}
}

static void a_bucket_holds_the_latest(void **state)
{
	char keys[SAME][32];
	const struct shelf_bucket *bucket;

	(void)state;
	keys_of_a_bucket(keys);
	bucket = &b->buckets[bucket_of(keys[0])];
	for (size_t i = 0; i < SHELF_WAYS; i++)
		put(keys[i], keys[i]);
	for (size_t i = 0; i < SHELF_WAYS; i++) {
		assert_true(counter_get(&bucket->places[i]) != 0);
		assert_body(keys[i], keys[i]);
	}
	assert_false(is_found(keys[SHELF_WAYS]));
	/* What is put again takes its own way, a new one that of the oldest. */
	put(keys[2], "again");
	assert_body(keys[0], keys[0]);
	assert_body(keys[1], keys[1]);
	assert_body(keys[2], "again");
	assert_body(keys[3], keys[3]);
	put(keys[4], "new");
	assert_false(is_found(keys[0]));
	assert_body(keys[1], keys[1]);
	put(keys[5], "newer");
	assert_false(is_found(keys[1]));
	assert_body(keys[2], "again");
	assert_body(keys[3], keys[3]);
	assert_body(keys[4], "new");
	assert_body(keys[5], "newer");
}

/* ---- the ring ---- */

/* The next one is put at that place, or behind a whole lap of the ring more. */
static void go_on_at(uint64_t place)
{
	assert_true(place >= end);
	end = place;
}

static uint64_t place_of(const char *key)
{
	struct shelf_item item;

	assert_true(find(key, &item));
	return item.place;
}

static void it_is_there_until_the_ring_comes_round(void **state)
{
	struct shelf_item item;
	char copy[100];
	uint64_t size;

	(void)state;
	put("/", "not at the ring's beginning");
	put("/a", "one");
	assert_true(find("/a", &item));
	size = end - item.place;
	/* The last one that lies in front of it, a lap later. */
	go_on_at(item.place + SHELF_RING_BYTES - size);
	put("/b", "one");
	assert_int_equal(end, item.place + SHELF_RING_BYTES);
	assert_body("/a", "one");
	assert_true(shelf_copy(b, &item, copy));
	put("/c", "two");
	assert_false(is_found("/a"));
	assert_false(shelf_copy(b, &item, copy));
	assert_body("/b", "one");
	assert_body("/c", "two");
	/* The least of it that can be overwritten. */
	assert_true(find("/c", &item));
	go_on_at(item.place + SHELF_RING_BYTES + 64 - size);
	put("/d", "one");
	assert_int_equal(end, item.place + SHELF_RING_BYTES + 64);
	assert_false(is_found("/c"));
	assert_false(shelf_copy(b, &item, copy));
	/* Nor is it there when the ring went by without overwriting it. */
	assert_true(find("/d", &item));
	go_on_at(item.place + SHELF_RING_BYTES + size);
	put("/e", "three");
	assert_false(is_found("/d"));
	assert_false(shelf_copy(b, &item, copy));
}

static void what_is_put_again_is_found_in_a_later_lap(void **state)
{
	(void)state;
	for (int lap = 1; lap < 100; lap++) {
		char body[32];

		snprintf(body, sizeof(body), "lap %d", lap);
		put("/a", body);
		assert_body("/a", body);
		go_on_at(end + SHELF_RING_BYTES + 64);
		put("/b", body);
		assert_false(is_found("/a"));
	}
}

static bool lies_in_the_ring(const struct shelf_item *item)
{
	const char *first = item->key.p;
	const char *last = item->body.p + item->body.n;

	return first >= b->ring && last >= first && last <= b->ring + SHELF_RING_BYTES;
}

/* At the end of the ring there is room for an item, or nothing is put there. */
static void an_item_is_in_one_piece(void **state)
{
	uint64_t lap = 10 * SHELF_RING_BYTES;
	struct shelf_item item;
	uint64_t size;

	(void)state;
	put("/a", "one");
	size = end - place_of("/a");
	for (uint64_t left = 64; left <= 2 * size; left += 64) {
		go_on_at(lap - left);
		put("/b", "some bytes");
		assert_body("/b", "some bytes");
		assert_true(find("/b", &item));
		assert_true(lies_in_the_ring(&item));
		assert_int_equal(item.place, left < size ? lap : lap - left);
		assert_int_equal(end, item.place + size);
		lap += SHELF_RING_BYTES;
	}
}

static char large[SHELF_RING_BYTES / SHELF_SHARE + 1];

static void what_is_too_large_is_refused(void **state)
{
	struct str body = { large, 0 };
	struct shelf_item item;
	uint64_t before;
	size_t around;

	(void)state;
	put("/a", "one");
	before = end;
	body.n = SHELF_RING_BYTES / SHELF_SHARE;
	assert_false(put_item(STR("/a"), STR(""), body));
	assert_false(put_item((struct str){ large, SHELF_KEY_BYTES + 1 }, STR(""), STR("")));
	assert_false(put_item(STR("/b"), (struct str){ large, sizeof(large) }, STR("")));
	assert_int_equal(end, before);
	assert_body("/a", "one");
	assert_false(is_found("/b"));
	/* Whatever lies around takes a few bytes. */
	for (around = 3; around < 1000 && !put_item(STR("/b"), STR(""), body); around++)
		body.n--;
	assert_in_range(around, 4, 200);
	assert_true(find("/b", &item));
	assert_int_equal(item.body.n, body.n);
	assert_true(put_item((struct str){ large, SHELF_KEY_BYTES }, STR(""), STR("x")));
	assert_true(
		shelf_find(b, (struct str){ large, SHELF_KEY_BYTES }, (struct wall){ 0 }, &item));
	assert_view(item.body, "x");
}

/* ---- what may be given ---- */

static void it_is_given_in_its_epoch(void **state)
{
	(void)state;
	put("/a", "one");
	assert_true(is_found("/a"));
	counter_set(&b->epoch, EPOCH + 1);
	assert_false(is_found("/a"));
	put("/a", "of before");
	assert_false(is_found("/a"));
	counter_set(&b->epoch, EPOCH);
	assert_body("/a", "of before");
}

static void it_is_given_until_then(void **state)
{
	struct shelf_item item;

	(void)state;
	put("/a", "one");
	assert_true(find_at("/a", 0, &item));
	assert_true(find_at("/a", UNTIL - 1, &item));
	assert_false(find_at("/a", UNTIL, &item));
	assert_false(find_at("/a", INT64_MAX, &item));
}

static void nobody_may_count_it_elsewhere(void **state)
{
	struct shelf_item item = item_of(STR("/a"), STR(""), STR(""));

	(void)state;
	item.number = SHELF_NUMBERS - 1;
	assert_true(shelf_put(b, &end, &item));
	assert_true(is_found("/a"));
	item.number = SHELF_NUMBERS;
	assert_true(shelf_put(b, &end, &item));
	assert_false(is_found("/a"));
}

static bool look(int64_t ms)
{
	return shelf_look(b, (struct mono){ ms });
}

static bool is_used_since(int64_t ms)
{
	return shelf_is_used(b, (struct mono){ ms });
}

static void somebody_vouches_for_it(void **state)
{
	(void)state;
	assert_false(look(1));
	shelf_vouch(b, (struct mono){ 1000 });
	assert_true(look(2));
	assert_true(look(999));
	assert_false(look(1000));
	shelf_vouch(b, (struct mono){ 1001 });
	assert_true(look(1000));
	shelf_vouch(b, (struct mono){ 0 });
	assert_false(look(1000));
	/* Nobody ever does so of a moment before the clock began. */
	counter_set(&b->vouched_ms, UINT64_MAX);
	assert_false(look(1000));
}

static void who_puts_knows_whether_somebody_looks(void **state)
{
	(void)state;
	assert_false(is_used_since(1));
	look(5000);
	assert_true(is_used_since(5000));
	assert_false(is_used_since(5001));
	/* It is written down now and then only. */
	look(5099);
	assert_false(is_used_since(5001));
	look(5100);
	assert_true(is_used_since(5100));
	/* Vouched for or not. */
	shelf_vouch(b, (struct mono){ 6000 });
	look(5200);
	assert_true(is_used_since(5200));
}

/* The clock began anew, or somebody else has written there. */
static void whatever_stands_there_somebody_looks_now(void **state)
{
	static const int64_t numbers[] = { INT64_MIN, INT64_MIN + 1, -1,       0, 4900,
					   5001,      INT64_MAX - 1, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		counter_set(&b->looked_ms, (uint64_t)numbers[i]);
		look(5000);
		assert_true(is_used_since(5000));
		assert_false(is_used_since(5001));
	}
}

/* ---- processes ---- */

/* Runs what(i) in a process of its own. */
static pid_t start(int (*what)(int i), int i)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(TOO_LONG_S);
		_exit(what(i));
	}
	return pid;
}

/* Its exit status, or that of a signal below 0. */
static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void numbers_are_counted_apart(void **state)
{
	(void)state;
	assert_int_equal(shelf_collect(b, 5), 0);
	shelf_count(b, &(struct shelf_item){ .number = 5 });
	shelf_count(b, &(struct shelf_item){ .number = 5 });
	shelf_count(b, &(struct shelf_item){ .number = SHELF_NUMBERS - 1 });
	assert_int_equal(shelf_collect(b, 4), 0);
	assert_int_equal(shelf_collect(b, 5), 2);
	assert_int_equal(shelf_collect(b, 5), 0);
	assert_int_equal(shelf_collect(b, SHELF_NUMBERS - 1), 1);
}

static void take(const char *key, int times)
{
	struct shelf_item item;

	assert_true(find(key, &item));
	for (int i = 0; i < times; i++)
		shelf_count(b, &item);
}

static void keys_are_counted_apart(void **state)
{
	char keys[SAME][32];

	(void)state;
	keys_of_a_bucket(keys);
	assert_int_equal(shelf_asked(b, STR("/a")), 0);
	for (size_t i = 0; i < SHELF_WAYS; i++)
		put(keys[i], "");
	for (size_t i = 0; i < SHELF_WAYS; i++)
		take(keys[i], 1 + (int)i);
	assert_int_equal(shelf_asked(b, str_from(keys[1])), 2);
	assert_int_equal(shelf_asked(b, str_from(keys[1])), 0);
	assert_int_equal(shelf_collect(b, 13), 1 + 2 + 3 + 4);
	/* What is put again goes on, who takes another one's way does not. */
	put(keys[2], "again");
	take(keys[2], 1);
	assert_int_equal(shelf_asked(b, str_from(keys[2])), 3 + 1);
	put(keys[4], "new");
	assert_int_equal(shelf_asked(b, str_from(keys[0])), 0);
	assert_int_equal(shelf_asked(b, str_from(keys[4])), 0);
	assert_int_equal(shelf_asked(b, str_from(keys[3])), 4);
}

#define TAKERS	3
#define TAKINGS 100000

static int take_many(int i)
{
	for (int k = 0; k < TAKINGS; k++)
		shelf_count(b, &(struct shelf_item){ .number = k % 10 ? 5 : 6 + (uint32_t)i });
	return 0;
}

/* Nothing is lost and nothing counted twice while one collects. */
static void all_that_is_taken_is_counted_once(void **state)
{
	pid_t takers[TAKERS];
	uint64_t apart[TAKERS] = { 0 };
	uint64_t together = 0;
	size_t over = 0;

	(void)state;
	for (int i = 0; i < TAKERS; i++)
		takers[i] = start(take_many, i);
	while (over < TAKERS) {
		int status;

		over += waitpid(takers[over], &status, WNOHANG) == takers[over];
		together += shelf_collect(b, 5);
		for (uint32_t i = 0; i < TAKERS; i++)
			apart[i] += shelf_collect(b, 6 + i);
	}
	assert_int_equal(together, TAKERS * (TAKINGS - TAKINGS / 10));
	for (size_t i = 0; i < TAKERS; i++)
		assert_int_equal(apart[i], TAKINGS / 10);
}

/* It has put and counted something, and is no more. */
static int be_one_of_before(int i)
{
	(void)i;
	shelf_vouch(b, (struct mono){ 1000 });
	shelf_count(b, &(struct shelf_item){ .number = 5 });
	return put_item(STR("/a"), STR(""), STR("of before")) ? 0 : 1;
}

static void what_one_of_before_has_put_is_taken_down(void **state)
{
	struct shelf_item item;
	char copy[100];

	(void)state;
	assert_int_equal(end_of(start(be_one_of_before, 0)), 0);
	assert_body("/a", "of before");
	assert_true(find("/a", &item));
	assert_true(look(999));
	end = shelf_clear(b);
	assert_false(look(999));
	assert_false(is_found("/a"));
	assert_false(shelf_copy(b, &item, copy));
	/* Not before anything is put, nor after that. */
	put("/b", "new");
	assert_false(shelf_copy(b, &item, copy));
	assert_false(is_found("/a"));
	assert_body("/b", "new");
	put("/a", "newer");
	assert_body("/a", "newer");
	/* But what was taken was taken, and the number goes on from where it is. */
	assert_int_equal(shelf_collect(b, 5), 1);
	assert_int_equal(counter_get(&b->epoch), EPOCH);
}

/* Whatever it has left there. */
static void it_can_be_used_after_anybody(void **state)
{
	static const uint64_t left[] = { 0,
					 1,
					 63,
					 SHELF_RING_BYTES - 1,
					 SHELF_RING_BYTES,
					 INT64_MAX,
					 UINT64_MAX - 2 * SHELF_RING_BYTES - 64,
					 UINT64_MAX - 2 * SHELF_RING_BYTES,
					 UINT64_MAX - SHELF_RING_BYTES,
					 UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(left); i++) {
		put("/a", "old");
		counter_set(&b->reserved, left[i]);
		end = shelf_clear(b);
		assert_false(is_found("/a"));
		put("/b", "new");
		assert_body("/b", "new");
		assert_false(is_found("/a"));
	}
}

static void it_is_known_by_its_beginning(void **state)
{
	(void)state;
	assert_true(shelf_is_valid(b));
	put("/a", "one");
	assert_true(shelf_is_valid(b));
	b->magic[14]++;
	assert_false(shelf_is_valid(b));
	memset(b->magic, 0, sizeof(b->magic));
	assert_false(shelf_is_valid(b));
}

/* ---- one puts while others take ---- */

/* The ring is used up to here, and then comes the next lap: as if it were that small. */
#define LAP_BYTES (2UL * 1024 * 1024)

#define PUT_KEYS  64
#define BODY_MAX  100000
#define READERS	  2
#define WANTED	  3000 /* by each reader */
#define HEAD_SIZE sizeof("key 00 turn 0000000000 bytes 000000\r\n")

static atomic_bool *all_over;

static char byte_of(int key, uint64_t turn)
{
	return (char)(key * 37 + (int)(turn % 251));
}

static struct str key_of(char text[16], int key)
{
	return (struct str){ text, (size_t)snprintf(text, 16, "/key/%02d/", key) };
}

static int keep_putting(int i)
{
	static char body[BODY_MAX];
	uint64_t random = (uint64_t)i;

	for (uint64_t turn = 0; !atomic_load(all_over); turn++) {
		int key = (int)(next_random(&random) % PUT_KEYS);
		size_t n = next_random(&random) % BODY_MAX;
		char head[HEAD_SIZE];
		char text[16];

		snprintf(head, sizeof(head), "key %02d turn %010llu bytes %06zu\r\n", key,
			 (unsigned long long)turn, n);
		memset(body, byte_of(key, turn), n);
		if (end % SHELF_RING_BYTES + n > LAP_BYTES)
			end = (end / SHELF_RING_BYTES + 1) * SHELF_RING_BYTES;
		if (turn % 10000 == 9999)
			end = shelf_clear(b);
		if (!put_item(key_of(text, key), str_from(head), (struct str){ body, n }))
			return 1;
	}
	return 0;
}

/* Is a copy what was put there, to the last byte? */
static bool is_right(const char *copy, const struct shelf_item *item, int key)
{
	unsigned long long turn;
	char head[HEAD_SIZE] = "";
	int said_key;
	size_t n;

	if (item->head.n != sizeof(head) - 1)
		return false;
	memcpy(head, copy, item->head.n);
	copy += item->head.n;
	if (sscanf(head, "key %d turn %llu bytes %zu", &said_key, &turn, &n) != 3)
		return false;
	return said_key == key && n == item->body.n &&
	       (!n || (copy[0] == byte_of(key, turn) && memcmp(copy, copy + 1, n - 1) == 0));
}

/* Until it has often had a whole one, and often one that was overwritten in its hands. */
static int keep_taking(int i)
{
	static char copy[LAP_BYTES];
	uint64_t random = (uint64_t)i;
	int overwritten = 0;
	int whole = 0;

	while (whole < WANTED || overwritten < WANTED / 100) {
		int key = (int)(next_random(&random) % PUT_KEYS);
		struct shelf_item item;
		char text[16];

		if (!shelf_find(b, key_of(text, key), (struct wall){ 0 }, &item))
			continue;
		if (!lies_in_the_ring(&item) || item.head.n + item.body.n > sizeof(copy))
			return 2;
		if (!shelf_copy(b, &item, copy))
			overwritten++;
		else if (is_right(copy, &item, key))
			whole++;
		else
			return 3;
	}
	return 0;
}

static void what_is_said_to_be_whole_is_whole(void **state)
{
	pid_t readers[READERS];
	int ends[READERS];
	pid_t writer;

	(void)state;
	all_over = mmap(NULL, sizeof(*all_over), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_ptr_not_equal(all_over, MAP_FAILED);
	writer = start(keep_putting, 0);
	for (int i = 0; i < READERS; i++)
		readers[i] = start(keep_taking, i);
	for (int i = 0; i < READERS; i++)
		ends[i] = end_of(readers[i]);
	atomic_store(all_over, true);
	assert_int_equal(end_of(writer), 0);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(ends[i], 0);
	munmap(all_over, sizeof(*all_over));
}

/* ---- what lies there is not trusted ---- */

/* A number that could be a length, a place or anything. */
static uint64_t bad_number(uint64_t *random)
{
	uint64_t near = next_random(random) % 256;

	switch (next_random(random) % 8) {
	case 0:
		return near;
	case 1:
		return UINT32_MAX - near;
	case 2:
		return UINT64_MAX - near;
	case 3:
		return SHELF_RING_BYTES + 128 - near;
	case 4:
		return (uint64_t)INT32_MAX + 128 - near;
	case 5:
		return near * 64;
	case 6:
		return SHELF_RING_BYTES - near * 64;
	default:
		return (uint64_t)next_random(random) << 32 | next_random(random);
	}
}

/* Whatever was found must be all right to use. */
static void use(const struct shelf_item *item, struct str key)
{
	char *copy;

	assert_true(lies_in_the_ring(item));
	assert_true(item->number < SHELF_NUMBERS);
	assert_int_equal(item->key.n, key.n);
	/* Exactly the size: one byte too far is then seen by the sanitizer. */
	copy = malloc(item->head.n + item->body.n);
	assert_non_null(copy);
	shelf_copy(b, item, copy);
	free(copy);
	shelf_count(b, &(struct shelf_item){ .number = item->number });
	shelf_collect(b, item->number);
}

/* As it was put, near the end of the ring, but for some bytes of what stands in front of it, and of
 * what leads to it. */
static void anything_may_lie_there(void **state)
{
	struct str key = STR("/2.3.0/launches/");
	struct shelf_bucket *bucket = &b->buckets[bucket_of(key.p)];
	uint64_t lap = 10 * SHELF_RING_BYTES;
	uint64_t random = 1;
	int refused = 0;
	int found = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct shelf_item item;
		struct str body = { large, next_random(&random) % 300 };
		uint64_t bad = bad_number(&random);
		size_t n = round % 2 ? 4 : 8;
		char *front;

		end = lap - 64 * (7 + next_random(&random) % 6);
		assert_true(put_item(key, STR("A: 1\r\n"), body));
		assert_true(shelf_find(b, key, (struct wall){ 0 }, &item));
		front = b->ring + item.place % SHELF_RING_BYTES;
		assert_true(item.key.p - front >= 48);
		memcpy(front + n * (next_random(&random) % ((size_t)(item.key.p - front) / n)),
		       &bad, n);
		if (round % 4 == 0)
			counter_set(&bucket->places[next_random(&random) % SHELF_WAYS],
				    bad_number(&random));
		if (round % 16 == 0)
			counter_set(&b->reserved, bad_number(&random));
		if (shelf_find(b, key, (struct wall){ 0 }, &item)) {
			use(&item, key);
			found++;
		} else {
			refused++;
		}
	}
	assert_true(found > 10000);
	assert_true(refused > 10000);
}

static void random_bytes_may_lie_there(void **state)
{
	uint64_t random = 1;

	(void)state;
	/* All of it but the ring, and parts of that. */
	for (uint64_t *at = (uint64_t *)b; (char *)at < b->ring + 100000; at++)
		*at = bad_number(&random);
	for (int i = 0; i < 100000; i++) {
		struct shelf_item item;
		char text[32];

		snprintf(text, sizeof(text), "/%d", i);
		if (find(text, &item))
			use(&item, str_from(text));
		if (i % 1000 == 0)
			look(i);
	}
	/* And it can still be put into use. */
	end = shelf_clear(b);
	counter_set(&b->epoch, EPOCH);
	for (uint32_t i = 0; i < SHELF_NUMBERS; i++)
		shelf_collect(b, i);
	put("/a", "one");
	assert_body("/a", "one");
	assert_int_equal(shelf_collect(b, 13), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_found),
		TEST(the_latest_is_found),
		TEST(what_is_empty_is_found_too),
		TEST(a_bucket_holds_the_latest),
		TEST(it_is_there_until_the_ring_comes_round),
		TEST(what_is_put_again_is_found_in_a_later_lap),
		TEST(an_item_is_in_one_piece),
		TEST(what_is_too_large_is_refused),
		TEST(it_is_given_in_its_epoch),
		TEST(it_is_given_until_then),
		TEST(nobody_may_count_it_elsewhere),
		TEST(somebody_vouches_for_it),
		TEST(who_puts_knows_whether_somebody_looks),
		TEST(whatever_stands_there_somebody_looks_now),
		TEST(numbers_are_counted_apart),
		TEST(keys_are_counted_apart),
		TEST(all_that_is_taken_is_counted_once),
		TEST(what_one_of_before_has_put_is_taken_down),
		TEST(it_can_be_used_after_anybody),
		TEST(it_is_known_by_its_beginning),
		TEST(what_is_said_to_be_whole_is_whole),
		TEST(anything_may_lie_there),
		TEST(random_bytes_may_lie_there),
	};

	return cmocka_run_group_tests_name("shelf", tests, NULL, NULL);
}
