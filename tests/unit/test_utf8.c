#include "unit/test.h"

#include "base/utf8.h"

/* Encodes any number up to 0x1FFFFF in the given count of bytes, allowed or not. */
static struct str encode(uint32_t code, size_t n, char to[static 4])
{
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	if (n == 1) {
		to[0] = (char)code;
		return (struct str){ to, 1 };
	}
	for (size_t i = n - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	to[0] = (char)(lead[n] | code);
	return (struct str){ to, n };
}

static size_t shortest(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static bool is_character(uint32_t code)
{
	return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

/* Every number in every length that can hold it: only the shortest form of a character is one. */
static void every_code_point_in_every_length(void **state)
{
	static const uint32_t ends[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };

	(void)state;
	for (size_t n = 1; n <= 4; n++) {
		for (uint32_t code = 0; code < ends[n]; code++) {
			char bytes[4];
			struct str s = encode(code, n, bytes);
			bool good = is_character(code) && n == shortest(code);

			if (utf8_char(s) != (good ? n : 0) || utf8_valid(s) != good)
				fail_msg("U+%X in %zu bytes: %zu", code, n, utf8_char(s));
		}
	}
}

static void cut_short_or_continued_wrongly(void **state)
{
	static const char *const bad[] = {
		"\x80",		"\xBF",	     "\xC3",	  "\xE2\x82",	   "\xF0\x9F\x9A",
		"\xC3(",	"\xE2(\xA1", "\xE2\x82(", "\xF0\x9F(\x80", "\xF0\x9F\x9A(",
		"\xF8\x88\x80", "\xFE",	     "\xFF",	  "a\xC0\xAF",	   "\xC3\xA9\x80",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (utf8_valid(str_from(bad[i])))
			fail_msg("row %zu passes", i);
}

static void texts(void **state)
{
	(void)state;
	assert_true(utf8_valid((struct str){ NULL, 0 }));
	assert_true(utf8_valid(STR("Kounot\xC5\x8Dri \xF0\x9F\x9A\x80")));
	assert_true(utf8_valid(STR("a\0b")));
	assert_int_equal(utf8_char((struct str){ NULL, 0 }), 0);
	assert_int_equal(utf8_char(STR("\xC3\xA9tude")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_in_every_length),
		cmocka_unit_test(cut_short_or_continued_wrongly),
		cmocka_unit_test(texts),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
