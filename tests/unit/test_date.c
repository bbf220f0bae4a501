#include "unit/test.h"

#include "http/date.h"

#define FIRST_MS (-62167219200000LL) /* 0000-01-01T00:00:00.000Z */
#define LAST_MS	 253402300799999LL   /* 9999-12-31T23:59:59.999Z */

static void assert_date(int64_t ms, const char *want)
{
	char text[DATE_ISO_BYTES];
	struct wall again = { 1 };

	date_put_iso((struct wall){ ms }, text);
	assert_view(((struct str){ text, sizeof(text) }), want);
	assert_true(date_parse_iso(str_from(want), &again));
	if (ms >= FIRST_MS && ms <= LAST_MS)
		assert_int_equal(again.ms, ms);
}

static void moments_and_their_texts(void **state)
{
	(void)state;
	assert_date(0, "1970-01-01T00:00:00.000Z");
	assert_date(1, "1970-01-01T00:00:00.001Z");
	assert_date(-1, "1969-12-31T23:59:59.999Z");
	assert_date(951827696789, "2000-02-29T12:34:56.789Z");
	assert_date(1795468800123, "2026-11-23T21:20:00.123Z");
	assert_date(2147483648000, "2038-01-19T03:14:08.000Z");
	assert_date(FIRST_MS, "0000-01-01T00:00:00.000Z");
	assert_date(LAST_MS, "9999-12-31T23:59:59.999Z");
}

static void moments_beyond_the_years_are_the_nearest(void **state)
{
	(void)state;
	assert_date(FIRST_MS - 1, "0000-01-01T00:00:00.000Z");
	assert_date(INT64_MIN, "0000-01-01T00:00:00.000Z");
	assert_date(LAST_MS + 1, "9999-12-31T23:59:59.999Z");
	assert_date(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

static void moments_at_random_come_back(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t span = (int64_t)next_random(&random) << 20 | next_random(&random);
		struct wall t = { FIRST_MS + span % (LAST_MS - FIRST_MS) };
		struct wall again;
		char text[DATE_ISO_BYTES];

		date_put_iso(t, text);
		assert_true(date_parse_iso((struct str){ text, sizeof(text) }, &again));
		assert_int_equal(again.ms, t.ms);
	}
}

static void texts_that_are_no_moments(void **state)
{
	static const char *const bad[] = {
		"",
		"2026-11-23",
		"2026-11-23T21:20:00Z",
		"2026-11-23T21:20:00.12Z",
		"2026-11-23T21:20:00.1234Z",
		"2026-11-23 21:20:00.123Z",
		"2026-11-23T21:20:00.123z",
		"2026-11-23T21:20:00.123+",
		"2026-11-23T21:20:00,123Z",
		"2026-13-23T21:20:00.123Z",
		"2026-00-23T21:20:00.123Z",
		"2026-11-31T21:20:00.123Z",
		"2026-02-29T21:20:00.123Z",
		"2026-11-00T21:20:00.123Z",
		"2026-11-23T24:00:00.000Z",
		"2026-11-23T21:60:00.123Z",
		"2026-11-23T23:59:60.000Z",
		"2026-1a-23T21:20:00.123Z",
		"-026-11-23T21:20:00.123Z",
		" 026-11-23T21:20:00.123Z",
		"2026-11-23T21:20:00.123Z ",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct wall t;

		if (date_parse_iso(str_from(bad[i]), &t))
			fail_msg("`%s` is taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_and_their_texts),
		cmocka_unit_test(moments_beyond_the_years_are_the_nearest),
		cmocka_unit_test(moments_at_random_come_back),
		cmocka_unit_test(texts_that_are_no_moments),
	};

	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
