#include "unit/service.h"

#include "app/metrics_put.h"
#include "app/shelve.h"
#include "base/shelf.h"
#include "http/shelf_key.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST	"/2.3.0/spacecraft/"
#define SERIES	"perigee_requests_total{endpoint=\"/2.3.0/spacecraft/\",result=\"hit\"} "
#define HOUR_MS (3600 * 1000LL)

/* ---- a full disk ---- */

static bool disk_is_full;

/* In the place of the C library's. */
int posix_fallocate(int fd, off_t offset, off_t length)
{
	int (*real)(int, off_t, off_t) =
		(int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");

	return disk_is_full ? ENOSPC : real(fd, offset, length);
}

/* ---- a worker with a shelf, and who takes from it ---- */

struct host {
	struct service *service;
	char folder[64];
	char path[100];
	struct shelf_block *block; /* as nginx has it mapped */
	struct buf head;	   /* of what was taken, with numbers in place of its marks */
	struct buf body;
};

static struct shelf_block *map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct shelf_block *block;
	struct stat found;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(found.st_size, sizeof(*block));
	block = mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(block, MAP_FAILED);
	close(fd);
	assert_true(shelf_is_valid(block));
	return block;
}

static struct shelve *open_shelf(const struct host *h)
{
	struct service *s = h->service;
	struct shelve *shelve = shelve_new(h->path, s->gw.memory, s->gw.metrics);

	assert_non_null(shelve);
	return shelve;
}

static void open_worker(struct host *h)
{
	h->service->gw.memory = memory_new(1 << 20);
	assert_non_null(h->service->gw.memory);
	h->service->gw.shelve = open_shelf(h);
}

/* What the memory shows stands in the file. */
static void close_worker(struct host *h)
{
	memory_free(h->service->gw.memory);
	h->service->gw.memory = NULL;
	shelve_free(h->service->gw.shelve);
	h->service->gw.shelve = NULL;
}

static int set_up(void **state)
{
	struct host *h = calloc(1, sizeof(*h));
	void *service;

	assert_non_null(h);
	service_set_up(&service);
	h->service = service;
	snprintf(h->folder, sizeof(h->folder), "/tmp/perigee-unit-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->path, sizeof(h->path), "%s/shelf", h->folder);
	memory_free(h->service->gw.memory);
	open_worker(h);
	h->block = map_file(h->path);
	h->head = buf_init(1 << 16);
	h->body = buf_init(1 << 20);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct host *h = *state;
	void *service = h->service;

	disk_is_full = false;
	rig_stop(h->service->rig);
	close_worker(h);
	service_tear_down(&service);
	munmap(h->block, sizeof(*h->block));
	buf_release(&h->head);
	buf_release(&h->body);
	unlink(h->path);
	assert_int_equal(rmdir(h->folder), 0);
	free(h);
	return 0;
}

static struct mono now_mono(const struct host *h)
{
	const struct clock *clock = &h->service->rig->clock.clock;

	return clock->mono(clock);
}

static struct wall now_wall(const struct host *h)
{
	const struct clock *clock = &h->service->rig->clock.clock;

	return clock->wall(clock);
}

/* nginx wants to take something. True: it may. */
static bool look(struct host *h)
{
	return shelf_look(h->block, now_mono(h));
}

static bool find(struct host *h, const struct request *r, struct shelf_item *ret)
{
	char text[SHELF_KEY_BYTES];
	struct str key = shelf_key(text, r->target, r->host, r->forwarded_host, r->accept_encoding);

	return shelf_find(h->block, key, now_wall(h), ret);
}

static bool is_there(struct host *h, const char *target)
{
	struct request request = get(target);
	struct shelf_item item;

	return find(h, &request, &item);
}

/* As nginx fills a head in. */
static void fill_in(struct host *h, struct str head, const struct shelf_item *item)
{
	int64_t age_s = now_wall(h).ms / 1000 - item->fetched_s;
	int64_t ttl_s = item->max_age_s - age_s;

	buf_clear(&h->head);
	for (size_t i = 0; i < head.n; i++)
		switch (head.p[i]) {
		case SHELF_AGE:
			buf_putf(&h->head, "%lld", (long long)age_s);
			break;
		case SHELF_TTL:
			buf_putf(&h->head, "%lld", (long long)ttl_s);
			break;
		case SHELF_TTL_LESS:
			buf_putf(&h->head, "%lld", (long long)(ttl_s - 1));
			break;
		default:
			buf_put_char(&h->head, head.p[i]);
		}
}

/* What nginx gives to who asks so goes to h->head and h->body, and is counted. */
static bool take_request(struct host *h, const struct request *r)
{
	struct shelf_item item;
	char *copy;

	if (!look(h) || !find(h, r, &item))
		return false;
	copy = malloc(item.head.n + item.body.n);
	assert_non_null(copy);
	assert_true(shelf_copy(h->block, &item, copy));
	fill_in(h, (struct str){ copy, item.head.n }, &item);
	buf_clear(&h->body);
	buf_put(&h->body, (struct str){ copy + item.head.n, item.body.n });
	free(copy);
	shelf_count(h->block, &item);
	return true;
}

static bool take(struct host *h, const char *target)
{
	struct request request = get(target);

	return take_request(h, &request);
}

/* The worker can answer it at once from here on. (What comes once is not kept for that.) */
static void warm_up_request(struct host *h, struct request request)
{
	h->service->at_once = false;
	for (int i = 0; i < 4 && !h->service->at_once; i++)
		assert_int_equal(ask_request(h->service, request), 200);
	assert_true(h->service->at_once);
}

static void warm_up(struct host *h, const char *target)
{
	warm_up_request(h, get(target));
}

/* The worker answers at once while nginx looks. */
static void offer_request(struct host *h, struct request request)
{
	look(h);
	assert_int_equal(ask_request(h->service, request), 200);
	assert_true(h->service->at_once);
}

static void offer(struct host *h, const char *target)
{
	offer_request(h, get(target));
}

/* How many hits of LIST's metrics tell of: as a worker or nginx has answered. */
static int64_t counted_by(struct metrics *m)
{
	const struct metrics_asked nothing = {
		.redis_keys = -1, .redis_bytes = -1, .redis_bytes_max = -1, .redis_evicted = -1
	};
	struct buf page = buf_init(1 << 20);
	int64_t n = 0;
	char *at;

	metrics_put(m, &nothing, &page);
	buf_put_char(&page, '\0');
	assert_false(page.failed);
	at = strstr(page.p, SERIES);
	if (at)
		n = strtoll(at + strlen(SERIES), NULL, 10);
	buf_release(&page);
	return n;
}

static int64_t counted(struct host *h)
{
	return counted_by(h->service->gw.metrics);
}

static void go_round(struct host *h)
{
	shelve_round(h->service->gw.shelve, now_mono(h));
}

/* ---- what is put ---- */

static void nothing_is_put_where_nobody_looks(void **state)
{
	struct host *h = *state;
	struct stat found;
	bool kept = false;

	go_round(h);
	assert_false(shelve_is_used(h->service->gw.shelve, now_mono(h)));
	warm_up(h, LIST);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(ask(h->service, LIST), 200);
		kept |= str_starts(header(h->service, "X-Accel-Expires"), STR("@"));
	}
	assert_false(is_there(h, LIST));
	/* nginx is told to keep it by itself, and no room is taken. */
	assert_true(kept);
	assert_int_equal(stat(h->path, &found), 0);
	assert_true((size_t)found.st_blocks * 512 < SHELF_RING_BYTES / 2);
}

static void what_is_answered_at_once_is_put(void **state)
{
	struct host *h = *state;
	struct stat found;

	go_round(h);
	look(h);
	assert_true(shelve_is_used(h->service->gw.shelve, now_mono(h)));
	/* Not what has to be composed, or looked at. */
	for (h->service->at_once = false; !h->service->at_once;) {
		assert_false(is_there(h, LIST));
		assert_int_equal(ask(h->service, LIST), 200);
	}
	assert_true(is_there(h, LIST));
	for (int i = 0; i < 10; i++) {
		offer(h, LIST);
		assert_true(is_there(h, LIST));
		/* nginx need not keep it, too. */
		assert_header(h->service, "X-Accel-Expires", "0");
		assert_header(h->service, "X-Perigee-Count", NULL);
	}
	assert_true(take(h, LIST));
	assert_true(str_eq(buf_str(&h->body), body_of(h->service)));
	assert_int_equal(stat(h->path, &found), 0);
	assert_true((size_t)found.st_blocks * 512 >= SHELF_RING_BYTES);
	assert_int_equal(found.st_mode & 0777, 0660);
}

/* When nginx has not looked for a while it has lost its module. */
static void it_is_put_for_who_looked_lately(void **state)
{
	struct host *h = *state;

	warm_up(h, LIST);
	look(h);
	rig_advance(h->service->rig, 2001);
	assert_false(shelve_is_used(h->service->gw.shelve, now_mono(h)));
	ask(h->service, LIST);
	assert_true(h->service->at_once);
	assert_false(is_there(h, LIST));
	look(h);
	rig_advance(h->service->rig, 2000);
	assert_true(shelve_is_used(h->service->gw.shelve, now_mono(h)));
	ask(h->service, LIST);
	assert_true(is_there(h, LIST));
}

/* Answers that are for who asked, or of which there may be better ones. */
static void what_is_not_for_all_is_not_put(void **state)
{
	struct host *h = *state;
	struct request request = get(LIST);
	char etag[64];

	warm_up(h, LIST);
	look(h);
	snprintf(etag, sizeof(etag), "%.*s", STR_ARG(header(h->service, "ETag")));
	request.if_none_match = str_from(etag);
	assert_int_equal(ask_request(h->service, request), 304);
	assert_true(h->service->at_once);
	assert_false(is_there(h, LIST));
	request.if_none_match = STR("\"another\"");
	assert_int_equal(ask_request(h->service, request), 200);
	assert_false(is_there(h, LIST));
	request = get(LIST);
	request.if_match = str_from(etag);
	assert_int_equal(ask_request(h->service, request), 200);
	assert_false(is_there(h, LIST));
	request = get(LIST);
	request.method = STR("HEAD");
	assert_int_equal(ask_request(h->service, request), 200);
	assert_false(is_there(h, LIST));
	/* A stale one, and what is no answer of an API's. */
	rig_advance(h->service->rig, 6 * HOUR_MS);
	h->service->rig->list.failures = 100;
	look(h);
	for (int i = 0; i < 3; i++) {
		ask(h->service, LIST);
		assert_result(h->service, RESULT_STALE);
		ask(h->service, LIST "?nonsense=1");
		ask(h->service, "/healthz");
	}
	assert_false(is_there(h, LIST));
	assert_false(is_there(h, LIST "?nonsense=1"));
	assert_false(is_there(h, "/healthz"));
}

/* No key: a worker answers it, every time. */
static void what_is_asked_for_at_too_great_length_is_not_put(void **state)
{
	static char host[SHELF_KEY_BYTES];
	struct host *h = *state;
	struct request request = get(LIST);

	warm_up(h, LIST);
	memset(host, 'x', sizeof(host));
	request.host = STR("x");
	request.forwarded_host = (struct str){ host, sizeof(host) };
	look(h);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_request(h->service, request), 200);
	assert_true(h->service->at_once);
	for (size_t i = 0; i < SHELF_BUCKETS; i++)
		for (size_t way = 0; way < SHELF_WAYS; way++)
			assert_int_equal(counter_get(&h->block->buckets[i].places[way]), 0);
}

static void who_remembers_nothing_puts_nothing(void **state)
{
	struct host *h = *state;

	close_worker(h);
	h->service->gw.memory = memory_new(0);
	assert_non_null(h->service->gw.memory);
	h->service->gw.shelve = open_shelf(h);
	for (int i = 0; i < 5; i++) {
		look(h);
		assert_int_equal(ask(h->service, LIST), 200);
	}
	assert_false(is_there(h, LIST));
}

/* ---- its head ---- */

static bool is_for_nginx(struct str name)
{
	static const char *const names[] = { "Status", "X-Accel-Expires", "X-Perigee-Expires",
					     "X-Perigee-Count" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(name, str_from(names[i])))
			return true;
	return false;
}

/* Each line of `some` that is for clients stands in `all`, too. Returns how many there are. */
static size_t assert_lines(struct str some, struct str all)
{
	size_t n = 0;

	while (some.n) {
		char wanted[1000];
		struct str line = str_trim(str_cut(&some, '\n'));
		struct str name = line;

		name = str_cut(&name, ':');
		if (!name.n || is_for_nginx(name))
			continue;
		snprintf(wanted, sizeof(wanted), "%.*s\r\n", STR_ARG(line));
		assert_holds(all, wanted);
		n++;
	}
	return n;
}

static struct str line_of(struct str head, const char *name)
{
	while (head.n) {
		struct str value = str_cut(&head, '\n');

		if (str_eq(str_cut(&value, ':'), str_from(name)))
			return str_trim(value);
	}
	return (struct str){ NULL, 0 };
}

/* What nginx gives in this moment is what the worker answers with. */
static void assert_same(struct host *h, const struct request *request)
{
	struct service *s = h->service;
	struct str head;
	size_t n;

	assert_int_equal(ask_request(s, *request), 200);
	assert_true(s->at_once);
	go_round(h);
	assert_true(take_request(h, request));
	head = buf_str(&h->head);
	n = assert_lines(head_of(s), head);
	assert_int_equal(n, assert_lines(head, head_of(s)));
	assert_true(n >= 10);
	/* What our nginx makes of the worker's is told to an nginx further outside. */
	assert_true(str_eq(line_of(head, "X-Accel-Expires"), header(s, "X-Perigee-Expires")));
	assert_true(str_ends(head, STR("\r\n\r\n")));
	assert_true(str_eq(buf_str(&h->body), body_of(s)));
}

static void it_reads_like_the_worker_s_own(void **state)
{
	struct host *h = *state;
	struct service *s = h->service;
	struct request request = get(LIST "?offset=100");

	warm_up(h, LIST "?offset=100");
	for (int coded = 0; coded < 2; coded++) {
		request.accept_encoding = coded ? STR("gzip") : STR("");
		for (int mode = 0; mode < 2; mode++) {
			atomic_store(&s->rig->mode.mode, mode ? MODE_AVOID : MODE_NORMAL);
			/* What was put with the other mode is not given any more. */
			rig_advance(s->rig, SHELVE_MS);
			warm_up_request(h, request);
			offer_request(h, request);
			assert_same(h, &request);
			assert_holds(buf_str(&h->head), "\r\nLink: <https://api.example.org/");
			assert_int_equal(header(s, "Content-Encoding").n, coded ? 4 : 0);
			/* Later the seconds are others. */
			rig_advance(s->rig, 1999);
			assert_same(h, &request);
		}
	}
	assert_holds(buf_str(&h->head), "; detail=origin-avoid\r\n");
}

/* Whatever the time of day is, and however much of the freshness is left. */
static void at_any_age_too(void **state)
{
	static const int64_t steps_ms[] = {
		0, 1, 499, 500, 999, 1000, 59001, HOUR_MS, 4 * HOUR_MS
	};
	struct host *h = *state;
	struct request request = get(LIST);

	warm_up(h, LIST);
	for (size_t i = 0; i < COUNT(steps_ms); i++) {
		rig_advance(h->service->rig, steps_ms[i]);
		offer_request(h, request);
		assert_same(h, &request);
	}
}

static void there_are_three_marks(void **state)
{
	struct host *h = *state;
	struct request request = get(LIST);
	struct shelf_item item;
	size_t marks = 0;

	warm_up(h, LIST);
	offer(h, LIST);
	assert_true(find(h, &request, &item));
	assert_holds(item.head, "\r\nAge: \1\r\n");
	assert_holds(item.head, "\r\nCache-Status: perigee; hit; ttl=\2\r\n");
	assert_holds(item.head, "\r\nX-Accel-Expires: \3\r\n");
	for (size_t i = 0; i < item.head.n; i++)
		marks += item.head.p[i] > 0 && item.head.p[i] < '\t';
	assert_int_equal(marks, 3);
	assert_int_equal(item.fetched_s, h->service->x.answer->fetched.ms / 1000);
	assert_int_equal(item.number, metrics_number(h->service->x.series, RESULT_HIT));
}

/* Who asks for another base gets other links. */
static void other_fields_have_another_answer(void **state)
{
	struct host *h = *state;
	struct request request = get(LIST "?offset=100");

	warm_up(h, LIST "?offset=100");
	offer(h, LIST "?offset=100");
	request.forwarded_host = STR("127.0.0.1:8080");
	go_round(h);
	assert_false(take_request(h, &request));
	warm_up_request(h, request);
	offer_request(h, request);
	assert_same(h, &request);
	assert_holds(buf_str(&h->head), "\r\nLink: <http://127.0.0.1:8080/space/");
	assert_true(take(h, LIST "?offset=100"));
	assert_holds(buf_str(&h->head), "\r\nLink: <https://api.example.org/");
}

/* ---- how long it lies there ---- */

static uint64_t place_of(struct host *h)
{
	struct request request = get(LIST);
	struct shelf_item item;

	assert_true(find(h, &request, &item));
	return item.place;
}

static void it_is_put_once_in_a_while(void **state)
{
	struct host *h = *state;
	uint64_t place;

	warm_up(h, LIST);
	offer(h, LIST);
	place = place_of(h);
	rig_advance(h->service->rig, SHELVE_MS - 1);
	offer(h, LIST);
	assert_int_equal(place_of(h), place);
	rig_advance(h->service->rig, 1);
	assert_false(is_there(h, LIST));
	offer(h, LIST);
	assert_true(place_of(h) > place);
	rig_advance(h->service->rig, SHELVE_MS - 1);
	assert_true(is_there(h, LIST));
}

static void it_is_not_given_when_it_is_stale(void **state)
{
	struct host *h = *state;
	struct request request = get(LIST);
	struct shelf_item item;
	int64_t fresh_until;

	warm_up(h, LIST);
	fresh_until = h->service->x.answer->fresh_until.ms;
	rig_advance(h->service->rig, fresh_until - now_wall(h).ms - SHELVE_MS - 500);
	offer(h, LIST);
	assert_true(find(h, &request, &item));
	assert_int_equal(item.until.ms, fresh_until - 500);
	rig_advance(h->service->rig, SHELVE_MS);
	offer(h, LIST);
	assert_true(find(h, &request, &item));
	assert_int_equal(item.until.ms, fresh_until);
	rig_advance(h->service->rig, 499);
	assert_true(is_there(h, LIST));
	rig_advance(h->service->rig, 1);
	assert_false(is_there(h, LIST));
}

static void when_something_is_new_nothing_is_given(void **state)
{
	struct host *h = *state;
	uint64_t place;

	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	place = place_of(h);
	assert_true(take(h, LIST));
	memory_turn(h->service->gw.memory);
	assert_false(take(h, LIST));
	/* The worker looks first whether it is still right; then it is put again. */
	assert_int_equal(ask(h->service, LIST), 200);
	assert_false(h->service->at_once);
	assert_false(take(h, LIST));
	offer(h, LIST);
	assert_true(take(h, LIST));
	assert_true(place_of(h) > place);
}

static void what_is_purged_is_not_given(void **state)
{
	const struct purge all = { PURGE_DELETE, PURGE_ALL, { NULL, 0 } };
	struct host *h = *state;

	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	assert_true(take(h, LIST));
	memory_purge(h->service->gw.memory, &all);
	assert_false(take(h, LIST));
}

/* A request that came before the purge is answered after it. */
static void nor_if_it_is_put_only_then(void **state)
{
	const struct purge all = { PURGE_DELETE, PURGE_ALL, { NULL, 0 } };
	struct host *h = *state;
	struct exchange *x = &h->service->x;
	struct ages ages;

	go_round(h);
	warm_up(h, LIST);
	look(h);
	ages = head_ages(x->answer->fetched, x->answer->fresh_until, ENTRY_FRESH, now_wall(h));
	memory_purge(h->service->gw.memory, &all);
	shelve_put(h->service->gw.shelve, x, &ages);
	assert_false(take(h, LIST));
	x->epoch = memory_epoch(h->service->gw.memory);
	shelve_put(h->service->gw.shelve, x, &ages);
	assert_true(take(h, LIST));
}

/* ---- vouching and counting ---- */

static void it_is_given_while_the_worker_lives(void **state)
{
	struct host *h = *state;

	warm_up(h, LIST);
	offer(h, LIST);
	/* It has not begun. */
	assert_false(take(h, LIST));
	go_round(h);
	assert_true(take(h, LIST));
	rig_advance(h->service->rig, SHELVE_VOUCHED_MS - 1);
	assert_true(take(h, LIST));
	rig_advance(h->service->rig, 1);
	assert_false(take(h, LIST));
	go_round(h);
	assert_true(take(h, LIST));
	shelve_stop(h->service->gw.shelve);
	assert_false(take(h, LIST));
}

static void what_is_taken_is_counted_once(void **state)
{
	struct host *h = *state;
	int64_t before = counted(h);

	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	for (int i = 0; i < 3; i++)
		assert_true(take(h, LIST));
	assert_int_equal(counted(h), before);
	go_round(h);
	assert_int_equal(counted(h), before + 3);
	assert_int_equal(counter_get(metrics_sum(h->service->gw.metrics, SUM_MICROCACHE)), 3);
	go_round(h);
	assert_int_equal(counted(h), before + 3);
	/* What was taken last is counted at the end. */
	assert_true(take(h, LIST));
	shelve_stop(h->service->gw.shelve);
	assert_int_equal(counted(h), before + 4);
	shelve_stop(h->service->gw.shelve);
	assert_int_equal(counted(h), before + 4);
}

/* So that whoever counts what is wanted most need not be told of each. */
static void who_puts_it_again_speaks_for_those_who_took_it(void **state)
{
	struct host *h = *state;

	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	assert_int_equal(h->service->x.others, 0);
	for (int i = 0; i < 3; i++)
		assert_true(take(h, LIST));
	offer(h, LIST);
	assert_int_equal(h->service->x.others, 0); /* it is still there */
	rig_advance(h->service->rig, SHELVE_MS);
	offer(h, LIST);
	assert_int_equal(h->service->x.others, 3);
	rig_advance(h->service->rig, SHELVE_MS);
	offer(h, LIST);
	assert_int_equal(h->service->x.others, 0);
}

static void what_one_of_before_has_left(void **state)
{
	struct host *h = *state;
	struct request request = get(LIST);
	int64_t before = counted(h);
	struct shelf_item item;
	struct metrics *others;
	struct metrics *own = h->service->gw.metrics;
	struct fail failure;

	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	assert_true(find(h, &request, &item));
	close_worker(h);
	assert_int_equal(counted(h), before);
	/* It was killed, so that it still vouches, and nginx had a copy in its hands. */
	shelf_vouch(h->block, mono_after(now_mono(h), SHELVE_VOUCHED_MS));
	shelf_count(h->block, &item);
	open_worker(h);
	assert_false(look(h));
	go_round(h);
	assert_int_equal(counted(h), before + 1);
	/* What was put then is not given now. */
	assert_true(look(h));
	assert_false(is_there(h, LIST));
	/* Other counters know nothing of that number. */
	shelf_count(h->block, &item);
	close_worker(h);
	assert_int_equal(counted(h), before + 2);
	shelf_count(h->block, &item);
	others = metrics_open(NULL, now_wall(h), &failure);
	assert_non_null(others);
	assert_int_not_equal(metrics_salt(others), metrics_salt(own));
	metrics_register(others, h->service->rig->catalog);
	h->service->gw.metrics = others;
	open_worker(h);
	go_round(h);
	assert_int_equal(counted_by(others), 0);
	assert_int_equal(counted(h), 0);
	/* And those of before nothing of theirs. */
	shelf_count(h->block, &item);
	go_round(h);
	assert_int_equal(counted_by(others), 1);
	assert_int_equal(counted_by(own), before + 2);
	close_worker(h);
	metrics_close(others);
	h->service->gw.metrics = own;
	open_worker(h);
}

/* ---- when there is no shelf ---- */

static struct str logged(int file)
{
	static char bytes[10000];
	ssize_t n;

	log_tick(true);
	n = pread(file, bytes, sizeof(bytes), 0);
	assert_true(n >= 0 && n < (ssize_t)sizeof(bytes));
	return (struct str){ bytes, (size_t)n };
}

/* Everything else goes on, and nginx keeps again by itself what many want. */
static void without_room_there_is_none(void **state)
{
	char warning[256];
	struct host *h = *state;
	struct service *s = h->service;
	char name[] = "/tmp/perigee-unit-XXXXXX";
	int file = mkstemp(name);
	int saved = dup(STDERR_FILENO);
	bool kept = false;
	struct str lines;

	assert_true(file >= 0 && saved >= 0);
	unlink(name);
	snprintf(warning, sizeof(warning),
		 "level=warn event=shelf_failed file=%s reason=\"No space left on device\"\n",
		 h->path);
	warm_up(h, LIST);
	go_round(h);
	fflush(stderr);
	dup2(file, STDERR_FILENO);
	log_set_level(LOG_WARN);
	disk_is_full = true;
	offer(h, LIST);
	assert_false(shelve_is_used(s->gw.shelve, now_mono(h)));
	disk_is_full = false;
	for (int i = 0; i < 10; i++) {
		offer(h, LIST);
		kept |= str_starts(header(s, "X-Accel-Expires"), STR("@"));
		shelve_put(s->gw.shelve, &s->x, &(struct ages){ .now = now_wall(h) });
	}
	lines = logged(file);
	log_set_level(LOG_ERROR);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(file);
	assert_true(kept);
	assert_true(str_ends(lines, str_from(warning)));
	assert_int_equal(str_find(lines, '\n'), lines.n - 1);
	assert_false(is_there(h, LIST));
	go_round(h);
	assert_true(look(h));
	/* The next process tries again. */
	close_worker(h);
	open_worker(h);
	warm_up(h, LIST);
	offer(h, LIST);
	assert_true(is_there(h, LIST));
}

static void without_a_path_there_is_none(void **state)
{
	struct host *h = *state;
	struct service *s = h->service;
	uint64_t epoch;

	close_worker(h);
	s->gw.memory = memory_new(1 << 20);
	assert_non_null(s->gw.memory);
	epoch = memory_epoch(s->gw.memory);
	s->gw.shelve = shelve_new("", s->gw.memory, s->gw.metrics);
	assert_non_null(s->gw.shelve);
	assert_int_equal(memory_epoch(s->gw.memory), epoch);
	go_round(h);
	assert_false(look(h));
	assert_false(shelve_is_used(s->gw.shelve, now_mono(h)));
	warm_up(h, LIST);
	shelve_stop(s->gw.shelve);
	warm_up(h, LIST);
	/* Nor without anything. */
	shelve_free(s->gw.shelve);
	s->gw.shelve = NULL;
	assert_false(shelve_is_used(NULL, now_mono(h)));
	warm_up(h, LIST);
	shelve_free(NULL);
}

static void where_there_can_be_no_file(void **state)
{
	struct host *h = *state;
	struct shelve *shelve =
		shelve_new("/nowhere/at/all", h->service->gw.memory, h->service->gw.metrics);

	assert_non_null(shelve);
	shelve_round(shelve, now_mono(h));
	assert_false(shelve_is_used(shelve, now_mono(h)));
	shelve_free(shelve);
}

/* Whose file it is goes on, and nothing of his is taken down; when he is gone it is the other
 * one's. */
static void it_is_one_worker_s(void **state)
{
	struct host *h = *state;
	struct memory *memory = memory_new(1 << 20);
	struct shelve *other = shelve_new(h->path, memory, h->service->gw.metrics);

	assert_non_null(other);
	go_round(h);
	warm_up(h, LIST);
	offer(h, LIST);
	shelve_round(other, now_mono(h));
	assert_false(shelve_is_used(other, now_mono(h)));
	assert_true(take(h, LIST));
	close_worker(h);
	shelve_round(other, now_mono(h));
	assert_true(look(h));
	assert_true(shelve_is_used(other, now_mono(h)));
	assert_false(is_there(h, LIST));
	assert_int_equal(memory_epoch(memory), counter_get(&h->block->epoch));
	memory_free(memory);
	shelve_free(other);
	open_worker(h);
}

/* By who may write to the file. */
static void when_its_epoch_is_written_over(void **state)
{
	static const uint64_t numbers[] = { 0, 1ULL << 40, (1ULL << 63) + 1 };
	struct host *h = *state;

	go_round(h);
	warm_up(h, LIST);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		offer(h, LIST);
		counter_set(&h->block->epoch, numbers[i]);
		assert_false(is_there(h, LIST));
		go_round(h);
		warm_up(h, LIST);
		offer(h, LIST);
		assert_true(take(h, LIST));
	}
}

/* By an operator's `: >file`. What was known to be outdated must not become right by that. */
static void when_its_file_is_cut_short(void **state)
{
	struct host *h = *state;
	uint64_t epoch;

	/* cmocka has handlers of its own for each test, in place of what the set-up brought. */
	close_worker(h);
	open_worker(h);
	warm_up(h, LIST);
	offer(h, LIST);
	epoch = h->service->x.epoch;
	memory_turn(h->service->gw.memory);
	assert_int_equal(truncate(h->path, 0), 0);
	go_round(h);
	for (uint64_t i = 0; i <= epoch; i++) {
		assert_true(memory_epoch(h->service->gw.memory) > epoch);
		memory_turn(h->service->gw.memory);
	}
	assert_int_equal(ask(h->service, LIST), 200);
	assert_false(h->service->at_once);
	/* Nobody sees what it does from here on, but it goes on. */
	warm_up(h, LIST);
	go_round(h);
}

/* ---- many threads ---- */

#define THREADS 4
#define TARGETS 50
#define PUTS	2000

struct putting {
	struct host *host;
	struct ages ages;
	uint64_t seed;
	atomic_bool *over;
};

static const char *target_of(char text[32], int i)
{
	snprintf(text, 32, "/2.3.0/spacecraft/%d/", i);
	return text;
}

static void *put_many(void *ctx)
{
	struct putting *p = ctx;
	struct exchange x = p->host->service->x;

	for (int i = 0; i < PUTS; i++) {
		char text[32];

		x.request.target =
			str_from(target_of(text, (int)(next_random(&p->seed) % TARGETS)));
		if (shelve_is_used(p->host->service->gw.shelve, x.arrived))
			shelve_put(p->host->service->gw.shelve, &x, &p->ages);
		if (i % 100 == 0)
			memory_turn(p->host->service->gw.memory);
	}
	return NULL;
}

static void many_threads_put(void **state)
{
	struct host *h = *state;
	struct exchange *x = &h->service->x;
	struct putting putting[THREADS];
	pthread_t threads[THREADS];

	warm_up(h, LIST);
	look(h);
	for (uint64_t i = 0; i < THREADS; i++) {
		putting[i] = (struct putting){ .host = h, .seed = i };
		putting[i].ages = head_ages(x->answer->fetched, x->answer->fresh_until, ENTRY_FRESH,
					    now_wall(h));
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, &putting[i]), 0);
	}
	for (int i = 0; i < 100; i++)
		go_round(h);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* All of them can be put and are whole. */
	x->epoch = memory_epoch(h->service->gw.memory);
	for (int i = 0; i < TARGETS; i++) {
		char text[32];

		x->request.target = str_from(target_of(text, i));
		shelve_put(h->service->gw.shelve, x, &putting[0].ages);
		assert_true(take(h, text));
		assert_true(str_eq(buf_str(&h->body), body_of(h->service)));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_put_where_nobody_looks),
		TEST(what_is_answered_at_once_is_put),
		TEST(it_is_put_for_who_looked_lately),
		TEST(what_is_not_for_all_is_not_put),
		TEST(what_is_asked_for_at_too_great_length_is_not_put),
		TEST(who_remembers_nothing_puts_nothing),
		TEST(it_reads_like_the_worker_s_own),
		TEST(at_any_age_too),
		TEST(there_are_three_marks),
		TEST(other_fields_have_another_answer),
		TEST(it_is_put_once_in_a_while),
		TEST(it_is_not_given_when_it_is_stale),
		TEST(when_something_is_new_nothing_is_given),
		TEST(what_is_purged_is_not_given),
		TEST(nor_if_it_is_put_only_then),
		TEST(it_is_given_while_the_worker_lives),
		TEST(what_is_taken_is_counted_once),
		TEST(who_puts_it_again_speaks_for_those_who_took_it),
		TEST(what_one_of_before_has_left),
		TEST(without_room_there_is_none),
		TEST(without_a_path_there_is_none),
		TEST(where_there_can_be_no_file),
		TEST(it_is_one_worker_s),
		TEST(when_its_epoch_is_written_over),
		TEST(when_its_file_is_cut_short),
		TEST(many_threads_put),
	};

	return cmocka_run_group_tests_name("shelve", tests, NULL, NULL);
}
