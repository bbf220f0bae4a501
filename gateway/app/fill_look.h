#ifndef PERIGEE_APP_FILL_LOOK_H
#define PERIGEE_APP_FILL_LOOK_H

/* What the fills (app/fill.h) are doing just now, for people and for metrics. Any thread. */

#include "base/fault.h"
#include "base/str.h"
#include "policy/ports.h"

struct fills;

/* What a worker is doing about a target. */
struct fill_report {
	bool known;	/* false: nothing, and the rest does not count */
	bool under_way; /* asked for, or waiting for its turn; false: it has failed */
	bool calling;	/* upstream is being asked by this worker */
	enum call_class class;
	size_t waiters;
	struct fail failure; /* where it has failed, with the time until it may be tried again */
};

struct fill_report fills_look(struct fills *fills, struct str target);

/* How many there are. */
struct fills_stats {
	size_t calling; /* calls to upstream that are under way */
	size_t queued;	/* what else is to be fetched */
	size_t waiting; /* exchanges */
};

struct fills_stats fills_stats(struct fills *fills);

/* One of them. */
struct fill_shown {
	char target[200]; /* its beginning, NUL-terminated */
	enum call_class class;
	bool calling; /* its call is under way */
	size_t waiting;
};

/* Those that call, then others, as many as fit; returns how many there are in all. */
size_t fills_show(struct fills *fills, struct fill_shown *ret, size_t n);

#endif
