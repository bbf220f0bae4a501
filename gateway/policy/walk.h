#ifndef PERIGEE_POLICY_WALK_H
#define PERIGEE_POLICY_WALK_H

/*
 * A walk through a whole collection, window by window, so that all of it is
 * stored: how far it has come, and the line in which the store keeps that.
 *
 *     running 300 596 2026-11-25T17:00:00.000Z 2026-11-25T17:10:00.000Z none
 *     state, the next object, objects in all (-1: not known yet), when it began and when
 *     it last moved, and what the last try for a window met (base/fault.h)
 *
 * Pure. A walk that is read from a line is checked like anything else that
 * others can write.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#define WALK_LINE_BYTES 256

/* clang-format off */
#define WALK_STATES(X)                                                                           \
	X(RUNNING, "running")                                                                    \
	X(DONE,    "done")                                                                       \
	X(FAILED,  "failed") /* upstream itself refuses the list: asking on is of no use */
/* clang-format on */

enum walk_state {
#define X(name, word) WALK_##name,
	WALK_STATES(X)
#undef X
		WALK_STATE_COUNT
};

struct walk {
	struct str target; /* of the list, canonical, without limit and offset; not in the line */
	enum walk_state state;
	int64_t next;  /* the first object of the window that it needs next */
	int64_t count; /* of the list, as the last window told; -1: not known yet */
	struct wall begun;
	struct wall moved; /* when a window was last added */
	enum fault why;	   /* it stands still: what the last try for a window met; NONE: nothing */
};

const char *walk_state_word(enum walk_state state);

/* A walk from the start. */
struct walk walk_begin(struct str target, struct wall now);

/* The window at walk->next, of `size` objects, is stored, and of a list of `count`. */
void walk_advance(struct walk *walk, uint32_t size, int64_t count, struct wall now);

void walk_put(struct buf *out, const struct walk *walk);

/* Reads a line that walk_put() wrote. False: it is none. */
bool walk_parse(struct str target, struct str line, struct walk *ret);

#endif
