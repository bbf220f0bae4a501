#include "fake/worker.h"

#include "fake/origin.h"

#include <stdlib.h>
#include <time.h>

void fake_worker_init(struct fake_worker *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
}

void fake_worker_release(struct fake_worker *w)
{
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

void fake_worker_resume(void *ctx, struct exchange *x)
{
	struct fake_worker *w = ctx;

	pthread_mutex_lock(&w->lock);
	if (w->n == FAKE_WORKER_EXCHANGES)
		abort();
	w->resumed[w->n++] = x;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

struct exchange *fake_worker_take(struct fake_worker *w)
{
	struct exchange *x = NULL;
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FAKE_PATIENCE_S;
	pthread_mutex_lock(&w->lock);
	while (!late && w->taken == w->n)
		late = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	if (w->taken < w->n)
		x = w->resumed[w->taken++];
	pthread_mutex_unlock(&w->lock);
	return x;
}

size_t fake_worker_resumed(struct fake_worker *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->n;
	pthread_mutex_unlock(&w->lock);
	return n;
}

size_t fake_worker_waiting(struct fake_worker *w, const struct exchange *x)
{
	size_t times = 0;

	pthread_mutex_lock(&w->lock);
	for (size_t i = w->taken; i < w->n; i++)
		times += w->resumed[i] == x;
	pthread_mutex_unlock(&w->lock);
	return times;
}
