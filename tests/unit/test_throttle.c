#include "unit/test.h"

#include "policy/throttle.h"

#define BODY(limit, window, used, next)                                                            \
	"{\"your_request_limit\":" limit ",\"limit_frequency_secs\":" window                       \
	",\"current_use\":" used ",\"next_use_secs\":" next ",\"ident\":\"198.51.100.7\"}"

static struct count read_good(const char *body)
{
	struct count count;

	memset(&count, 0xff, sizeof(count));
	if (!throttle_read(str_from(body), &count))
		fail_msg("not read: %s", body);
	return count;
}

static void what_upstream_says(void **state)
{
	struct count count = read_good(BODY("15", "3600", "4", "0"));

	(void)state;
	assert_int_equal(count.quota.calls, 15);
	assert_true(count.quota.window_ms == 3600000);
	assert_int_equal(count.used, 4);
	assert_true(count.wait_ms == 0);
	count = read_good(BODY("15", "3600", "15", "239"));
	assert_int_equal(count.used, 15);
	assert_true(count.wait_ms == 239000);
}

/* Fractions are taken to the safe side: fewer calls, more use, longer times. */
static void fractions(void **state)
{
	struct count count = read_good(BODY("15.9", "2.0005", "4.1", "0.2001"));

	(void)state;
	assert_int_equal(count.quota.calls, 15);
	assert_true(count.quota.window_ms == 2001);
	assert_int_equal(count.used, 5);
	assert_true(count.wait_ms == 201);
	count = read_good(BODY("1", "1e0", "0", "1E1"));
	assert_true(count.quota.window_ms == 1000);
	assert_true(count.wait_ms == 10000);
	count = read_good(BODY("1.5", "3600", "1.2", "0"));
	assert_int_equal(count.used, 1);
}

static void more_than_the_limit_is_the_limit(void **state)
{
	(void)state;
	assert_int_equal(read_good(BODY("2", "3600", "15", "10")).used, 2);
	assert_int_equal(read_good(BODY("2", "3600", "1e9", "10")).used, 2);
}

/* When a call is free is the least of it: what cannot be is as if it were not said. */
static void when_the_next_is_free(void **state)
{
	static const char *const bodies[] = {
		BODY("15", "3600", "4", "-3.5"),
		BODY("15", "3600", "4", "null"),
		BODY("15", "3600", "4", "\"12\""),
		BODY("15", "3600", "4", "1e18"),
		BODY("15", "3600", "4", "[7]"),
		"{\"your_request_limit\":15,\"limit_frequency_secs\":3600,\"current_use\":4}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_true(read_good(bodies[i]).wait_ms == 0);
}

/* It can be the key: whatever it is, nothing of it comes through. */
static void ident_is_not_looked_at(void **state)
{
	static const char *const bodies[] = {
		"{\"your_request_limit\":15,\"limit_frequency_secs\":3600,\"current_use\":4,"
		"\"ident\":{\"your_request_limit\":99,\"current_use\":0,\"a\":[\"b\"]}}",
		"{\"ident\":-1,\"your_request_limit\":15,\"limit_frequency_secs\":3600,"
		"\"current_use\":4}",
		"{\"ident\":\"\\u00e9\\\"}{\",\"your_request_limit\":15,"
		"\"limit_frequency_secs\":3600,\"current_use\":4,\"more\":null}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct count count = read_good(bodies[i]);

		assert_int_equal(count.quota.calls, 15);
		assert_int_equal(count.used, 4);
	}
}

static void what_cannot_be_is_not_read(void **state)
{
	static const char *const bodies[] = {
		"",
		" ",
		"null",
		"15",
		"[]",
		"{}",
		"[" BODY("15", "3600", "4", "0") "]",
		"{\"throttle\":" BODY("15", "3600", "4", "0") "}",
		"<html>slow down</html>",
		"{\"your_request_limit\":15,\"limit_frequency_secs\":3600,\"current_use\":4",
		BODY("15", "3600", "4", "0") "x",
		/* members that are missing */
		"{\"limit_frequency_secs\":3600,\"current_use\":4}",
		"{\"your_request_limit\":15,\"current_use\":4}",
		"{\"your_request_limit\":15,\"limit_frequency_secs\":3600}",
		/* no limit */
		BODY("null", "3600", "4", "0"),
		BODY("0", "3600", "4", "0"),
		BODY("0.5", "3600", "4", "0"),
		BODY("-15", "3600", "4", "0"),
		BODY("1000001", "3600", "4", "0"),
		BODY("4294967297", "3600", "4", "0"),
		BODY("9223372036854775807", "3600", "4", "0"),
		BODY("9223372036854775808", "3600", "4", "0"),
		BODY("1e300", "3600", "4", "0"),
		BODY("1e400", "3600", "4", "0"),
		BODY("\"15\"", "3600", "4", "0"),
		BODY("true", "3600", "4", "0"),
		BODY("[15]", "3600", "4", "0"),
		BODY("NaN", "3600", "4", "0"),
		/* no window */
		BODY("15", "0", "4", "0"),
		BODY("15", "0.0001", "4", "0"),
		BODY("15", "-3600", "4", "0"),
		BODY("15", "1e12", "4", "0"),
		BODY("15", "null", "4", "0"),
		BODY("15", "{}", "4", "0"),
		/* no use */
		BODY("15", "3600", "-1", "0"),
		BODY("15", "3600", "-0.5", "0"),
		BODY("15", "3600", "1e10", "0"),
		BODY("15", "3600", "null", "0"),
		BODY("15", "3600", "\"4\"", "0"),
	};
	struct count count;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		if (throttle_read(str_from(bodies[i]), &count))
			fail_msg("believed: `%s`", bodies[i]);
	assert_false(throttle_read((struct str){ NULL, 0 }, &count));
}

static void depth_is_bounded(void **state)
{
	char *body = malloc(1000001);
	struct count count;

	(void)state;
	assert_non_null(body);
	memset(body, '[', 1000000);
	body[1000000] = '\0';
	assert_false(throttle_read(str_from(body), &count));
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_upstream_says),
		cmocka_unit_test(fractions),
		cmocka_unit_test(more_than_the_limit_is_the_limit),
		cmocka_unit_test(when_the_next_is_free),
		cmocka_unit_test(ident_is_not_looked_at),
		cmocka_unit_test(what_cannot_be_is_not_read),
		cmocka_unit_test(depth_is_bounded),
	};

	return cmocka_run_group_tests_name("throttle", tests, NULL, NULL);
}
