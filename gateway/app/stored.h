#ifndef PERIGEE_APP_STORED_H
#define PERIGEE_APP_STORED_H

/*
 * Answers out of the store, for a worker that remembers nothing (`[cache] memory_bytes = 0`):
 * composed and compressed once (policy/composed.h), found in one round trip, and sent as they are.
 *
 * Before anything else is looked up the store is asked for the answer itself (stored_look()), with
 * what tells whether it is still what would be composed. If so, stored_find() makes of it what
 * look_up() would have found, so that nobody else need know: only the bodies of the entries are
 * missing. Else the page is composed of its entries, and stored when it is asked for the second
 * time within a while (stored_keep()): what a crawler reads once is not worth its bytes.
 *
 * Never of lists that are cut at moving bounds: no two requests for them are the same.
 */

#include "app/lookup.h"

struct stored;

/* NULL without memory. */
struct stored *stored_new(void);
void stored_free(struct stored *s);

/* Looks for the answers to n exchanges (ANSWERS_AT_ONCE at most), which are routed and have not
 * been looked for: in one round trip. What is found lasts until the store is asked for others. */
void stored_look(const struct gateway *gw, struct store *store, struct exchange *const *xs,
		 size_t n);

/* The answer to x, if that was found and may be given: into *ret as look_up() leaves it, with
 * ret->composed. False: there is none, and look_up() is to say what there is. */
bool stored_find(const struct gateway *gw, struct exchange *x, struct lookup *ret);

/* Shall the answer that is composed of what was found be stored? Each second time, where it can be.
 */
bool stored_wants(const struct gateway *gw, const struct exchange *x, const struct lookup *found);

/* Stores it: x->body. */
void stored_keep(struct store *store, const struct exchange *x, const struct lookup *found);

#endif
