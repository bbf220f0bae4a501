#ifndef PERIGEE_FAKE_ORIGIN_H
#define PERIGEE_FAKE_ORIGIN_H

/*
 * An upstream that answers what a test says, when it says so.
 *
 * begin() writes the call down; it stays open until the test ends it with
 * fake_origin_end(), or at once when there is a script. wait() looks at no
 * clock: it returns for a reply or a wake(). So a test that moves the clock
 * wakes the origin after that, and then waits for fake_origin_rest().
 *
 * No function here waits for ever: after FAKE_PATIENCE_S, which only a fault can
 * take, it gives up and says so.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "policy/ports.h"

#define FAKE_ORIGIN_CALLS 1024
#define FAKE_PATIENCE_S	  30

/* What a call for `target` brings; of the reply, the tag is filled in later. */
typedef struct reply fake_script(void *ctx, struct str target);

struct fake_origin {
	struct origin origin; /* first, so that one is the other */

	/* set before threads start, or while the owner rests */
	fake_script *script; /* NULL: calls stay open until they are ended */
	void *ctx;

	/* Upstream's own count is told at once, and is none of the calls below. */
	struct {
		enum fault fault;
		int status;
		const char *body;
	} count;
	atomic_int counted; /* how often it was asked for */

	atomic_bool refuses; /* begin() fails */
	atomic_bool freed;

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct fake_call {
		char *base;
		char *target;
		void *tag;
		char *token; /* the key that goes with it */
		bool over;
	} calls[FAKE_ORIGIN_CALLS];
	size_t calls_n;
	struct reply ready[FAKE_ORIGIN_CALLS]; /* from first_ready to ready_n */
	size_t first_ready;
	size_t ready_n;
	bool woken;
	bool waiting;
};

/* NULL without memory. Its free() of the port only says that it was called. */
struct fake_origin *fake_origin_new(void);
void fake_origin_free(struct fake_origin *o);

/* A JSON reply with a copy of the body. */
struct reply fake_json(int status, struct str body);

/* A call that failed without any answer; `reached` as in struct reply. */
struct reply fake_fault(enum fault fault, bool reached);

/* Calls that were begun so far, and the target of one of them. */
size_t fake_origin_calls(struct fake_origin *o);
struct str fake_origin_target(struct fake_origin *o, size_t call);

/* The key of one of them; empty: it has none. */
struct str fake_origin_token(struct fake_origin *o, size_t call);

/* Waits until `n` calls have been begun. */
bool fake_origin_await(struct fake_origin *o, size_t n);

/* Ends a call that is open. False: it is not. */
bool fake_origin_end(struct fake_origin *o, size_t call, struct reply reply);

/* Waits until whoever owns the origin has nothing left to do but to wait. */
bool fake_origin_rest(struct fake_origin *o);

#endif
