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
#include "policy/composed.h"
#include "policy/entry.h"

struct clock {
	struct mono (*mono)(const struct clock *);
	struct wall (*wall)(const struct clock *);
	int64_t (*us)(const struct clock *); /* like mono(), finer: to measure what is short */
};

/* ---- the store: what all workers on all hosts share ---- */

enum load {
	LOAD_FOUND,
	LOAD_ABSENT, /* not there, or not readable as an entry */
	LOAD_BROKEN, /* the store did not answer: never the same as absent */
};

/* Who asks for a call, the first before the last. Calls in the background leave a reserve of the
 * quota to demand; spare ones (a walk, the next window of a crawler) what the refreshes of stale
 * answers may want at once, too. */
enum call_class {
	CALL_DEMAND,
	CALL_BACKGROUND,
	CALL_SPARE,
};

enum verdict {
	VERDICT_GRANTED,
	VERDICT_REFUSED,      /* not before allowance.wait_ms */
	VERDICT_ELSEWHERE,    /* another worker fetches the target, for wait_ms at least */
	VERDICT_UNCALIBRATED, /* the budget has to be compared with upstream's own count first */
	VERDICT_BROKEN,	      /* the store did not answer */
};

/* One call, by which all that is said of it later is known. */
struct ticket {
	/* The budget's name, `ll2`; or `ll2/main`, which is a log of its own for one identity: what
	 * is leased is the target, over all of them. */
	struct str budget;
	struct str target; /* what it fetches */
	struct str client; /* for whom; empty: nobody waits, it is a background call */
	bool spare;	   /* one that can wait, too: it takes none of what may come together */
	struct str id;	   /* unique among all calls of all workers */
	int64_t hold_ms;   /* the longest that it takes: until it is settled it counts as made at
			    * its end; 0: upstream does not count it */
	int64_t asked_ms;  /* when it was granted, by the store's clock; 0: the store did not
			    * answer, or that is not known yet */
};

struct reservation {
	struct ticket ticket;
	struct quota quota;    /* unless upstream has told another */
	uint32_t reserve;      /* calls of the quota that background may not use */
	uint32_t client_share; /* percent of the quota for one client while others ask too */
	bool calibrated;       /* only a budget that was compared with upstream's count will do */
	int64_t compared_ms;   /* not longer ago than this; 0: anew; below 0: whenever it was */
};

struct allowance {
	uint32_t remaining; /* calls left to this class */
	int64_t wait_ms;
	int64_t asked_ms; /* now, by the store's clock */
};

/* What is known of a call that is over. */
enum counted {
	COUNTED_NO,
	COUNTED_YES,
	COUNTED_PERHAPS, /* it counts as made at the last moment it may arrive */
};

/* Upstream's own count of our calls. */
struct count {
	struct quota quota;
	uint32_t used;
	int64_t wait_ms;  /* until it would take another one */
	int64_t free_ms;  /* of usage(): until the oldest that counts does not any more; 0: none */
	int64_t cool_ms;  /* of usage(): that nobody asks because of a 429; 0: anybody may */
	int64_t asked_ms; /* when it was asked for, by the store's clock */
};

/* What the store says of itself; below 0: it does not say. */
struct store_stats {
	int64_t keys; /* of its database, whoever's they are */
	int64_t bytes;
	int64_t bytes_max; /* 0: no limit */
	int64_t evicted;   /* for want of memory, since it was started */
};

/* A target's lease: so long after its worker's death another one takes over. */
#define LEASE_MS       5000
#define LEASE_RENEW_MS 1000

/* So long the store remembers what was purged; no call may take longer. */
#define PURGES_KEPT_MS (15 * 60 * 1000LL)

/* And so long what workers were told of, for one that could not listen. */
#define PURGES_TOLD_MS (24 * 3600 * 1000LL)

/* Receives one note of a folder: views for the length of the call. */
typedef void note_visit(void *ctx, struct str name, struct str value);

/* Answers that are looked for at once. */
#define ANSWERS_AT_ONCE 16

/* A composed answer (policy/composed.h) that is looked for, and what is found of it. */
struct answer_query {
	struct str url; /* the name by which it is stored */
	size_t n;
	struct answer_place {
		struct str target; /* of an entry that it would be made of or stored with */

		/* what is found, as views that last until others are looked for */
		struct str sum;		/* of the entry; empty: it is not there */
		bool purged;		/* it has been made stale */
		struct composed answer; /* parts_n == 0: none */
	} places[COMPOSED_PARTS];
};

/* A store belongs to one thread. */
struct store {
	enum load (*load)(struct store *, struct str key, struct entry **ret);

	/* Keeps a copy of the entry for keep_ms; false if the store did not take it. */
	bool (*save)(struct store *, struct str key, const struct entry *, int64_t keep_ms);

	/* Looks for n answers (ANSWERS_AT_ONCE at most) in one round trip. Where the store does not
	 * answer, nothing is found. */
	void (*find_answers)(struct store *, struct answer_query *const *, size_t n);

	/* Stores an answer by its URL, with the entry for `target`: unless that has another sum by
	 * now, or the store has no room. */
	void (*keep_answer)(struct store *, struct str target, struct str sum, struct str url,
			    const struct composed *);

	/*
	 * Purges what is stored of the entry, if an operator has purged what it holds
	 * (policy/purge.h) at asked_ms or since: what was asked for before must not come back as
	 * fresh. Asked after save(), so that whoever purges either finds what was saved or has
	 * said before that it shall go. True: that was so. asked_ms is the ticket's, at most
	 * PURGES_KEPT_MS ago; 0: whatever is remembered counts.
	 */
	bool (*purge_late)(struct store *, const struct entry *, int64_t asked_ms);

	/*
	 * Asks for one call, and for being the only one who fetches the target. The budget's rule
	 * is a sliding log, as upstream's own: at most quota.calls in any window, by the store's
	 * clock. A granted call counts as made at the last moment it may arrive, until settle()
	 * says when it was over: so even a worker that dies in between cannot make the quota be
	 * exceeded. The target is leased for LEASE_MS; renew() lengthens that.
	 */
	enum verdict (*reserve)(struct store *, const struct reservation *, struct allowance *ret);

	/* The same for a call that upstream does not count: only the target is leased. */
	enum verdict (*claim)(struct store *, const struct ticket *, struct allowance *ret);

	/* The call still runs; should the store have lost it, it is there again. */
	void (*renew)(struct store *, const struct ticket *);

	/* The call is over, its target free, and `news` (policy/news.h) told to all workers. */
	void (*settle)(struct store *, const struct ticket *, enum counted, struct str news);

	/* Upstream has told its own count: calls that the log lacks are somebody else's. One that
	 * was asked for before another that is known changes nothing. */
	bool (*calibrate)(struct store *, struct str budget, const struct count *);

	/* Upstream's count as far as the log knows it; takes nothing. False: the store did not
	 * answer. */
	bool (*usage)(struct store *, struct str budget, struct quota quota, struct count *ret);

	/* Upstream refused a call with 429: nobody is granted another one for ms, and none before
	 * the budget is calibrated anew. `guessed`: it did not say for how long, and what it tells
	 * then is better. */
	void (*cool_down)(struct store *, struct str budget, int64_t ms, bool guessed);

	/* False: the store did not answer. */
	bool (*stats)(struct store *, struct store_stats *ret);
	/*
	 * Notes: small values that all hosts share, each by a name of its own, or as one of many
	 * in a folder. `news` (may be empty) is told to all workers. A value that is no such thing
	 * is as if it were absent.
	 */
	enum load (*recall)(struct store *, struct str name, struct buf *ret);
	bool (*remember)(struct store *, struct str name, struct str value, struct str news);
	bool (*recall_all)(struct store *, struct str folder, note_visit *visit, void *ctx);

	/* An empty value takes the note away. */
	bool (*remember_in)(struct store *, struct str folder, struct str name, struct str value);

	/* Takes an office, or goes on holding it, for ms from now: nobody else does meanwhile.
	 * False: somebody else holds it, or the store did not answer. */
	bool (*hold_office)(struct store *, struct str office, struct str id, int64_t ms);

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
	/* Starts a GET of base + target, with the key `token` where it is not empty. False: it
	 * could not even be started. */
	bool (*begin)(struct origin *, struct str base, struct str target, struct str token,
		      void *tag);

	/* Waits until a call is over, wake() was called or timeout_ms has passed. True: *ret is
	 * filled, and there may be more. */
	bool (*wait)(struct origin *, int64_t timeout_ms, struct reply *ret);

	/* Ends a wait(), now or the next one; from any thread. */
	void (*wake)(struct origin *);

	void (*free)(struct origin *);
};

#endif
