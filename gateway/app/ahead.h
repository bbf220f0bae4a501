#ifndef PERIGEE_APP_AHEAD_H
#define PERIGEE_APP_AHEAD_H

/*
 * Fetches the next window for those who walk through a list (policy/crawl.h),
 * with what no refresh wants: a spare call (app/fill.h), which comes after all others
 * and makes nobody wait. Any thread.
 */

#include "app/lookup.h"

struct ahead;

/* NULL without memory. */
struct ahead *ahead_new(void);
void ahead_free(struct ahead *a);

/* x is answered from what was found. Without a gw->ahead nothing is fetched. */
void ahead_note(const struct gateway *gw, const struct exchange *x, const struct lookup *found);

#endif
