#ifndef PERIGEE_APP_WALKS_H
#define PERIGEE_APP_WALKS_H

/*
 * Walks through whole collections (policy/walk.h), so that all of each is stored.
 *
 * They are notes in the store, one in the folder `<prefix>:walks` for each list:
 * any worker on any host, and whoever has redis-cli, sees how far each is. One
 * worker at a time takes their steps (app/warm.h); after its end another one goes
 * on where they stand. Each step is a background call that takes what no refresh
 * wants, a window after the other; what is stored and fresh is passed over.
 */

#include "app/gateway.h"
#include "base/arena.h"
#include "policy/walk.h"

/* At a time. */
#define WALKS_MAX 64

/* All three work from any thread, with that thread's own store. */

/* Begins a walk through the list that `target` names, in any spelling; its limit and offset do not
 * matter. One that runs goes on as it is; one that is over begins anew. False and *reterr: the
 * target is none of a list, there are too many, or the store did not take it. */
bool walks_begin(const struct gateway *gw, struct store *store, struct str target,
		 struct fail *reterr);

/* Ends a walk, wherever it is; what it has brought stays. The target as above; NOT_FOUND: it is
 * no walk's. */
bool walks_forget(const struct gateway *gw, struct store *store, struct str target,
		  struct fail *reterr);

/* Visits every walk that is known (one that is over is, for a day), as views for the length of the
 * call. False: the store did not answer. */
typedef void walks_visitor(void *ctx, const struct walk *walk);
bool walks_visit(struct store *store, walks_visitor *visit, void *ctx);

/* Takes the steps that can be taken now; true while there is a walk that runs. What it needs comes
 * out of the arena, which it empties. */
bool walks_round(const struct gateway *gw, struct store *store, struct arena *a);

#endif
