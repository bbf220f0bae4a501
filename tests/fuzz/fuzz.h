#ifndef PERIGEE_TESTS_FUZZ_FUZZ_H
#define PERIGEE_TESTS_FUZZ_FUZZ_H

/*
 * What the fuzz targets share. A target takes bytes, uses a module on them and
 * calls must() for each thing that has to hold; README.md says what each holds.
 */

#include "base/buf.h"
#include "base/hash.h"
#include "base/str.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stops the program, with a word on stderr, unless `holds`. */
static inline void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* An empty input is an empty view in its barest form. */
static inline struct str fuzz_input(const uint8_t *data, size_t size)
{
	return (struct str){ size ? (const char *)data : NULL, size };
}

/* Cuts one line off the front of *rest, without the newline. */
static inline struct str fuzz_line(struct str *rest)
{
	return str_cut(rest, '\n');
}

/* Cuts one word (up to a blank) off the front of *rest. */
static inline struct str fuzz_word(struct str *rest)
{
	return str_cut(rest, ' ');
}

/* Cuts one number off the front of *rest: brought into min..max; `otherwise` if there is none. */
static inline int64_t fuzz_number(struct str *rest, int64_t min, int64_t max, int64_t otherwise)
{
	int64_t number;

	if (!str_to_i64(fuzz_word(rest), &number))
		number = otherwise;
	if (number < min)
		number = min;
	return number > max ? max : number;
}

/* What jansson reads in text, or NULL. The caller gives it back. */
static inline json_t *fuzz_json(struct str text)
{
	return json_loadb(text.p ? text.p : "", text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

static inline bool fuzz_same_text(const json_t *string, struct str text)
{
	return json_is_string(string) &&
	       str_eq((struct str){ json_string_value(string), json_string_length(string) }, text);
}

#endif
