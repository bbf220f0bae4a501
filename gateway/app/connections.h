#ifndef PERIGEE_APP_CONNECTIONS_H
#define PERIGEE_APP_CONNECTIONS_H

/*
 * The connections that are open, each with the one exchange that it has at a time.
 *
 * All threads wait on one epoll set, in which a connection stays from its first to its
 * last moment: it tells once of each arrival (EPOLLET), to any of them. Who hears of
 * it calls connection_claim(): the first one has the connection, and others leave it to
 * him. He gives it up by connection_release(), which fails if more was heard of in the meantime.
 * So nobody has to arm it anew for each request, no lock is taken, and no connection depends on a
 * thread that is busy with something else.
 *
 * A thread may hear of a connection that another has closed by then. So what is closed is
 * kept for the next one to be opened, never freed before the end: to be told in vain does
 * no harm.
 */

#include "app/exchange.h"
#include "io/fcgi.h"

struct connection {
	struct fcgi *fcgi;
	struct exchange exchange;
	struct connection *later; /* of its owner: a list of his */
	bool used;		  /* it has brought a request; connections_use() */

	/* of this module */
	_Atomic uint32_t heard; /* what came since it was nobody's; 0: it is */
	uint32_t seen;		/* of that, before its owner looked last */
	struct connection *next;
	struct connection **at; /* what points to it */
};

struct connections;

/* NULL without memory. */
struct connections *connections_new(int epoll);

/* Closes all that are open, whoever has them: there must be no thread any more. */
void connections_close_all(struct connections *all);
void connections_free(struct connections *all);

/* Takes `fcgi` up, and into the epoll set. Without memory it is closed. */
void connections_open(struct connections *all, struct fcgi *fcgi);

/* By its owner. */
void connections_close(struct connections *all, struct connection *c);

/* By its owner: a request has come on it. */
void connections_use(struct connections *all, struct connection *c);

/* How many have not brought one yet? Who has just connected is about to send it. */
int connections_unused(const struct connections *all);

/* Something has come. True: it is the caller's from here on. */
bool connection_claim(struct connection *c);

/* Call it before looking for what has come. */
void connection_look(struct connection *c);

/* It is nobody's any more, unless something came since connection_look(): false, it still is the
 * caller's. */
bool connection_release(struct connection *c);

#endif
