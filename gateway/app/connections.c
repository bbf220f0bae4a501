#include "app/connections.h"

#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct connections {
	int epoll;
	atomic_int unused;
	pthread_mutex_t lock; /* for all below */
	struct connection *open;
	struct connection *closed; /* by `next` alone */
};

struct connections *connections_new(int epoll)
{
	struct connections *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->epoll = epoll;
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

/* ---- under the lock ---- */

static void put_in(struct connections *all, struct connection *c)
{
	c->next = all->open;
	c->at = &all->open;
	if (c->next)
		c->next->at = &c->next;
	all->open = c;
}

static void take_out(struct connection *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
}

/* ---- not under it ---- */

static struct connection *take_closed(struct connections *all)
{
	struct connection *c;

	pthread_mutex_lock(&all->lock);
	c = all->closed;
	if (c)
		all->closed = c->next;
	pthread_mutex_unlock(&all->lock);
	return c ? c : calloc(1, sizeof(*c));
}

static void keep_closed(struct connections *all, struct connection *c)
{
	pthread_mutex_lock(&all->lock);
	c->next = all->closed;
	all->closed = c;
	pthread_mutex_unlock(&all->lock);
}

void connections_open(struct connections *all, struct fcgi *fcgi)
{
	struct connection *c = take_closed(all);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = c };

	if (c)
		c->exchange = (struct exchange){ .arena = arena_new(LIMIT_REQUEST_BYTES) };
	if (!c || !c->exchange.arena) {
		if (c)
			keep_closed(all, c);
		fcgi_close(fcgi);
		return;
	}
	c->fcgi = fcgi;
	c->exchange.connection = c;
	c->used = false;
	atomic_fetch_add(&all->unused, 1);
	exchange_reset(&c->exchange);
	pthread_mutex_lock(&all->lock);
	put_in(all, c);
	pthread_mutex_unlock(&all->lock);
	/* From here on it is anybody's, unless it cannot be watched. */
	atomic_store(&c->heard, 0);
	if (epoll_ctl(all->epoll, EPOLL_CTL_ADD, fcgi_fd(fcgi), &event) != 0 && connection_claim(c))
		connections_close(all, c);
}

void connections_use(struct connections *all, struct connection *c)
{
	if (!c->used)
		atomic_fetch_sub(&all->unused, 1);
	c->used = true;
}

int connections_unused(const struct connections *all)
{
	return atomic_load(&all->unused);
}

void connections_close(struct connections *all, struct connection *c)
{
	connections_use(all, c);
	exchange_reset(&c->exchange);
	buf_release(&c->exchange.head);
	arena_free(c->exchange.arena);
	/* With its descriptor it leaves the epoll set. Who still hears of it finds it taken. */
	fcgi_close(c->fcgi);
	pthread_mutex_lock(&all->lock);
	take_out(c);
	c->next = all->closed;
	all->closed = c;
	pthread_mutex_unlock(&all->lock);
}

void connections_close_all(struct connections *all)
{
	while (all->open)
		connections_close(all, all->open);
}

void connections_free(struct connections *all)
{
	if (!all)
		return;
	while (all->closed) {
		struct connection *c = all->closed;

		all->closed = c->next;
		free(c);
	}
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* ---- whose it is ---- */

bool connection_claim(struct connection *c)
{
	return atomic_fetch_add(&c->heard, 1) == 0;
}

void connection_look(struct connection *c)
{
	c->seen = atomic_load(&c->heard);
}

bool connection_release(struct connection *c)
{
	uint32_t seen = c->seen;

	return atomic_compare_exchange_strong(&c->heard, &seen, 0);
}
