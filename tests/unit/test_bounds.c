#include "unit/canon.h"
#include "unit/table.h"

#include "api/moment.h"

#define LIST	"/2.3.0/events/"
#define STEP_US (600 * 1000000LL)

static const char *const places[] = {
	[BOUNDS_IN_FRONT] = "front",
	[BOUNDS_AT_ENDS] = "ends",
	[BOUNDS_ANYWHERE] = "anywhere",
	[BOUNDS_SCATTERED] = "scattered",
};

static bool understand(const char *path, struct str query, struct canon *ret)
{
	struct buf target = buf_init(LIMIT_TARGET_BYTES);
	struct refusal refusal;
	bool good;

	buf_putf(&target, "%s?%.*s", path, STR_ARG(query));
	good = canon_request(catalog, &options, arena_dup(arena, buf_str(&target)), arena, ret,
			     &refusal);
	buf_release(&target);
	return good;
}

static struct str rounded(const struct canon *c, int64_t step_us)
{
	struct query filter;
	struct str target;

	assert_true(bounds_round(&c->bounds, &c->filter, step_us, arena, &filter));
	target = canon_page_target(c, &filter, 0, 0, arena);
	str_cut(&target, '?');
	return target;
}

static struct str unescaped(struct str text)
{
	static char out[1024];
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		bool colon = str_starts(str_slice(text, i, text.n), STR("%3A"));

		out[n++] = colon ? ':' : text.p[i];
		i += colon ? 2 : 0;
	}
	return (struct str){ out, n };
}

static void bounds_are_found_and_rounded(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "bounds.tsv", 4);
	while (table_next(&t)) {
		struct canon c;

		arena_reset(arena);
		if (!understand(LIST, t.field[0], &c)) {
			table_complain(&t, "it is refused");
			continue;
		}
		if (!c.bounds.n) {
			table_expect(&t, "place", t.field[3], STR("-"));
			continue;
		}
		table_expect(&t, "days", t.field[1], unescaped(rounded(&c, MOMENT_DAY_US)));
		table_expect(&t, "steps", t.field[2], unescaped(rounded(&c, STEP_US)));
		table_expect(&t, "place", t.field[3], str_from(places[c.bounds.place]));
	}
	table_close(&t);
}

static void each_list_has_its_own_order(void **state)
{
	struct canon c;

	(void)state;
	arena_reset(arena);
	assert_true(understand("/2.3.0/events/previous/", STR("date__lt=2026-11-24T09:35Z"), &c));
	assert_int_equal(c.bounds.place, BOUNDS_IN_FRONT);
	assert_true(c.bounds.descends);
	assert_true(understand("/2.3.0/events/previous/", STR("date__gt=2026-11-24T09:35Z"), &c));
	assert_int_equal(c.bounds.place, BOUNDS_AT_ENDS);
	/* One object is no list. */
	assert_true(understand("/2.3.0/events/7/", STR("date__gt=2026-11-24T09:35Z"), &c));
	assert_int_equal(c.bounds.n, 0);
}

/* Whatever the bound, the rounded one admits all that it admits, and what is rounded stays. */
static void rounded_bounds_miss_nothing(void **state)
{
	static const enum filter_lookup lookups[] = { LOOKUP_GT, LOOKUP_GTE, LOOKUP_LT,
						      LOOKUP_LTE };
	static const int64_t steps[] = { 1, 1000, STEP_US, 3600 * 1000000LL, MOMENT_DAY_US };
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t step_us = steps[next_random(&random) % COUNT(steps)];
		struct bound exact = { .lookup = lookups[next_random(&random) % COUNT(lookups)],
				       .us = ((int64_t)next_random(&random) << 20) - (1LL << 50) };
		struct bound wide = exact;
		int64_t us = exact.us + (int64_t)next_random(&random) % (2 * step_us) - step_us;

		wide.us = bound_rounded(&exact, step_us);
		assert_true(wide.us - exact.us < step_us && exact.us - wide.us < step_us);
		assert_true(bound_rounded(&wide, step_us) == wide.us);
		if (bound_admits(&exact, us))
			assert_true(bound_admits(&wide, us));
		if (bound_admits(&exact, exact.us))
			assert_true(bound_admits(&wide, exact.us));
	}
}

static void earlier_bounds(void **state)
{
	struct bounds earlier;
	struct canon c;

	(void)state;
	arena_reset(arena);
	assert_true(understand(LIST, STR("date__gte=0001-01-01T09:35Z&date__lt=2026-11-24T09:35Z"),
			       &c));
	assert_true(bounds_earlier(&c.bounds, MOMENT_DAY_US, arena, &earlier));
	assert_int_equal(earlier.n, 2);
	/* There is no day before the first one. */
	assert_true(earlier.list[0].us == c.bounds.list[0].us);
	assert_true(earlier.list[1].us == c.bounds.list[1].us - MOMENT_DAY_US);
	assert_int_equal(earlier.place, c.bounds.place);
}

static void without_memory_it_says_so(void **state)
{
	struct arena *none = arena_new(0);
	struct bounds bounds;
	struct query filter;
	struct canon c;

	(void)state;
	assert_non_null(none);
	arena_reset(arena);
	assert_true(understand(LIST, STR("date__gte=2026-11-24T09:35Z"), &c));
	assert_false(bounds_find(c.endpoint, &c.filter, none, &bounds));
	assert_false(bounds_earlier(&c.bounds, 1, none, &bounds));
	assert_false(bounds_round(&c.bounds, &c.filter, 1, none, &filter));
	arena_free(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_are_found_and_rounded),
		cmocka_unit_test(each_list_has_its_own_order),
		cmocka_unit_test(rounded_bounds_miss_nothing),
		cmocka_unit_test(earlier_bounds),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests_name("bounds", tests, set_up, tear_down);
}
