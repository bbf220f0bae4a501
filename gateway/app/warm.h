#ifndef PERIGEE_APP_WARM_H
#define PERIGEE_APP_WARM_H

/*
 * The thread that has things fetched before anybody asks: a list of requests that
 * are kept fresh (`[warm] list`, policy/warm_list.h), and walks through whole
 * collections (app/walks.h).
 *
 * One worker of all hosts does it, the one that holds the office `<prefix>:warmer`
 * in the store; when it is gone another takes over within seconds. Nothing here
 * calls upstream: it looks whether something is stored and fresh, as a request
 * would, and if not asks the fills for it. So the budget, its reserve for demand and the
 * one call for each target hold as for all else.
 *
 * A request of the list counts as one that a client makes once a minute: it is
 * refreshed when its turn is among all that is. Only what the list names is
 * refreshed for ever; take it off the list, and it is forgotten like all else.
 *
 * The thread also reads the origin's mode anew when it is in doubt (app/origin.h).
 */

#include "app/gateway.h"
#include "policy/warm_list.h"

struct warm;

/* `store` and `list` become its own, also when it fails. NULL without memory. */
struct warm *warm_new(const struct gateway *gw, struct store *store, struct warm_list *list);

/* Starts the thread. */
bool warm_start(struct warm *w);

/* Another list; it becomes its own. From any thread. */
void warm_replace(struct warm *w, struct warm_list *list);

/* Something may have changed: a round is due at once. From any thread. */
void warm_wake(struct warm *w);

/* One round of all that is due; how long until the next one, in ms. The thread's own, or a test's
 * that has not started it. */
int64_t warm_round(struct warm *w);

/* Ends the thread. NULL is fine, here and below. */
void warm_stop(struct warm *w);
void warm_free(struct warm *w);

#endif
