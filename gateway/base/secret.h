#ifndef PERIGEE_BASE_SECRET_H
#define PERIGEE_BASE_SECRET_H

/*
 * Comparing what somebody claims to know with what is to be known.
 */

#include "base/str.h"

/* Equal? The time it takes depends on the length of `claimed` only, so that nobody can
 * find out the secret byte by byte. */
bool secret_matches(struct str secret, struct str claimed);

#endif
