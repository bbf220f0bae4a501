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

/* Every character before, behind and between two letters: cut off where it is white space. */
static void white_space_at_the_ends(void **state)
{
	static const uint32_t blanks[] = { 0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,
					   0x1D,   0x1E,   0x1F,   0x20,   0x85,   0xA0,
					   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
					   0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A,
					   0x2028, 0x2029, 0x202F, 0x205F, 0x3000 };
	size_t found = 0;

	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		char bytes[4];
		char text[20];
		struct str one = encode(code, shortest(code), bytes);
		int n = snprintf(text, sizeof(text), "%.*s%.*sa%.*sb%.*s", STR_ARG(one),
				 STR_ARG(one), STR_ARG(one), STR_ARG(one));
		bool blank = found < COUNT(blanks) && blanks[found] == code;

		if (!code || !is_character(code))
			continue;
		found += blank;
		if ((utf8_trim((struct str){ text, (size_t)n }).n == 2 + one.n) != blank)
			fail_msg("U+%X", code);
		if (utf8_trim(one).n != (blank ? 0 : one.n))
			fail_msg("U+%X alone", code);
	}
	assert_int_equal(found, COUNT(blanks));
	assert_int_equal(utf8_trim((struct str){ NULL, 0 }).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_in_every_length),
		cmocka_unit_test(cut_short_or_continued_wrongly),
		cmocka_unit_test(texts),
		cmocka_unit_test(white_space_at_the_ends),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
