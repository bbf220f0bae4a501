#ifndef PERIGEE_APP_FILL_TABLE_H
#define PERIGEE_APP_FILL_TABLE_H

/*
 * The fills that are queued or under way, those that failed a moment ago, and
 * who waits for them. Plain data: no lock, no clock, no I/O; app/fill.c brings
 * those.
 *
 * A fill's stages:
 *
 *     QUEUED -> TAKEN -> dropped, or FAILED -> QUEUED again or forgotten
 *                  |
 *                  +--> ELSEWHERE (another worker fetches it) -> QUEUED
 *                  +--> PARKED (its budget is being calibrated) -> QUEUED
 *                  +--> QUEUED (background that may not call yet)
 *
 * All but FAILED are active; only they have waiters.
 */

#include "app/exchange.h"
#include "policy/intake.h"

#define FILL_SLOTS    1024
#define FILL_ID_BYTES 128

enum fill_stage {
	FILL_QUEUED,
	FILL_TAKEN, /* the fills' thread deals with it: asks the budget, calls */
	FILL_ELSEWHERE,
	FILL_PARKED,
	FILL_FAILED, /* remembered, so that the same is not asked again at once */
};

struct fill {
	enum fill_stage stage;
	enum call_class class;
	struct want want; /* its target is owned, and its catalog is kept */
	struct wall newer_than;
	char client[CLIENT_BYTES]; /* the first who waits for it; empty: nobody */
	char caller[CLIENT_BYTES]; /* the client when it was taken: its call counts for that one */
	char id[FILL_ID_BYTES];	   /* of its call, in the budget's log */
	struct str budget;	   /* whose log that is; the permits' */
	struct log_cause cause;	   /* the request that asked for it first */
	int64_t took_ms;	   /* its call; -1: none is over */
	int64_t asked_ms;	   /* when that was granted (struct ticket) */
	bool calling;		   /* it is under way */
	bool heard;		   /* there was news of it; whoever takes it clears that */
	struct fail told;	   /* and they were that it failed */
	struct mono not_before;	   /* ELSEWHERE, and queued in the background: when to ask again */
	struct exchange *waiters;  /* first come first */
	/* in the background: how much it is wanted (policy/refresh.h) */
	uint32_t asked;
	struct mono asked_first;
	struct mono asked_last;
	/* after a failure */
	struct fail failure;
	unsigned int failures;
	struct mono retry_at; /* nobody asks before */
	struct mono free_at;  /* with NO_BUDGET: when a call will be free */
	struct mono forget_at;
	/* private */
	struct exchange **last_waiter;
	struct fill *next_in_slot;
	struct fill *next; /* among the active ones */
};

struct fill_table {
	struct fill *slots[FILL_SLOTS];
	size_t n;
	struct fill *active; /* first come first */
	struct fill **last_active;
	size_t waiting;	    /* exchanges, for all fills together */
	struct mono expiry; /* no deadline of theirs is earlier */
};

void fill_table_init(struct fill_table *t);

/* Frees every fill; nobody may wait any more. */
void fill_table_release(struct fill_table *t);

struct fill *fill_table_find(const struct fill_table *t, struct str target);

/* Queues what `want` names, a copy: a new fill, or `failed` (found before) once more. NULL without
 * memory. */
struct fill *fill_table_queue(struct fill_table *t, struct fill *failed, const struct want *want,
			      struct wall newer_than, enum call_class class);

/* Takes the queued fill whose turn it is: those that somebody waits for, first come first; then of
 * those in the background the one most worth refreshing; then, where no refresh waits for the same
 * budget, the spare ones, first come first. NULL if there is none. */
struct fill *fill_table_next(struct fill_table *t, struct mono now, struct wall wall);

/* A taken fill is to be asked for again: ELSEWHERE or, in the background, QUEUED, not before
 * `not_before`; or PARKED. If there was news of it meanwhile it is queued at once. */
void fill_table_put_back(struct fill *fill, enum fill_stage stage, struct mono not_before);

/* There is news of a fill that is no call of ours: it need not wait for its time any more. One that
 * is parked stays so. */
void fill_table_hear(struct fill *fill);

/* Queues again those elsewhere whose time has come, or all of them. */
void fill_table_wake(struct fill_table *t, struct mono now, bool all);

/* The budget has been calibrated, or could not be: queues again those that are parked for it. */
void fill_table_unpark(struct fill_table *t, struct str budget, const struct fail *failure);

/* Fills of that budget and class, and those that come after it, ask it no more before then. */
void fill_table_hold_back(struct fill_table *t, struct str budget, enum call_class class,
			  struct mono until);

/* Somebody who does not wait asked for what the fill is to bring. */
void fill_note_asked(struct fill *fill, enum call_class class, struct mono now);

/* Drops the background fills that are not taken: all, or those nobody has asked for lately. */
void fill_table_drop_unwanted(struct fill_table *t, struct mono now, bool all);

/* An active fill is over and gone; its waiters have been taken. */
void fill_table_drop(struct fill_table *t, struct fill *fill);

/* An active fill has failed: remembers why, for a pause that doubles from retry_ms on. */
void fill_table_fail(struct fill_table *t, struct fill *fill, const struct fail *failure,
		     struct mono now, int64_t retry_ms);

/* Forgets the failures that are old enough. */
void fill_table_forget(struct fill_table *t, struct mono now);

/* Adds x, with its deadline, to those who wait for an active fill. */
void fill_wait(struct fill_table *t, struct fill *fill, struct exchange *x);

/* Takes all who wait for the fill off it, as a list. */
struct exchange *fill_take_waiters(struct fill_table *t, struct fill *fill);

/* Takes those whose deadline has come, whatever they wait for, as a list. */
struct exchange *fill_table_expire(struct fill_table *t, struct mono now);

/* Is what a failed fill remembers an answer to somebody of this class? That a background call was
 * not allowed says nothing about demand. */
bool fill_still_failed(const struct fill *fill, enum call_class class, struct mono now);

/* Why it failed, with the time that is left until another try. */
struct fail fill_failure(const struct fill *fill, struct mono now);

#endif
