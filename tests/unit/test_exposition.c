#include "unit/test.h"

#include "base/exposition.h"

static struct buf out;

static int begin(void **state)
{
	(void)state;
	out = buf_init(100000);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&out);
	return 0;
}

static void a_family_has_help_and_type(void **state)
{
	(void)state;
	exposition_family(&out, "x_total", "counter", "How many.");
	exposition_count(&out, "x_total", NULL, 0, UINT64_MAX);
	assert_view(buf_str(&out), "# HELP x_total How many.\n"
				   "# TYPE x_total counter\n"
				   "x_total 18446744073709551615\n");
}

static void labels_are_escaped(void **state)
{
	const struct label labels[] = { { STR("a"), STR("x\\y\"z\nw{}=,") },
					{ STR(""), STR("left out") },
					{ STR("b"), STR("") },
					{ STR("c"), STR("\xC3\xA9") } };

	(void)state;
	exposition_count(&out, "x", labels, COUNT(labels), 0);
	assert_view(buf_str(&out), "x{a=\"x\\\\y\\\"z\\nw{}=,\",b=\"\",c=\"\xC3\xA9\"} 0\n");
}

static void no_label_no_braces(void **state)
{
	const struct label none = { STR(""), STR("") };

	(void)state;
	exposition_count(&out, "x", &none, 1, 3);
	assert_view(buf_str(&out), "x 3\n");
}

static void millionths_are_decimal(void **state)
{
	static const struct {
		int64_t millionths;
		const char *want;
	} cases[] = {
		{ 0, "x 0\n" },
		{ 1, "x 0.000001\n" },
		{ 100000, "x 0.1\n" },
		{ 1000000, "x 1\n" },
		{ 1500000, "x 1.5\n" },
		{ 10000000, "x 10\n" },
		{ -1500000, "x -1.5\n" },
		{ -1, "x -0.000001\n" },
		{ INT64_MAX, "x 9223372036854.775807\n" },
		{ INT64_MIN, "x -9223372036854.775808\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_clear(&out);
		exposition_micro(&out, "x", NULL, 0, cases[i].millionths);
		assert_view(buf_str(&out), cases[i].want);
	}
}

static void a_histogram_is_cumulative(void **state)
{
	const struct bins bins = { .n = 2, .upto = { 500, 2500000 } };
	const struct label labels[] = { { STR("result"), STR("hit") } };
	struct histogram h = { .sum = 0 };

	(void)state;
	histogram_add(&h, &bins, 100);
	histogram_add(&h, &bins, 400);
	histogram_add(&h, &bins, 1000000);
	histogram_add(&h, &bins, 3000000);
	exposition_histogram(&out, "x_seconds", labels, 1, &h, &bins);
	assert_view(buf_str(&out), "x_seconds_bucket{result=\"hit\",le=\"0.0005\"} 2\n"
				   "x_seconds_bucket{result=\"hit\",le=\"2.5\"} 3\n"
				   "x_seconds_bucket{result=\"hit\",le=\"+Inf\"} 4\n"
				   "x_seconds_sum{result=\"hit\"} 4.0005\n"
				   "x_seconds_count{result=\"hit\"} 4\n");
}

static void a_histogram_without_labels(void **state)
{
	const struct bins bins = { .n = 1, .upto = { 1000000 } };
	struct histogram h = { .sum = 0 };

	(void)state;
	exposition_histogram(&out, "x", NULL, 0, &h, &bins);
	assert_view(buf_str(&out), "x_bucket{le=\"1\"} 0\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\n"
				   "x_count 0\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_family_has_help_and_type), TEST(labels_are_escaped),
		TEST(no_label_no_braces),	  TEST(millionths_are_decimal),
		TEST(a_histogram_is_cumulative),  TEST(a_histogram_without_labels),
	};

	return cmocka_run_group_tests_name("exposition", tests, NULL, NULL);
}
