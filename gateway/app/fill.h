#ifndef PERIGEE_APP_FILL_H
#define PERIGEE_APP_FILL_H

/*
 * Calls to upstream: one thread makes them all, one at a time for each target,
 * also among all workers.
 *
 * A fill belongs to nobody. Whoever needs its target joins it and waits; it goes
 * on when they have given up, and what it brings is stored for those who come
 * later. A failed fill is remembered for a moment, so that a target that cannot
 * be had does not eat up the quota.
 *
 * A fill's life: queued -> (another worker has filled it: done) -> permitted
 * (app/permit.h) -> called -> its reply judged (policy/intake.h) -> stored ->
 * everybody who waits is told, here and through the store in all other workers.
 * If another worker fetches the target, it waits for that one's news, and takes
 * over when the other one's lease ends without any.
 *
 * fills_join() and fills_hear() are called from any thread; everything else that
 * touches the store or upstream happens in the fills' own thread.
 */

#include "app/fill_options.h"
#include "app/gateway.h"
#include "policy/intake.h"
#include "policy/news.h"

struct fills;

/* Takes over `store` and `origin`, also when it fails. NULL without memory. */
struct fills *fills_new(const struct fills_options *options, const struct clock *clock,
			struct store *store, struct origin *origin, fills_resume *resume,
			void *ctx);

/* Starts the thread. It begins with comparing every budget of `catalog` with upstream's own
 * count. */
bool fills_start(struct fills *fills, const struct catalog *catalog);

/*
 * Ends the thread: fills that are under way go on until `grace_ms` have passed,
 * then whoever still waits is told that the gateway is shutting down.
 */
void fills_stop(struct fills *fills, int64_t grace_ms);
void fills_free(struct fills *fills);

/*
 * Asks for what `want` names to be fetched, unless what is stored of it is
 * fresh and newer than `newer_than`. With a waiter: true, and it is no longer the
 * caller's but comes back through resume(); or false and *reterr, when the
 * target failed a moment ago or too many wait already. Without one the fill
 * runs in the background: the return value says whether it was taken up.
 */
bool fills_join(struct fills *fills, const struct want *want, struct wall newer_than,
		struct exchange *waiter, struct fail *reterr);

/* Asks for it in the background where nobody has, with what no refresh wants: for what may be
 * asked for one day. The return value says whether it was taken up. */
bool fills_spare(struct fills *fills, const struct want *want, struct wall newer_than,
		 struct fail *reterr);

/* News from another worker. */
void fills_hear(struct fills *fills, const struct bulletin *news);

/* Other times, numbers and shares from here on; how long a call takes, and all else, stays. */
void fills_configure(struct fills *fills, const struct fills_options *options);

/* News may have been missed: whoever waits for another worker asks again. */
void fills_hear_again(struct fills *fills);

#endif
