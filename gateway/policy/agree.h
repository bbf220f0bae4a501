#ifndef PERIGEE_POLICY_AGREE_H
#define PERIGEE_POLICY_AGREE_H

/*
 * May two neighbouring windows stand in one answer? Only if nothing says that
 * the list changed between their fetches: both saw the same count, they were
 * fetched close together, and no object is in both. Otherwise the older one is
 * fetched again (the newer one would still differ from it).
 */

#include <stdbool.h>

#include "policy/entry.h"

bool agree(const struct entry *a, const struct entry *b, int64_t skew_ms);

#endif
