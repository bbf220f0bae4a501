#ifndef PERIGEE_BASE_STR_H
#define PERIGEE_BASE_STR_H

/*
 * A view of bytes that somebody else owns: where they begin and how many.
 *
 * Views are passed and returned by value and never own memory; whoever keeps
 * one says what it was cut from. The bytes are not NUL-terminated. An empty
 * view may have p == NULL; no function here reads through it then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n; /* bytes */
};

/* A view of a string literal (not of a pointer: sizeof must see the array). */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* For printf's "%.*s". Views that are printed are short: the cast is safe below 2 GiB. */
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""

/* A view of a NUL-terminated string; NULL gives the empty view. */
static inline struct str str_from(const char *z)
{
	return (struct str){ z, z ? strlen(z) : 0 };
}

/* The bytes from (inclusive) to (exclusive). To add even nothing to a NULL is undefined, so the
 * empty view is left alone. */
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
	return (struct str){ from ? s.p + from : s.p, to - from };
}

/* Here, so that the length, which mostly tells already, is compared without a call. (That what is
 * not empty is not NULL is said for the analysis, which cannot know.) */
static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || (b.p && memcmp(a.p, b.p, a.n) == 0));
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);

/* Byte order, a shorter prefix first: what DRF's sorted() gives for UTF-8 names. */
int str_cmp(struct str a, struct str b);

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The first place of c in s, or s.n if it is not there. */
size_t str_find(struct str s, char c);

/* Takes what stands before the next sep (or all that is left) off the front of *rest, and the
 * separator with it. Loop with `while (rest.n)`: a trailing separator yields no empty piece. */
struct str str_cut(struct str *rest, char sep);

/* Without ASCII blanks (space, tab, CR, LF) at both ends. */
struct str str_trim(struct str s);

/* Takes the next word, up to a space, off the front of *rest, and the blanks around it with it;
 * empty when none is left. */
struct str str_cut_word(struct str *rest);

/* Nothing but decimal digits; true of nothing at all. */
bool str_is_digits(struct str s);

/* Decimal digits with an optional leading '-', nothing else, within int64_t. */
bool str_to_i64(struct str s, int64_t *ret);

/* The decimal digits of a number, in `text`. */
#define STR_U64_BYTES 20
struct str str_of_u64(uint64_t value, char text[static STR_U64_BYTES]);

/* Does `pattern`, literal but for one optional trailing '*', match all of s? */
bool str_glob(struct str pattern, struct str s);

#endif
