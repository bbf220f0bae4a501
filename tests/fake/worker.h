#ifndef PERIGEE_FAKE_WORKER_H
#define PERIGEE_FAKE_WORKER_H

/*
 * Stands where app/worker.c does: takes back the exchanges that fills resume, and
 * keeps them in their order, each as often as it came.
 */

#include <pthread.h>

#include "app/fill.h"

#define FAKE_WORKER_EXCHANGES 1024

struct fake_worker {
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct exchange *resumed[FAKE_WORKER_EXCHANGES];
	size_t n;
	size_t taken;
};

void fake_worker_init(struct fake_worker *w);
void fake_worker_release(struct fake_worker *w);

/* A fills_resume(); ctx is the fake worker. */
fills_resume fake_worker_resume;

/* The next one, waited for; NULL when none comes for a very long time. */
struct exchange *fake_worker_take(struct fake_worker *w);

/* How many exchanges came back so far. */
size_t fake_worker_resumed(struct fake_worker *w);

/* How often this one came back and was not taken yet. */
size_t fake_worker_waiting(struct fake_worker *w, const struct exchange *x);

#endif
