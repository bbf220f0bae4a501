#include "unit/canon.h"
#include "unit/table.h"

#include "api/links.h"

static struct canon canon(struct str target)
{
	struct refusal refusal;
	struct canon c;

	if (!canon_request(catalog, &options, target, arena, &c, &refusal))
		fail_msg("%.*s: %s", STR_ARG(target), refusal.fail.text);
	return c;
}

static struct str or_dash(struct str link)
{
	return link.p ? link : STR("-");
}

static void the_table_of_links(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "links.tsv", 4);
	while (table_next(&t)) {
		struct canon c = canon(t.field[0]);
		struct links links;

		if (!links_make(&c, table_number(&t, 1), arena, &links))
			table_complain(&t, "there are no links");
		table_expect(&t, "next", t.field[2], or_dash(links.next));
		table_expect(&t, "previous", t.field[3], or_dash(links.previous));
		arena_reset(arena);
	}
	table_close(&t);
}

static void first_and_last(void **state)
{
	static const struct {
		const char *target;
		int64_t count;
		const char *first;
		const char *last;
	} cases[] = {
		{ "?offset=326&name=x", 596, "?limit=10&name=x", "?limit=10&name=x&offset=590" },
		{ "?limit=100", 596, "?limit=100", "?limit=100&offset=500" },
		{ "?limit=100", 600, "?limit=100", "?limit=100&offset=500" },
		{ "?limit=100", 601, "?limit=100", "?limit=100&offset=600" },
		{ "", 10, "?limit=10", "?limit=10" },
		{ "", 11, "?limit=10", "?limit=10&offset=10" },
		{ "", 1, "?limit=10", "?limit=10" },
		{ "?offset=50", 0, "?limit=10", "?limit=10" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char target[200];
		char want[200];
		struct links links;
		struct canon c;

		snprintf(target, sizeof(target), "/2.3.0/spacecraft/%s", cases[i].target);
		c = canon(str_from(target));
		assert_true(links_make(&c, cases[i].count, arena, &links));
		snprintf(want, sizeof(want), "/2.3.0/spacecraft/%s", cases[i].first);
		assert_view(links.first, want);
		snprintf(want, sizeof(want), "/2.3.0/spacecraft/%s", cases[i].last);
		assert_view(links.last, want);
		arena_reset(arena);
	}
}

/* Following `next` from the first page meets every object once, and `previous` leads back. */
static void walking_meets_every_object(void **state)
{
	static const int limits[] = { 1, 7, 10, 99, 100 };

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		char target[200];
		int64_t seen = 0;
		struct links links;

		snprintf(target, sizeof(target), "/2.3.0/spacecraft/?name=&limit=%d", limits[i]);
		do {
			struct canon c = canon(str_from(target));

			assert_int_equal(c.offset, seen);
			seen = seen + c.limit < 596 ? seen + c.limit : 596;
			assert_true(links_make(&c, 596, arena, &links));
			snprintf(target, sizeof(target), "%.*s", STR_ARG(links.next));
			arena_reset(arena);
		} while (target[0]);
		assert_int_equal(seen, 596);
	}
}

static void without_memory_there_are_no_links(void **state)
{
	struct canon c = canon(STR("/2.3.0/spacecraft/?name=x&offset=20"));
	bool enough = false;
	size_t cap = 0;

	(void)state;
	for (; cap < 10000 && !enough; cap++) {
		struct arena *small = arena_new(cap);
		struct links links;

		assert_non_null(small);
		enough = links_make(&c, 596, small, &links);
		if (enough)
			assert_view(links.previous, "/2.3.0/spacecraft/?limit=10&name=x&offset=10");
		arena_free(small);
	}
	assert_true(enough);
	assert_true(cap > 400);
	arena_reset(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_links),
		cmocka_unit_test(first_and_last),
		cmocka_unit_test(walking_meets_every_object),
		cmocka_unit_test(without_memory_there_are_no_links),
	};

	return cmocka_run_group_tests_name("links", tests, set_up, tear_down);
}
