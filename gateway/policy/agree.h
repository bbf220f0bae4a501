#ifndef PERIGEE_POLICY_AGREE_H
#define PERIGEE_POLICY_AGREE_H

/*
 * May two neighbouring windows stand in one answer? Only if nothing says that
 * the list changed between their fetches: both saw the same count, they were
 * fetched close together, and no object is in both. Otherwise the older one is
 * fetched again (the newer one would still differ from it).
 *
 * Some lists never agree: upstream orders objects that compare equal anew for
 * every page, so one of them can be on two pages for ever. A window that was
 * fetched again for agreement's sake (entry->again) is therefore believed: one
 * try, and where the counts differ one for each window.
 */

#include <stdbool.h>

#include "policy/entry.h"

bool agree(const struct entry *a, const struct entry *b, int64_t skew_ms);

#endif
