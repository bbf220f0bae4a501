#ifndef PERIGEE_POLICY_PORTS_H
#define PERIGEE_POLICY_PORTS_H

/*
 * The world as the gateway sees it: a clock, a store and an upstream, each a
 * small table of functions. io/ makes them of the system clock, Redis and
 * libcurl; tests make them of memory and a clock that they move by hand.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/units.h"
#include "policy/entry.h"

struct clock {
	struct mono (*mono)(const struct clock *);
	struct wall (*wall)(const struct clock *);
};

/* ---- the store: what all workers on all hosts share ---- */

enum load {
	LOAD_FOUND,
	LOAD_ABSENT, /* not there, or not readable as an entry */
	LOAD_BROKEN, /* the store did not answer: never the same as absent */
};

/* Who asks for a call. Background calls leave a reserve of the quota to demand. */
enum call_class {
	CALL_DEMAND,
	CALL_BACKGROUND,
};

enum verdict {
	VERDICT_GRANTED,
	VERDICT_REFUSED,
	VERDICT_BROKEN, /* the store did not answer: nobody may call */
};

struct reservation {
	struct str budget; /* the budget's name, `ll2` */
	struct quota quota;
	uint32_t reserve; /* calls of the quota that background may not use */
	int64_t hold_ms;  /* how long the call may take: until it is settled it counts as made then
			   */
	enum call_class class;
	struct str id; /* unique among all calls of all workers */
};

struct allowance {
	uint32_t remaining; /* calls left to this class */
	int64_t wait_ms;    /* when refused: until the next one is free */
};

/* The state of a budget. */
struct usage {
	uint32_t used;	 /* calls made in the window that ends now */
	int64_t wait_ms; /* until a call would be granted; 0: one would be now */
};

/* A store belongs to one thread. */
struct store {
	enum load (*load)(struct store *, struct str key, struct entry **ret);

	/* Keeps a copy of the entry for keep_ms; false if the store did not take it. */
	bool (*save)(struct store *, struct str key, const struct entry *, int64_t keep_ms);

	/*
	 * Asks the shared budget for one call. The rule is a sliding log, as upstream's own: at
	 * most quota.calls in any window, by the store's clock. A granted call counts as made at
	 * the last moment it may arrive, until settle() says when it was over: so even a worker
	 * that dies in between cannot make the quota be exceeded.
	 */
	enum verdict (*reserve)(struct store *, const struct reservation *, struct allowance *ret);

	/* The call is over. `counted`: upstream may have seen it; otherwise its slot is free again.
	 */
	void (*settle)(struct store *, struct str budget, struct str id, bool counted);

	/* How much of the quota is used; takes nothing. False: the store did not answer. */
	bool (*usage)(struct store *, struct str budget, struct quota, struct usage *ret);

	/* Upstream refused a call with 429: nobody is granted another one for ms. */
	void (*cool_down)(struct store *, struct str budget, int64_t ms);

	bool (*ping)(struct store *);
	void (*free)(struct store *);
};

/* ---- the upstream ---- */

struct reply {
	void *tag;	       /* of the call that this answers */
	enum fault fault;      /* NONE, or UPSTREAM_DOWN, _SLOW, _GARBAGE: no whole answer came */
	bool reached;	       /* upstream may have seen (and counted) the request */
	int status;	       /* HTTP status; 0 if none came */
	bool is_json;	       /* by its Content-Type */
	struct buf body;       /* the receiver releases it */
	int64_t retry_after_s; /* its Retry-After; 0: none */
	int64_t took_ms;
};

/* Belongs to one thread, but for wake(). */
struct origin {
	/* Starts a GET of base + target, with the configured key if `authorized`: it belongs to
	 * one upstream only. False: it could not even be started. */
	bool (*begin)(struct origin *, struct str base, struct str target, bool authorized,
		      void *tag);

	/* Waits until a call is over, wake() was called or timeout_ms has passed. True: *ret is
	 * filled, and there may be more. */
	bool (*wait)(struct origin *, int64_t timeout_ms, struct reply *ret);

	/* Ends a wait(), now or the next one; from any thread. */
	void (*wake)(struct origin *);

	void (*free)(struct origin *);
};

#endif
