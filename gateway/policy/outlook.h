#ifndef PERIGEE_POLICY_OUTLOOK_H
#define PERIGEE_POLICY_OUTLOOK_H

/*
 * Are clients being served well? One sentence that anybody understands, and what
 * else there is to know, out of counts and of how upstream and the store are:
 *
 *     Clients are served well: 99.2 % from the cache in the last hour.
 *     Upstream refuses calls for another 12 min; clients get answers up to 1 h old.
 *
 * What clients notice comes first: requests that were not answered, then answers
 * that are old, then what will lead to either. A quota that is spent is no trouble by
 * itself: that is what the cache is there for.
 *
 * Pure; times are spans, so that no clock and no time zone comes into it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTLOOK_TEXT_BYTES 160
#define OUTLOOK_NOTES	   4

enum outlook_level {
	OUTLOOK_GOOD,
	OUTLOOK_IDLE,	  /* nobody has asked, and nothing is wrong */
	OUTLOOK_DEGRADED, /* clients are answered, but not as they should be */
	OUTLOOK_BAD,	  /* a part of them is not */
};

/* Requests to an API that could be answered: not what was malformed, nor upstream's own 404s. */
struct served {
	uint64_t fresh;	  /* out of the cache */
	uint64_t stale;	  /* out of the cache, older than wanted */
	uint64_t fetched; /* after waiting for upstream */
	uint64_t refused; /* nothing stored, and no call left */
	uint64_t failed;
};

/* How it is about the budget that is worst off. */
struct supply {
	bool off;	     /* an operator has said that upstream is not to be asked */
	bool known;	     /* false: the store, which knows, is away */
	bool silent;	     /* upstream does not answer, and is left alone for a while */
	int64_t cooldown_ms; /* upstream said that it wants no call for so long; 0: it takes them */
	uint32_t remaining;  /* calls */
	int64_t next_free_ms; /* with none remaining: until the next one is free */
};

struct vitals {
	struct served hour;   /* the last one */
	struct served recent; /* the last 5 minutes */
	int64_t stale_upto_s; /* no stale answer of the last hour was older; below 0: who knows */
	bool store_up;
	struct supply supply;
};

struct outlook {
	enum outlook_level level;
	char sentence[OUTLOOK_TEXT_BYTES];
	char notes[OUTLOOK_NOTES][OUTLOOK_TEXT_BYTES];
	size_t notes_n;
};

struct outlook outlook_of(const struct vitals *v);

/* "good", "idle", "degraded", "bad" */
const char *outlook_word(enum outlook_level level);

uint64_t served_asked(const struct served *s);

/* What of all that was asked came out of the cache, in thousandths, rounded down; below 0: nothing
 * was asked. */
int served_from_cache(const struct served *s);

#endif
