#ifndef PERIGEE_UNIT_TEST_H
#define PERIGEE_UNIT_TEST_H

/*
 * cmocka, and comparisons that show what was wanted and what came.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* cmocka's fail() takes no arguments, and base/fault.h has another one. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                              \
	do {                                                                                       \
		print_error(__VA_ARGS__);                                                          \
		print_error("\n");                                                                 \
		_fail(__FILE__, __LINE__);                                                         \
	} while (0)

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void assert_view_at(struct str got, struct str want, const char *file, int line)
{
	if (str_eq(got, want))
		return;
	print_error("want: `%.*s`\ngot:  `%.*s`\n", STR_ARG(want), STR_ARG(got));
	_fail(file, line);
}

/* The view `got` reads like the NUL-terminated `want`. */
#define assert_view(got, want) assert_view_at((got), str_from(want), __FILE__, __LINE__)

static inline void assert_holds_at(struct str text, struct str part, bool wanted, const char *file,
				   int line)
{
	bool found = text.n >= part.n && memmem(text.p, text.n, part.p, part.n);

	if (found == wanted)
		return;
	print_error("%s: `%.*s`\nin:   `%.*s`\n", wanted ? "missing" : "unwanted", STR_ARG(part),
		    STR_ARG(text));
	_fail(file, line);
}

/* The view `text` holds `part` somewhere, or nowhere. */
#define assert_holds(text, part) assert_holds_at((text), str_from(part), true, __FILE__, __LINE__)
#define assert_lacks(text, part) assert_holds_at((text), str_from(part), false, __FILE__, __LINE__)

/* Pseudo-random numbers that are the same in every run. */
static inline uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

#endif
