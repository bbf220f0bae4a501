#ifndef PERIGEE_APP_WORKER_H
#define PERIGEE_APP_WORKER_H

/*
 * The threads that answer, and the connections they answer on.
 *
 * All threads wait on one epoll set: for a new connection, for a request on a
 * connection, or for an exchange that a fill hands back. One at a time has a
 * connection (app/connections.h) and none is tied to it. While an exchange waits for upstream
 * its connection belongs to that, and nothing is read from it.
 *
 * What a thread takes up at once it serves in three passes, so that nobody waits for what is slower
 * than he is: what needs no look at Redis, then what does, then what is left
 * of answers whose peers do not keep up.
 *
 * States of a connection: idle (nobody's) -> serving -> idle, or
 * serving -> waiting (the fills have its exchange) -> resumed -> serving.
 */

#include "app/gateway.h"
#include "app/exchange.h"
#include "io/redis.h"

struct workers;

/* `redis` must outlive it; the listening socket becomes its own. NULL without memory. */
struct workers *workers_new(struct gateway *gw, int listener, const struct redis_options *redis);

bool workers_start(struct workers *w, size_t threads);

/* Hands back an exchange whose news is in; a fills_resume(). From any thread. */
void workers_resume(void *workers, struct exchange *x);

/*
 * No new connections from here on; what is accepted is answered and then closed. Those who connect
 * are refused, unless the listener is `inherited`: it is not ours to end, and they wait in it for
 * the next process that it is given to.
 */
void workers_refuse_new(struct workers *w, bool inherited);

/*
 * Waits until no request is being served or waiting, or timeout_ms have passed.
 * From then on none is read any more: a connection that brings one is closed
 * unread, and nginx asks another worker. Exchanges that are handed back are
 * still answered.
 */
void workers_drain(struct workers *w, int64_t timeout_ms);

/* Ends the threads and closes every connection, served or not. */
void workers_stop(struct workers *w);
void workers_free(struct workers *w);

#endif
