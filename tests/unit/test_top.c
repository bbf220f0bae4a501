#include "unit/test.h"

#include "base/hash.h"
#include "policy/top.h"

static struct top top;
static size_t order[TOP_SLOTS];

static int set_up(void **state)
{
	(void)state;
	memset(&top, 0, sizeof(top));
	return 0;
}

static void add(const char *name, int64_t amount, int64_t at_ms)
{
	top_add(&top, str_from(name), hash64(str_from(name)), amount, (struct mono){ at_ms });
}

static void add_number(unsigned int number, int64_t at_ms)
{
	char name[32];

	snprintf(name, sizeof(name), "/%u", number);
	add(name, 1, at_ms);
}

/* The place of that name, or -1. */
static int find(const char *name)
{
	for (size_t i = 0; i < top.n; i++)
		if (str_eq(top_name(&top, i), str_from(name)))
			return (int)i;
	return -1;
}

static void near(double got, double want)
{
	if (got < want * 0.9999 || got > want * 1.0001)
		fail_msg("want %f, got %f", want, got);
}

static void the_heaviest_come_first(void **state)
{
	(void)state;
	assert_int_equal(top_order(&top, order), 0);
	add("/a", 1, 0);
	add("/b", 5, 0);
	add("/c", 3, 0);
	add("/a", 1, 10);
	add("/d", 2, 10);
	assert_int_equal(top_order(&top, order), 4);
	assert_view(top_name(&top, order[0]), "/b");
	assert_view(top_name(&top, order[1]), "/c");
	/* As heavy as each other: by name. */
	assert_view(top_name(&top, order[2]), "/a");
	assert_view(top_name(&top, order[3]), "/d");
	near(top.weights[order[2]], 2);
	assert_int_equal(top.slots[order[2]].times, 2);
	assert_int_equal(top.slots[order[0]].largest, 5);
	near(top.errors[order[0]] + 1, 1);
}

static void weights_halve_in_ten_minutes(void **state)
{
	(void)state;
	add("/old", 100, 1000);
	add("/older", 40, 1000);
	top_fade(&top, (struct mono){ 1000 + TOP_FADE_MS - 1 });
	near(top.weights[find("/old")], 100);
	top_fade(&top, (struct mono){ 1000 + TOP_FADE_MS });
	near(top.weights[find("/old")], 93.303);
	/* However often it is looked at, or not. */
	for (int64_t ms = 0; ms <= 10 * TOP_FADE_MS; ms += 777)
		top_fade(&top, (struct mono){ 1000 + ms });
	top_fade(&top, (struct mono){ 1000 + 10 * TOP_FADE_MS });
	near(top.weights[find("/old")], 50);
	near(top.weights[find("/older")], 20);
	add("/new", 60, 1000 + 10 * TOP_FADE_MS);
	assert_int_equal(top_order(&top, order), 3);
	assert_view(top_name(&top, order[0]), "/new");
	add("/old", 1, 1000 + 30 * TOP_FADE_MS);
	near(top.weights[find("/old")], 50.0 / 4 + 1);
	/* A night later nothing of it is left, and nothing breaks. */
	top_fade(&top, (struct mono){ 1000 + 100000LL * TOP_FADE_MS });
	assert_true(top.weights[find("/old")] < 1e-9);
}

/* What Space-Saving promises, on a thousand things by Zipf's law: weights are never too small, at
 * most `error` too large, and whoever has more than 1/TOP_SLOTS of all is there. */
static void the_bounds_hold(void **state)
{
	static uint32_t truth[1000];
	uint64_t random = 42;
	uint32_t all = 0;

	(void)state;
	memset(truth, 0, sizeof(truth));
	for (int i = 0; i < 100000; i++) {
		double u = next_random(&random) / 2147483648.0;
		unsigned int number = (unsigned int)(1000 * u * u * u);

		truth[number]++;
		all++;
		add_number(number, 5);
	}
	assert_int_equal(top.n, TOP_SLOTS);
	for (unsigned int number = 0; number < 1000; number++) {
		char name[32];
		int i;

		snprintf(name, sizeof(name), "/%u", number);
		i = find(name);
		if (i < 0) {
			assert_true(truth[number] <= all / TOP_SLOTS);
			continue;
		}
		assert_true(top.weights[i] >= truth[number]);
		assert_true(top.weights[i] - top.errors[i] <= truth[number]);
		assert_true(top.slots[i].times <= truth[number]);
	}
	top_order(&top, order);
	assert_view(top_name(&top, order[0]), "/0");
}

/* A long name is known by all of it, and shown by its beginning, in whole characters. */
static void long_names(void **state)
{
	char name[400];
	struct str shown;

	(void)state;
	memset(name, 'x', sizeof(name));
	memcpy(name + TOP_NAME_BYTES - 1, "\xc3\xa9", 2);
	name[sizeof(name) - 1] = '\0';
	add(name, 1, 0);
	name[300] = 'y';
	add(name, 1, 0);
	assert_int_equal(top.n, 2);
	shown = top_name(&top, 0);
	assert_int_equal(shown.n, TOP_NAME_BYTES - 1);
	assert_true(shown.p[shown.n - 1] == 'x');
	add("", 1, 0);
	assert_int_equal(top_name(&top, 2).n, 0);
	add("\xff", 1, 0);
	assert_int_equal(top_name(&top, 3).n, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_heaviest_come_first),
		TEST(weights_halve_in_ten_minutes),
		TEST(the_bounds_hold),
		TEST(long_names),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
