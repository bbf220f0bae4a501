#ifndef PERIGEE_BASE_UTF8_H
#define PERIGEE_BASE_UTF8_H

/*
 * UTF-8 as RFC 3629 section 4 defines it: no overlong forms, no surrogates,
 * nothing above U+10FFFF.
 */

#include "base/str.h"

/* The length in bytes of the well-formed character that s begins with, or 0. */
size_t utf8_char(struct str s);

bool utf8_valid(struct str s);

/* Without the white space of any script at both ends: what Python's str.strip() leaves of s, which
 * is valid. */
struct str utf8_trim(struct str s);

#endif
