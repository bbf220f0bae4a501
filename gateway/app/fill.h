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

#include "app/exchange.h"
#include "app/gateway.h"
#include "app/origin.h"
#include "app/permit.h"
#include "policy/intake.h"
#include "policy/news.h"

struct fills;

struct fills_options {
	int64_t wait_ms; /* a waiter's patience, from its arrival */
	size_t waiting_max;
	int64_t retry_ms;
	struct permit_options permit;
	struct metrics *metrics;	    /* where calls are counted */
	const struct origin_switch *origin; /* how much upstream may be asked; NULL: as it likes */
	struct pulses *pulses; /* where the thread shows that it lives; NULL: nowhere */
};

/* Called in the fills' thread with an exchange whose news is in; it is the callee's from then. */
typedef void fills_resume(void *ctx, struct exchange *x);

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

/* What a worker is doing about a target, for people. */
struct fill_report {
	bool known;	/* false: nothing, and the rest does not count */
	bool under_way; /* asked for, or waiting for its turn; false: it has failed */
	bool calling;	/* upstream is being asked by this worker */
	enum call_class class;
	size_t waiters;
	struct fail failure; /* where it has failed, with the time until it may be tried again */
};

struct fill_report fills_look(struct fills *fills, struct str target);

/* News from another worker. */
void fills_hear(struct fills *fills, const struct bulletin *news);

/* Other times, numbers and shares from here on; how long a call takes, and all else, stays. */
void fills_configure(struct fills *fills, const struct fills_options *options);

/* How many there are just now. */
struct fills_stats {
	size_t calling; /* calls to upstream that are under way */
	size_t queued;	/* what else is to be fetched */
	size_t waiting; /* exchanges */
};

struct fills_stats fills_stats(struct fills *fills);

/* One of them, for people to see. */
struct fill_shown {
	char target[200]; /* its beginning, NUL-terminated */
	enum call_class class;
	bool calling; /* its call is under way */
	size_t waiting;
};

/* Those that call, then others, as many as fit; returns how many there are in all. */
size_t fills_show(struct fills *fills, struct fill_shown *ret, size_t n);

/* News may have been missed: whoever waits for another worker asks again. */
void fills_hear_again(struct fills *fills);

#endif
