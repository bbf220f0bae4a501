#ifndef PERIGEE_API_WINDOW_H
#define PERIGEE_API_WINDOW_H

/*
 * Lists are fetched and kept as aligned windows: objects 0 to 99, 100 to 199,
 * and so on. A page of any limit and offset is cut out of one window or two.
 *
 * Arithmetic only; sizes are counted in objects.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct span {
	int64_t from;
	int64_t to; /* from <= to; the objects from, from + 1, ... to - 1 */
};

/* Where the window that holds object `at` begins. */
int64_t window_start(int64_t at, uint32_t size);

/* The objects of a list of `count` that a page shows: empty past the end. */
struct span window_page(int64_t offset, int64_t limit, int64_t count);

/* How many objects the window from `start` must hold when the list has `count`. */
uint32_t window_expected(int64_t start, uint32_t size, int64_t count);

/* Does one of the ids stand in both windows? Comma lists of JSON ids, as entries keep them. */
bool window_ids_overlap(struct str a, struct str b);

#endif
