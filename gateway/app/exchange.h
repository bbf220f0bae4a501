#ifndef PERIGEE_APP_EXCHANGE_H
#define PERIGEE_APP_EXCHANGE_H

/*
 * One request and its answer, from the moment it was read until the answer is
 * on its way.
 *
 * An exchange has one owner at a time: the worker thread that serves it, or,
 * while it waits for upstream, the fill that it waits for (app/fill.h), which
 * hands it back to a worker with the news. No lock is needed for its fields.
 */

#include "api/canon.h"
#include "app/answers.h"
#include "app/gateway.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "http/request.h"
#include "io/log.h"
#include "policy/entry.h"
#include "policy/mode.h"

/* How a request ended, in the words of perigee_requests_total{result}. */
/* clang-format off */
#define RESULTS(X)                                                                               \
	X(HIT, "hit")             /* fresh, without asking upstream */                           \
	X(STALE, "stale")         /* stale, at once or because nothing better could be had */    \
	X(MISS, "miss")           /* this request's call brought it */                           \
	X(COLLAPSED, "collapsed") /* somebody else's call, already under way, brought it */      \
	X(NEGATIVE, "negative")   /* upstream's own 400 or 404 */                                \
	X(INVALID, "invalid")     /* the request cannot be right: 400, 404, 405, 412, 414 */     \
	X(REFUSED, "refused")     /* no budget and nothing stored: 429 */                        \
	X(ERROR, "error")         /* 5xx */                                                      \
	X(LOCAL, "local")         /* the gateway's own pages and OPTIONS */
/* clang-format on */

enum result {
#define X(name, word) RESULT_##name,
	RESULTS(X)
#undef X
		RESULT_COUNT
};

const char *result_word(enum result result);

/* Pages of the gateway's own, in the words of perigee_pages_total{page}. */
/* clang-format off */
#define PAGES(X)                                                                                 \
	X(NONE, "none")       /* it is a request to an API */                                    \
	X(HEALTHZ, "healthz")                                                                    \
	X(READYZ, "readyz")                                                                      \
	X(METRICS, "metrics")                                                                    \
	X(STATUS, "status")                                                                      \
	X(ADMIN, "admin")                                                                        \
	X(OPENAPI, "openapi")                                                                    \
	X(OPTIONS, "options") /* of any path: browsers ask before they ask */
/* clang-format on */

enum page {
#define X(name, word) PAGE_##name,
	PAGES(X)
#undef X
		PAGE_COUNT
};

/* What an answer is, where it is not the APIs' JSON. */
struct media {
	const char *type;
	struct str fields; /* whole lines of the head, in place of those of CORS */
};

/* What a fill had to tell to one that waited for it. */
struct news {
	struct entry *entry; /* a reference; NULL: it failed */
	struct fail fail;
	bool collapsed;	 /* the fill was under way before this exchange joined */
	bool stored;	 /* others will find it too */
	int64_t took_ms; /* our own call; -1: there was none */
};

/* Windows and objects that fills brought to this exchange, newest first. */
#define HELD_MAX 5

/* A client in the budget's log, not to be recognised: `c` and a hash of its address. */
#define CLIENT_BYTES 18

/* After this many fills a list that changes under our hands is answered as it stands. */
#define FILLS_MAX 6

struct stored_look; /* app/stored.c */

struct exchange {
	void *connection; /* app/worker.c's; where the answer goes */
	struct arena *arena;
	struct request request;
	struct mono arrived;
	int64_t arrived_us;	   /* the same, finer: clock->us() */
	char client[CLIENT_BYTES]; /* who asks */
	uint64_t epoch;		   /* memory_epoch() when it was read; 0: nothing is remembered */
	struct str named;	   /* by the web server, instead of the address; may be empty */
	struct str address;	   /* the same for the log, where that is wanted */
	struct log_cause cause;	   /* its ids, for the lines that are logged because of it */

	struct gateway *gw;	 /* a reference: what it is served with; NULL in tests */
	struct catalog *catalog; /* a reference: what the request is understood by */
	bool routed;		 /* canon is valid */
	uint64_t purges;	 /* that memory has seen by then */
	struct canon canon;
	struct str self; /* lookup_self(), once that was asked for */
	uint32_t series; /* as which it is counted (app/metrics.h) */
	enum page page;	 /* what it is for, if not an API */

	struct stored_look *look;     /* for a stored answer (app/stored.h); NULL: none was taken */
	struct entry *held[HELD_MAX]; /* references */
	int fills;		      /* that this exchange waited for */
	int64_t upstream_ms;	      /* that the last of their calls took; -1: none was made */
	uint64_t others; /* that nginx has answered alike, since this was last put on the shelf */
	bool outdated;	 /* what the first of them is to bring was there, but old */
	bool collapsed;
	bool stored;
	bool answered;	    /* before it was served (app/serve.h) */
	bool wanted;	    /* by so many that nginx may keep it for a moment */
	struct fail failed; /* of the last fill, or FAULT_NONE */
	enum mode mode;	    /* in which it is served */

	struct exchange *next; /* of its owner: waiters of a fill, or those to be resumed */
	struct mono deadline;  /* of its owner, while it waits */
	struct news news;      /* of its owner, until serve() takes it */

	/* the answer */
	enum result result;
	int status;
	int64_t age_s;		   /* of one from entries; -1: it has none */
	const struct media *media; /* NULL: JSON that any page of the web may read */
	struct buf head;
	struct buf body;
	struct answer *answer; /* a reference; with status 200 the rest of head and the body */
};

/* Everything but the connection and the arena as new; gives back what is held. */
void exchange_reset(struct exchange *x);

/* The answer's pieces, in their order: the head's beginning, its rest and the body, where there is
 * one to send. */
#define EXCHANGE_PIECES 3
void exchange_pieces(const struct exchange *x, struct str ret[static EXCHANGE_PIECES]);

/* Who asks: by the name that nginx gives (x->named), else by the address (http/address.h). */
void exchange_name_client(struct exchange *x, struct str address);

/* Which request this is, for the log: its id, and the trace of `traceparent`; one of its own if
 * that says none. */
void exchange_name_cause(struct exchange *x, struct str traceparent);

/* Takes in the news of a fill. */
void exchange_take_news(struct exchange *x);

/* The entry for `target` that a fill brought, or NULL; no reference is given. */
struct entry *exchange_held(const struct exchange *x, struct str target);

#endif
