#ifndef PERIGEE_APP_ADMIN_H
#define PERIGEE_APP_ADMIN_H

/*
 * The operators' door: a listener of its own for `/admin/...`, with a thread and a
 * connection to Redis of its own, so that nothing that is done here slows a hit. It
 * answers one request after the other, and each connection has one.
 *
 * Who may enter: whoever can open the socket (0600) and says so by the FastCGI parameter
 * PERIGEE_PEER=local, as our own commands do (cli/); or whoever comes with the token,
 * `Authorization: Bearer ...`. No HTTP client can make a web server send the former, so
 * that a server which is let at the socket by mistake opens nothing. The workers' public
 * socket knows no `/admin/` at all.
 *
 *     POST /admin/purge?url=|endpoint=|object=|everything=yes [&mode=delete] [&progress=yes]
 *     GET  /admin/inspect?url=       what an answer would be made of, and why
 *     GET  /admin/quota              every budget, its calls, who fetches what now
 *     GET  /admin/top                what is most wanted and slowest, in this worker
 *     GET  /admin/origin             how much upstream may be asked
 *     POST /admin/origin?mode=       and from now on (policy/mode.h)
 *     GET  /admin/warm               the walks through collections (app/walks.h)
 *     POST /admin/warm?url=          begins one; DELETE ends it
 *
 * Answers are JSON, errors problem documents (policy/problem.h). With progress=yes the
 * answer is lines of JSON, of which the last one is the answer, or the problem.
 */

#include "app/gateway.h"
#include "io/redis.h"

struct admin;

struct admin_options {
	struct str socket; /* empty: there is no such listener */
	int socket_mode;
	struct str token; /* empty: nobody has one */
	const struct redis_options *redis;
	struct str prefix;
};

/* All that it is given must outlive it. NULL and *reterr. */
struct admin *admin_new(const struct gateway *gw, const struct admin_options *options,
			struct fail *reterr);

/* Starts the thread, if there is something to listen to. */
bool admin_start(struct admin *a);

/* Lets nobody in any more, ends the thread (a purge ends where it is) and frees. NULL is fine. */
void admin_free(struct admin *a);

#endif
