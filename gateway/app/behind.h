#ifndef PERIGEE_APP_BEHIND_H
#define PERIGEE_APP_BEHIND_H

/*
 * What is fetched behind an answer, for those who come later.
 */

#include "app/lookup.h"

/* Has what is old among the entries of an answer refreshed. */
void refresh_behind(const struct gateway *gw, const struct lookup *found);

/* Has what an answer lacks fetched, with nobody to wait for it. */
void fetch_behind(const struct gateway *gw, const struct lookup *found);

#endif
