#include "unit/test.h"

#include "base/record.h"

#include <jansson.h>

static struct record r;

/* The line of what has been put between begin() and this. */
static const char *line(void)
{
	static char text[RECORD_BYTES + 1];
	struct str whole = record_end(&r);

	assert_in_range(whole.n, 1, RECORD_BYTES);
	memcpy(text, whole.p, whole.n);
	text[whole.n] = '\0';
	return text;
}

#define assert_lines(logfmt, json, ...)                                                            \
	do {                                                                                       \
		record_begin(&r, RECORD_LOGFMT);                                                   \
		record_putf(&r, __VA_ARGS__);                                                      \
		assert_string_equal(line(), logfmt "\n");                                          \
		record_begin(&r, RECORD_JSON);                                                     \
		record_putf(&r, __VA_ARGS__);                                                      \
		assert_string_equal(line(), json "\n");                                            \
	} while (0)

static void pairs_of_all_kinds(void **state)
{
	(void)state;
	assert_lines("a=1 b=text", "{\"a\":1,\"b\":\"text\"}", "a=%d b=%s", 1, "text");
	assert_lines("a=word", "{\"a\":\"word\"}", "a=word");
	assert_lines("a=-5 b=7 c=18446744073709551615",
		     "{\"a\":-5,\"b\":7,\"c\":18446744073709551615}", "a=%lld b=%u c=%llu", -5LL,
		     7U, ~0ULL);
	assert_lines("a=-9223372036854775808 n=12", "{\"a\":-9223372036854775808,\"n\":12}",
		     "a=%lld n=%zu", (long long)INT64_MIN, (size_t)12);
	assert_lines("ms=3.007", "{\"ms\":3.007}", "ms=%lld.%03lld", 3LL, 7LL);
	assert_lines("h=00000000000000ff", "{\"h\":\"00000000000000ff\"}", "h=%016llx", 255ULL);
	assert_lines("a=007", "{\"a\":\"007\"}", "a=%03d", 7);
	assert_lines("a=5s b=x5 c=50%", "{\"a\":\"5s\",\"b\":\"x5\",\"c\":\"50%\"}",
		     "a=%ds b=x%d c=%d%%", 5, 5, 50);
	assert_lines("v=abc c=z", "{\"v\":\"abc\",\"c\":\"z\"}", "v=%.*s c=%c", 3, "abcdef", 'z');
	assert_lines("v=ab", "{\"v\":\"ab\"}", "v=%.2s", "abcdef");
	/* A number in quotes is text. */
	assert_lines("a=5", "{\"a\":\"5\"}", "a=\"%d\"", 5);
	assert_lines("a=\"x and 5\" b=6", "{\"a\":\"x and 5\",\"b\":6}", "a=\"%s and %d\" b=%d",
		     "x", 5, 6);
}

/* Behind the compiler's back. */
static const char *no_text(void)
{
	static const char *volatile text;

	return text;
}

static void nothing_comes_of_nothing(void **state)
{
	(void)state;
	assert_lines("a=\"\"", "{\"a\":\"\"}", "a=%s", "");
	assert_lines("a=\"\" b=\"\"", "{\"a\":\"\",\"b\":\"\"}", "a= b=");
	assert_lines("a=(null)", "{\"a\":\"(null)\"}", "a=%s", no_text());
}

/* Whatever comes from outside is inside of its value. */
static void values_that_try_to_get_out(void **state)
{
	static const struct {
		const char *value;
		const char *logfmt;
		const char *json;
	} cases[] = {
		{ "a b", "\"a b\"", "\"a b\"" },
		{ "a=b", "\"a=b\"", "\"a=b\"" },
		{ "\" level=error x=\"", "\"\\\" level=error x=\\\"\"",
		  "\"\\\" level=error x=\\\"\"" },
		{ "\",\"x\":\"", "\"\\\",\\\"x\\\":\\\"\"", "\"\\\",\\\"x\\\":\\\"\"" },
		{ "\\", "\"\\\\\"", "\"\\\\\"" },
		{ "a\nts=1 forged", "\"a\\nts=1 forged\"", "\"a\\nts=1 forged\"" },
		{ "\r\t\x01\x1f", "\"\\r\\t\\u0001\\u001f\"", "\"\\r\\t\\u0001\\u001f\"" },
		{ "\x1b[31m", "\"\\u001b[31m\"", "\"\\u001b[31m\"" },
		{ "\x7f", "\"\\u007f\"", "\"\\u007f\"" },
		/* The other control characters, of which a terminal may take notice: CSI. */
		{ "\xC2\x9B"
		  "31m",
		  "\"\\u009b31m\"", "\"\\u009b31m\"" },
		{ "\xC2\xA0", "\"\xC2\xA0\"", "\"\xC2\xA0\"" },
		{ "caf\xC3\xA9", "\"caf\xC3\xA9\"", "\"caf\xC3\xA9\"" },
		{ "\xF0\x9F\x9A\x80", "\"\xF0\x9F\x9A\x80\"", "\"\xF0\x9F\x9A\x80\"" },
		{ "\xFF", "\"\xEF\xBF\xBD\"", "\"\xEF\xBF\xBD\"" },
		{ "a\xC3", "\"a\xEF\xBF\xBD\"", "\"a\xEF\xBF\xBD\"" },
		{ "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"",
		  "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
		{ "%d%s%n", "%d%s%n", "\"%d%s%n\"" },
		{ "5", "5", "\"5\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char want[200];

		record_begin(&r, RECORD_LOGFMT);
		record_putf(&r, "v=%s w=%d", cases[i].value, 1);
		snprintf(want, sizeof(want), "v=%s w=1\n", cases[i].logfmt);
		assert_string_equal(line(), want);
		record_begin(&r, RECORD_JSON);
		record_putf(&r, "v=\"%s\" w=%d", cases[i].value, 1);
		snprintf(want, sizeof(want), "{\"v\":%s,\"w\":1}\n", cases[i].json);
		assert_string_equal(line(), want);
	}
}

static void a_reason_is_remembered(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	record_begin(&r, RECORD_LOGFMT);
	record_putf(&r, "a=%d reason=\"%s\" b=%d", 1, "timed out", 2);
	assert_string_equal(r.reason, "timed out");
	record_putf(&r, "reason=%s", text);
	assert_int_equal(strlen(r.reason), RECORD_REASON_BYTES - 1);
	record_begin(&r, RECORD_LOGFMT);
	assert_string_equal(r.reason, "");
}

/* ---- too much ---- */

static void assert_is_json(const char *text, const char *key)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s at %d of %s", error.text, error.position, text);
	assert_non_null(json_object_get(json, key));
	json_decref(json);
}

static void a_long_value_is_cut(void **state)
{
	static char text[RECORD_VALUE_BYTES + 2];
	const char *whole;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (size_t n = RECORD_VALUE_BYTES - 1; n < sizeof(text); n++) {
		record_begin(&r, RECORD_JSON);
		record_putf(&r, "v=%.*s w=%d", (int)n, text, 1);
		whole = line();
		assert_is_json(whole, "w");
		assert_int_equal(strstr(whole, "\"truncated\":true}\n") != NULL,
				 n > RECORD_VALUE_BYTES);
	}
	/* Not in the middle of a character. */
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	record_begin(&r, RECORD_JSON);
	record_putf(&r, "v=x%s", text);
	assert_is_json(line(), "v");
}

static void what_has_no_room_is_left_out(void **state)
{
	static char text[RECORD_VALUE_BYTES];

	(void)state;
	memset(text, '\x01', sizeof(text) - 1); /* six bytes each */
	record_begin(&r, RECORD_JSON);
	record_putf(&r, "a=%s b=%d", text, 1);
	assert_string_equal(line(), "{\"b\":1,\"truncated\":true}\n");
	record_begin(&r, RECORD_LOGFMT);
	record_putf(&r, "a=%s b=%d", text, 1);
	assert_string_equal(line(), "b=1 truncated=true\n");
}

/* Filled to the last byte, by values of every length. */
static void lines_of_every_length_are_whole(void **state)
{
	static char text[RECORD_VALUE_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (int n = 0; n < (int)sizeof(text) - 1; n += 3) {
		struct str whole;

		record_begin(&r, RECORD_JSON);
		record_putf(&r, "a=%.*s b=%.*s c=%.*s d=%d", n, text, n, text, n, text, 1);
		whole = record_end(&r);
		assert_in_range(whole.n, 1, RECORD_BYTES);
		assert_memory_equal(whole.p + whole.n - 2, "}\n", 2);
		r.text[whole.n - 1] = '\0';
		assert_is_json(r.text, "a");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_of_all_kinds),
		cmocka_unit_test(nothing_comes_of_nothing),
		cmocka_unit_test(values_that_try_to_get_out),
		cmocka_unit_test(a_reason_is_remembered),
		cmocka_unit_test(a_long_value_is_cut),
		cmocka_unit_test(what_has_no_room_is_left_out),
		cmocka_unit_test(lines_of_every_length_are_whole),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
