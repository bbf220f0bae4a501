#include "unit/test.h"

#include "base/limits.h"
#include "http/query.h"

/* Reads and writes a query again, sorted or as it came. */
static void assert_query(const char *raw, bool sorted, const char *want)
{
	struct arena *a = arena_new(1 << 20);
	struct buf b = buf_init(1 << 20);
	struct fail failure = { 0 };
	struct query q;

	if (!query_parse(str_from(raw), a, &q, &failure))
		fail_msg("`%s`: %s", raw, failure.text);
	if (sorted)
		query_sort(&q);
	query_put(&b, &q);
	assert_view(buf_str(&b), want);
	buf_release(&b);
	arena_free(a);
}

static void assert_malformed(const char *raw, const char *part)
{
	struct arena *a = arena_new(1 << 20);
	struct fail failure = { 0 };
	struct query q;

	if (query_parse(str_from(raw), a, &q, &failure))
		fail_msg("`%s` is taken", raw);
	assert_int_equal(failure.fault, FAULT_MALFORMED);
	assert_holds(str_from(failure.text), part);
	arena_free(a);
}

static void pairs_are_read_as_django_does(void **state)
{
	(void)state;
	assert_query("", false, "");
	assert_query("a=1&b=2", false, "a=1&b=2");
	assert_query("a=1&", false, "a=1");
	assert_query("&&a=1&&b=2&&", false, "a=1&b=2");
	assert_query("a", false, "a=");
	assert_query("a=", false, "a=");
	assert_query("=1", false, "=1");
	assert_query("=", false, "=");
	assert_query("a=b=c", false, "a=b%3Dc");
	assert_query("a%3Db=c", false, "a%3Db=c");
	assert_query("a=1%262", false, "a=1%262");
	assert_query("a=x;b=y", false, "a=x%3Bb%3Dy");
	assert_query("a=x+y%20z", false, "a=x+y+z");
	assert_query("a=1&a=2&a=", false, "a=1&a=2&a=");
	assert_query("a=\xC3\xA9", false, "a=%C3%A9");
}

static void sorting_is_by_name_and_keeps_the_order_of_equals(void **state)
{
	(void)state;
	assert_query("b=1&a=2&b=0&a=1&c=", true, "a=2&a=1&b=1&b=0&c=");
	assert_query("ab=1&a=2&a_b=3&aB=4&B=5", true, "B=5&a=2&aB=4&a_b=3&ab=1");
	assert_query("%C3%A9=1&z=2", true, "z=2&%C3%A9=1");
	assert_query("=1&a=2", true, "=1&a=2");
}

static void malformed_queries(void **state)
{
	(void)state;
	assert_malformed("a=%", "parameter 1");
	assert_malformed("a=1&%zz=2", "parameter 2");
	assert_malformed("a=1&&b=%00", "parameter 2");
	assert_malformed("a=1&b=2&c=%FF", "UTF-8");
	assert_malformed("a=\x01", "control");
}

static void the_number_of_parameters_is_bounded(void **state)
{
	struct buf b = buf_init(100000);
	struct arena *a = arena_new(1 << 20);
	struct fail failure = { 0 };
	struct query q;

	(void)state;
	for (int i = 0; i < LIMIT_PARAMETERS; i++)
		buf_put(&b, STR("a=1&"));
	assert_true(query_parse(buf_str(&b), a, &q, &failure));
	assert_int_equal(q.n, LIMIT_PARAMETERS);
	buf_put(&b, STR("&"));
	assert_true(query_parse(buf_str(&b), a, &q, &failure));
	buf_put(&b, STR("a"));
	assert_false(query_parse(buf_str(&b), a, &q, &failure));
	assert_int_equal(failure.fault, FAULT_MALFORMED);
	assert_holds(str_from(failure.text), "201");
	buf_release(&b);
	arena_free(a);
}

static void no_memory_is_no_query(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 4 * sizeof(struct pair) + 8; cap++) {
		struct arena *a = arena_new(cap);
		struct fail failure = { .fault = FAULT_NONE };
		struct query q;

		assert_false(query_parse(STR("aa=1&bb=2&cc=3&dd=44"), a, &q, &failure));
		assert_true(failure.fault == FAULT_TOO_LONG || failure.fault == FAULT_MALFORMED);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_read_as_django_does),
		cmocka_unit_test(sorting_is_by_name_and_keeps_the_order_of_equals),
		cmocka_unit_test(malformed_queries),
		cmocka_unit_test(the_number_of_parameters_is_bounded),
		cmocka_unit_test(no_memory_is_no_query),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
