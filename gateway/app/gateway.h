#ifndef PERIGEE_APP_GATEWAY_H
#define PERIGEE_APP_GATEWAY_H

/*
 * What requests are served with: the configuration in force, and what the whole process shares
 * (the fills, the memory, the answers, the tops, the metrics, the scrape and the status have locks
 * of their own).
 *
 * main() builds the first one. When the configuration is read again (SIGHUP), another one
 * takes its place: the same shared parts, with other settings and tables. Each is immutable from
 * then on and counted by references, and a request is served to its end with the one that it
 * began with: it never sees half of a change.
 *
 * Whoever lives longer than a request keeps the first one, which lives as long as the process, and
 * takes the one in force when there is something to do (gateway_take()).
 */

#include <pthread.h>
#include <stdatomic.h>

#include "api/canon.h"
#include "app/config.h"
#include "app/pulse.h"
#include "http/bases.h"
#include "policy/ports.h"

struct ahead;
struct answers;
struct fills;
struct identities;
struct memory;
struct metrics;
struct origin_switch;
struct scrape;
struct shelve;
struct status;
struct stored;
struct tops;

struct gateway {
	/* the configuration */
	const struct config *config;
	struct catalog *catalog; /* `owned` holds a reference */
	struct canon_options canon;
	struct bases bases;
	int64_t time_step_us; /* grid of bounds of time that cannot be cut to; 0: they stay */

	/* shared by all of them: from here ... */
	const struct clock *clock;
	struct fills *fills;
	struct memory *memory;
	struct answers *answers;
	struct shelve *shelve; /* where nginx takes answers from; NULL: nowhere */
	struct stored *stored; /* answers out of the store; NULL: what is remembered will do */
	struct tops *tops;
	struct metrics *metrics;
	struct scrape *scrape;
	struct status *status;
	const struct identities *identities; /* who calls upstream; NULL: one without a key */
	struct ahead *ahead;		     /* who walks through lists */
	struct origin_switch *origin;	     /* how much upstream may be asked now */

	/* ... to here. Of gateway.c: */
	uint64_t serial; /* no other one has it */
	struct gateway *first;
	atomic_int refs;
	void *owned;		      /* what the configuration is a view of ... */
	void (*release)(void *owned); /* ... ended with it */

	/* of the first one only */
	pthread_mutex_t lock; /* whoever takes `now` has it while he does */
	_Atomic(struct gateway *) now;
	struct pulses pulses; /* of the threads that serve */
	atomic_bool stopping; /* answers go out, nothing new is accepted */
};

/* Makes *first, filled in but for its lower half, the one in force. It is not moved and not freed;
 * gateway_end() comes when no reference is left but those in hand of the callers of gateway_init().
 */
void gateway_init(struct gateway *first);
void gateway_end(struct gateway *first);

/* One with the shared parts of `first` and the configuration of *settings, whose `owned` becomes
 * its own; in force from here on. False without memory: nothing has changed,
 * and all is still the caller's. */
bool gateway_replace(struct gateway *first, const struct gateway *settings);

/* The one in force: a reference. */
struct gateway *gateway_take(const struct gateway *gw);

/* Is it still that? Cheap enough to be asked for every request. */
bool gateway_is_in_force(const struct gateway *gw);

/* One reference more. */
struct gateway *gateway_ref(struct gateway *gw);

/* Gives it back. NULL is fine. */
void gateway_give_back(struct gateway *gw);

#endif
