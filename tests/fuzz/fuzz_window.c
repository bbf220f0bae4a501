/*
 * Pages cut from windows: whatever count, window, offset and limit, the answer
 * is the page that upstream would have given of the whole list, and it is found
 * without a fetch when the windows are there. The input is a line of numbers:
 *
 *     <count> <window> <offset> <limit> <dense> <moved>
 *
 * dense 1: empty windows behind the end are stored too. moved 1: an object was
 * put in front of the list between the fetches of a page's two windows, so that
 * one stands in both, which must be noticed. The list is made up: its objects
 * are numbered, and each has a link to itself.
 */
#include "fuzz/fuzz.h"

#include "api/window.h"
#include "app/lookup.h"
#include "app/memory.h"
#include "app/respond.h"
#include "base/limits.h"
#include "http/query.h"

#define COUNT_MAX 5000
#define CAP	  (4UL * 1024 * 1024)
#define BASE	  "http://127.0.0.1:8080"
#define PATH	  "/2.3.0/spacecraft/"

struct list {
	int64_t count;
	int64_t window;
	int64_t offset;
	int64_t limit;
	bool dense;
	bool moved;
};

/* A store that holds all windows of a list. */
struct shelf {
	struct store port;
	const struct list *list;
};

static const struct wall now = { 1763932800000 };

static struct wall read_now(const struct clock *clock)
{
	(void)clock;
	return now;
}

/* ---- the windows ---- */

static struct entry *make_window(const struct list *list, int64_t start, struct str target)
{
	uint32_t *ends = calloc(LIMIT_WINDOW_OBJECTS, sizeof(*ends));
	struct buf body = buf_init(CAP);
	struct buf ids = buf_init(CAP);
	/* Objects are numbered from 1. */
	int64_t first = list->moved && start > list->offset ? 0 : 1;
	struct entry facts = { .kind = ENTRY_WINDOW,
			       .status = 200,
			       .target = target,
			       .fetched = now,
			       .fresh_until = wall_after(now, 1000),
			       .usable_until = wall_after(now, 2000),
			       .count = list->count,
			       .ends = ends };
	struct entry *e;

	for (int64_t i = start; i < start + list->window && i < list->count; i++) {
		if (i > start) {
			buf_put_char(&body, ',');
			buf_put_char(&ids, ',');
		}
		buf_putf(&body, "{\"id\":%lld,\"url\":\"\x01spacecraft/%lld/\"}",
			 (long long)(i + first), (long long)(i + first));
		buf_putf(&ids, "%lld", (long long)(i + first));
		ends[facts.n++] = (uint32_t)body.n;
	}
	must(facts.n == window_expected(start, (uint32_t)list->window, list->count),
	     "a window is as long as expected");
	facts.body = buf_str(&body);
	facts.ids = buf_str(&ids);
	e = entry_new(&facts);
	buf_release(&body);
	buf_release(&ids);
	free(ends);
	return e;
}

/* `limit` and `offset` of a target. */
static void read_target(struct str target, int64_t *ret_limit, int64_t *ret_offset)
{
	struct str rest = target;

	*ret_limit = *ret_offset = 0;
	must(str_eq(str_cut(&rest, '?'), STR(PATH)), "a window is one of the list");
	while (rest.n) {
		struct str value = str_cut(&rest, '&');
		struct str name = str_cut(&value, '=');

		must(str_to_i64(value, str_eq(name, STR("limit")) ? ret_limit : ret_offset),
		     "limit and offset are numbers");
	}
}

static enum load load(struct store *store, struct str key, struct entry **ret)
{
	const struct list *list = ((struct shelf *)store)->list;
	int64_t limit;
	int64_t start;

	read_target(key, &limit, &start);
	must(limit == list->window && start % list->window == 0, "only windows are looked for");
	*ret = NULL;
	if (start > 0 && start >= list->count && !list->dense)
		return LOAD_ABSENT;
	*ret = make_window(list, start, key);
	return LOAD_FOUND;
}

/* ---- what upstream would say ---- */

static void put_link(struct buf *b, const char *name, bool there, const struct list *list,
		     int64_t offset)
{
	if (!there)
		buf_putf(b, ",\"%s\":null", name);
	else if (offset > 0)
		buf_putf(b, ",\"%s\":\"" BASE PATH "?limit=%lld&offset=%lld\"", name,
			 (long long)list->limit, (long long)offset);
	else
		buf_putf(b, ",\"%s\":\"" BASE PATH "?limit=%lld\"", name, (long long)list->limit);
}

static void put_expected(struct buf *b, const struct list *list)
{
	const char *comma = "";

	buf_putf(b, "{\"count\":%lld", (long long)list->count);
	put_link(b, "next", list->offset + list->limit < list->count, list,
		 list->offset + list->limit);
	put_link(b, "previous", list->offset > 0, list, list->offset - list->limit);
	buf_putf(b, ",\"results\":[");
	for (int64_t i = list->offset; i < list->offset + list->limit && i < list->count; i++) {
		buf_putf(b, "%s{\"id\":%lld,\"url\":\"" BASE PATH "%lld/\"}", comma,
			 (long long)i + 1, (long long)i + 1);
		comma = ",";
	}
	buf_putf(b, "]}");
}

/* ---- */

static void check_arithmetic(const struct list *list)
{
	uint32_t size = (uint32_t)list->window;
	int64_t start = window_start(list->offset, size);
	struct span page = window_page(list->offset, list->limit, list->count);

	must(start % size == 0 && start <= list->offset && list->offset < start + size,
	     "a window begins at a multiple of its size, at or before its objects");
	must(page.from <= page.to && page.to <= list->count && page.to - page.from <= list->limit,
	     "a page lies in the list");
	must(page.from == page.to || (page.from == list->offset && page.to <= start + 2 * size),
	     "a page lies in two windows");
	must(window_expected(start, size, list->count) <= size, "a window holds its size at most");
}

static void check_answer(const struct gateway *gw, const struct list *list, struct exchange *x)
{
	struct shelf shelf = { { .load = load }, list };
	struct buf expected = buf_init(CAP);
	struct lookup found;
	struct str pieces[EXCHANGE_PIECES];
	struct fail why;

	must(look_up(gw, &shelf.port, x, &found, &why), "windows can be looked for");
	must(found.entries[0] && found.state == ENTRY_FRESH, "windows that are there are found");
	must(found.agrees == !(list->moved && found.entries[1]),
	     "windows agree if the list has not moved");
	must(!found.broken, "the store was there");
	respond_found(gw, NULL, x, &found);
	put_expected(&expected, list);
	must(x->status == 200, "a page is answered");
	exchange_pieces(x, pieces);
	must(!found.agrees || str_eq(buf_str(&expected), pieces[2]), "the page is upstream's");
	answer_unref(x->answer);
	lookup_release(&found);
	buf_release(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock clock = { .wall = read_now };
	struct str rest = fuzz_input(data, size);
	struct str line = fuzz_line(&rest);
	struct list list = { .count = fuzz_number(&line, 0, COUNT_MAX, 0),
			     .window = fuzz_number(&line, 1, LIMIT_WINDOW_OBJECTS, 100) };
	struct endpoint endpoint = { .name = STR("spacecraft"), .window = (uint32_t)list.window };
	const struct api api = { .root = STR("/2.3.0/") };
	struct memory *memory = memory_new(0);
	struct answers *answers = answers_new(0);
	const struct gateway gw = {
		.clock = &clock, .memory = memory, .answers = answers, .bases = { { STR(BASE) }, 1 }
	};
	struct exchange x = { .request = { .method = STR("GET") } };

	list.offset = fuzz_number(&line, 0, LIMIT_OFFSET, 0);
	list.limit = fuzz_number(&line, 1, list.window, 10);
	list.dense = fuzz_number(&line, 0, 1, 0);
	list.moved = fuzz_number(&line, 0, 1, 0);
	check_arithmetic(&list);
	x.arena = arena_new(LIMIT_REQUEST_BYTES);
	x.head = buf_init(LIMIT_HEAD_BYTES);
	x.body = buf_init(LIMIT_ANSWER_BYTES);
	x.canon = (struct canon){ .api = &api,
				  .endpoint = &endpoint,
				  .path = STR(PATH),
				  .limit = list.limit,
				  .offset = list.offset };
	check_answer(&gw, &list, &x);
	answers_free(answers);
	memory_free(memory);
	buf_release(&x.head);
	buf_release(&x.body);
	arena_free(x.arena);
	return 0;
}
