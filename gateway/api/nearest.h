#ifndef PERIGEE_API_NEAREST_H
#define PERIGEE_API_NEAREST_H

/*
 * What somebody probably meant: the known word nearest to an unknown one.
 *
 * Letter case and everything but letters and digits is passed over, so
 * `isCrewed` is `is_crewed` and `?ordering` is `ordering`; beyond that, letters
 * left out, added, changed or swapped with their neighbour are counted (optimal
 * string alignment), and a third of the word may differ.
 */

#include "base/str.h"

/* The nearest of the n words, the first of several; an empty view if none is near. */
struct str nearest(struct str word, const struct str *words, size_t n);

#endif
