#include "fake/list.h"

#include <inttypes.h>

/* The number behind `name=` in a query, or `otherwise`. */
static int64_t number_in(struct str target, struct str name, int64_t otherwise)
{
	int64_t number = otherwise;

	str_cut(&target, '?');
	while (target.n) {
		struct str value = str_cut(&target, '&');

		if (str_eq(str_cut(&value, '='), name))
			str_to_i64(value, &number);
	}
	return number;
}

/* Every kind of thing that must come through untouched. */
static void put_object(const struct fake_list *list, int64_t id, struct buf *to)
{
	buf_putf(to,
		 "{\"id\":%" PRId64
		 ",\"url\":\"https://ll.thespacedevs.com/2.3.0/spacecraft/%" PRId64
		 "/?format=json\",\"name\":\"Craft %" PRId64 " \\u00e9 \xC3\xA9\","
		 "\"image_url\":\"https://ll.thespacedevs.com/2.3.0/x.png\","
		 "\"mass\": 0.10,\"tiny\":1e-07,\"zero\":-0.0,\"large\":9007199254740993,"
		 "\"version\":%d}",
		 id, id, id, list->version);
}

void fake_list_put(const struct fake_list *list, int64_t limit, int64_t offset, struct buf *to)
{
	int64_t end = offset + limit < list->count ? offset + limit : list->count;

	buf_putf(to, "{\"count\":%" PRId64 ",\"next\":null,\"previous\":null,\"results\":[",
		 (int64_t)list->count);
	for (int64_t i = offset; i < end; i++) {
		if (i > offset)
			buf_put_char(to, ',');
		put_object(list, list->first_id + i, to);
	}
	buf_put(to, STR("]}"));
}

/* `/2.3.0/spacecraft/430/`: the object's id; 0 for a list. */
static int64_t id_in(struct str target)
{
	struct str path = str_cut(&target, '?');
	int64_t id = 0;

	path.n -= str_ends(path, STR("/"));
	while (path.n)
		if (!str_to_i64(str_cut(&path, '/'), &id))
			id = 0;
	return id;
}

static struct reply object_or_404(const struct fake_list *list, int64_t id)
{
	struct reply reply = fake_json(200, STR(""));

	if (id < list->first_id || id >= list->first_id + list->count) {
		reply.status = 404;
		buf_put(&reply.body,
			STR("{\"detail\":\"No Spacecraft matches the given query.\"}"));
		return reply;
	}
	put_object(list, id, &reply.body);
	return reply;
}

struct reply fake_list_script(void *ctx, struct str target)
{
	struct fake_list *list = ctx;
	struct reply reply;

	if (list->failures > 0) {
		list->failures--;
		if (!list->status)
			return fake_fault(FAULT_UPSTREAM_DOWN, false);
		reply = fake_json(list->status, STR("{\"detail\":\"It does not work.\"}"));
		reply.retry_after_s = list->retry_after_s;
		return reply;
	}
	if (id_in(target))
		return object_or_404(list, id_in(target));
	reply = fake_json(200, STR(""));
	fake_list_put(list, number_in(target, STR("limit"), 10),
		      number_in(target, STR("offset"), 0), &reply.body);
	return reply;
}
