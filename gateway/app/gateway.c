#include "app/gateway.h"

#include <stddef.h>
#include <stdlib.h>

/* What all have in common: whole, so that a part that comes to it is not forgotten. */
#define SHARED_FROM offsetof(struct gateway, clock)
#define SHARED_TO   offsetof(struct gateway, serial)

void gateway_init(struct gateway *first)
{
	first->first = first;
	atomic_init(&first->now, first);
	/* Of the caller, and of being the one in force. */
	atomic_init(&first->refs, 2);
	pthread_mutex_init(&first->lock, NULL);
}

void gateway_end(struct gateway *first)
{
	if (!first->first)
		return;
	gateway_give_back(atomic_exchange(&first->now, NULL));
	pthread_mutex_destroy(&first->lock);
}

/* Puts next into its place and returns the one before, with its reference. */
static struct gateway *put_in_force(struct gateway *first, struct gateway *next)
{
	struct gateway *before;

	pthread_mutex_lock(&first->lock);
	next->serial = atomic_load(&first->now)->serial + 1;
	before = atomic_exchange(&first->now, next);
	pthread_mutex_unlock(&first->lock);
	return before;
}

bool gateway_replace(struct gateway *first, const struct gateway *settings)
{
	struct gateway *next = calloc(1, sizeof(*next));

	if (!next)
		return false;
	*next = (struct gateway){
		.config = settings->config,
		.catalog = settings->catalog,
		.canon = settings->canon,
		.bases = settings->bases,
		.time_step_us = settings->time_step_us,
		.first = first,
		.owned = settings->owned,
		.release = settings->release,
	};
	memcpy((char *)next + SHARED_FROM, (const char *)first + SHARED_FROM,
	       SHARED_TO - SHARED_FROM);
	atomic_init(&next->refs, 1);
	gateway_give_back(put_in_force(first, next));
	return true;
}

struct gateway *gateway_take(const struct gateway *gw)
{
	struct gateway *first = gw->first;
	struct gateway *now;

	pthread_mutex_lock(&first->lock);
	now = gateway_ref(atomic_load(&first->now));
	pthread_mutex_unlock(&first->lock);
	return now;
}

bool gateway_is_in_force(const struct gateway *gw)
{
	return atomic_load_explicit(&gw->first->now, memory_order_acquire) == gw;
}

struct gateway *gateway_ref(struct gateway *gw)
{
	atomic_fetch_add_explicit(&gw->refs, 1, memory_order_relaxed);
	return gw;
}

void gateway_give_back(struct gateway *gw)
{
	if (!gw || atomic_fetch_sub(&gw->refs, 1) != 1)
		return;
	if (gw->release)
		gw->release(gw->owned);
	free(gw);
}
