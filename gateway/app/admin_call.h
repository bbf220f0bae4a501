#ifndef PERIGEE_APP_ADMIN_CALL_H
#define PERIGEE_APP_ADMIN_CALL_H

/*
 * One request to the operators' door and what its route makes of it. Each route is a
 * function in a file of its own (app/admin_*.c); app/admin.c reads requests and sends
 * answers.
 */

#include <jansson.h>

#include "app/gateway.h"
#include "http/query.h"
#include "io/redis.h"

struct admin_call {
	const struct gateway *gw;
	struct store *store; /* the admin's own connections to what all share */
	struct redis *redis;
	struct str prefix;
	const atomic_bool *stopping; /* long work ends */
	struct catalog *catalog;     /* in force when the request came */
	struct arena *arena;	     /* for the request */
	struct query params;

	/* Sends a line that is not the last one; does nothing where none was asked for. */
	void (*tell)(struct admin_call *call, json_t *progress);
	void *peer;

	json_t *answer;		/* owned; with success */
	struct refusal refusal; /* with failure */
};

/* A route fills the answer, or the refusal and is false. */
typedef bool admin_route(struct admin_call *call);

admin_route admin_purge;
admin_route admin_inspect;
admin_route admin_quota;
admin_route admin_top;
admin_route admin_origin;
admin_route admin_origin_set;
admin_route admin_warm;
admin_route admin_warm_begin;
admin_route admin_warm_end;

/* The parameter's value; empty: it is not there, or is empty. */
struct str admin_param(const struct admin_call *call, const char *name);

/* Is it `yes`? */
bool admin_param_yes(const struct admin_call *call, const char *name);

/* `/path?query` of a URL of whatever host; of a target itself. */
struct str admin_target(struct str url);

/*
 * Understands an address that an operator gives as clients would write it: a target, or a
 * whole URL of whatever host. False: the refusal is the one that a client would get.
 */
bool admin_canon(struct admin_call *call, struct str url, struct canon *ret);

/* A moment as JSON text, and how many seconds it lies behind us (ahead: below 0). */
json_t *admin_moment(struct wall t);
json_t *admin_age(const struct admin_call *call, struct wall t);

/* A view as JSON text. */
json_t *admin_text(struct str s);

/* The store did not answer: false, with that as refusal. */
bool admin_store_down(struct admin_call *call);

#endif
