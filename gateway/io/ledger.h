#ifndef PERIGEE_IO_LEDGER_H
#define PERIGEE_IO_LEDGER_H

/*
 * A budget's books as Redis has them (io/store.h), for people to read: which calls were
 * made, for whom, and what upstream has said. Reading takes nothing and changes nothing.
 */

#include "io/redis.h"

/* More are not read: a quota of a thousand calls an hour is nobody's. */
#define LEDGER_CALLS_MAX 1000

enum ledger_class {
	LEDGER_DEMAND,
	LEDGER_BACKGROUND,
	LEDGER_OTHER, /* somebody else's, as upstream has told */
	LEDGER_CLASSES
};

extern const char *const ledger_class_words[LEDGER_CLASSES];

struct ledger_call {
	int64_t at_ms; /* Redis' clock; of one whose end is not known the last possible moment */
	enum ledger_class class;
	bool open; /* under way, or nobody knows how it ended */
};

struct ledger {
	int64_t now_ms;				    /* Redis' clock */
	struct ledger_call calls[LEDGER_CALLS_MAX]; /* the oldest first */
	size_t calls_n;
	/* 0: not so, not known */
	int64_t cool_until_ms;
	int64_t calibrated_at_ms;
};

/* The calls of the last window_ms. False: Redis did not answer. */
bool ledger_read(struct redis *r, struct str prefix, struct str budget, int64_t window_ms,
		 struct ledger *ret);

/* What a call's name in the log (io/lua/reserve.lua) says of it. */
struct ledger_call ledger_call_of(struct str name);

#endif
