#ifndef PERIGEE_BASE_ARENA_H
#define PERIGEE_BASE_ARENA_H

/*
 * Memory that lives until a request ends: allocated piece by piece, given back
 * all at once by arena_reset().
 *
 * An arena belongs to one request at a time and is not thread safe. It has a
 * cap, so that no input, however hostile, can make a request take more. The
 * first block is kept over resets: a steady state allocates nothing. Built with
 * ARENA_EACH_ITS_OWN every piece is a malloc of its own, so that
 * AddressSanitizer sees an overrun of each.
 */

#include "base/str.h"

struct arena;

/* An empty arena that will hand out at most cap bytes between resets. NULL without memory. */
struct arena *arena_new(size_t cap);
void arena_free(struct arena *a);

/* Everything handed out so far is gone. */
void arena_reset(struct arena *a);

/* n zeroed bytes, aligned for any type; NULL over the cap or without memory. */
void *arena_alloc(struct arena *a, size_t n);

/* An array of count zeroed elements; NULL as above, or if the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* A NUL-terminated copy of s; p == NULL as above. */
struct str arena_dup(struct arena *a, struct str s);

#endif
