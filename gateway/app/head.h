#ifndef PERIGEE_APP_HEAD_H
#define PERIGEE_APP_HEAD_H

/*
 * The head of an answer, CGI style, as FastCGI wants it: written into x->head, in
 * the order head_status(), head_caching(), head_common(), fields of one's own,
 * head_finish().
 */

#include "app/exchange.h"

#define JSON_TYPE    "application/json"
#define PROBLEM_TYPE "application/problem+json"

/* Times of an answer, in whole seconds as headers want them. */
struct ages {
	int64_t age_s;
	int64_t ttl_s;	   /* what is left of its freshness; negative when stale */
	int64_t max_age_s; /* its freshness lifetime, for other caches */
	struct wall now;
};

/* Of what was fetched then and is fresh until then; it may be called stale before. */
struct ages head_ages(struct wall fetched, struct wall until, enum entry_state state,
		      struct wall now);

/* Begins a head. Without a body the type is NULL. */
void head_status(struct exchange *x, int status, const char *content_type);

/* What caches may do with it, and how it came about. NULL: a document of the gateway's own, to be
 * asked for each time. x->result and x->status are set before. */
void head_caching(struct exchange *x, const struct ages *ages, int upstream_status);

/* What every answer carries. */
void head_common(struct exchange *x);

/* The whole head of x->answer, a hit, for the shelf (base/shelf.h): marks stand for the seconds
 * that nobody knows yet. */
void head_for_shelf(struct buf *head, const struct exchange *x, const struct ages *ages);

/* Ends it, for the body in x->body. */
void head_finish(struct exchange *x);

#endif
