#ifndef PERIGEE_APP_REPRESENT_H
#define PERIGEE_APP_REPRESENT_H

/*
 * A representation of a body for this client: in the coding that it takes, with that
 * coding's entity tag, or a 304 if the client has it, or a 412 if it wants another one.
 * It is kept (app/answers.h) for the next who asks.
 */

#include "api/links.h"
#include "app/exchange.h"
#include "app/gateway.h"
#include "app/head.h"

/* What is represented. */
struct made {
	struct str self;	 /* the target in its canonical spelling */
	uint64_t of;		 /* a hash of all that the body depends on, beside the target */
	struct wall fetched;	 /* the oldest part */
	struct wall fresh_until; /* the first part to be outdated */
	const struct ages *ages; /* NULL: a document of the gateway's own */
	struct str base;
	const struct links *links; /* NULL: none */
	bool lasts;		   /* it may be kept */
};

/*
 * From what was kept, if that has been fresh ever since and nothing new was heard of. True: it is
 * answered, in full. Looks at nothing but the request.
 */
bool represent_at_once(const struct gateway *gw, struct exchange *x);

/* From what was kept, if it was made of the same. True: it is answered. */
bool represent_known(const struct gateway *gw, struct exchange *x, const struct made *made);

/* A shorter body fits one packet either way. */
bool represent_is_worth_coding(size_t bytes);

/* Can this client be sent the stored answer? If it has to be taken out of its coding, it is, into
 * x->body. */
bool represent_can(struct exchange *x, const struct composed *c);

/* From a stored answer of which that is true. */
void represent_composed(struct exchange *x, const struct made *made, const struct composed *c);

/* From x->body. Without memory x->body is marked as failed. */
void represent(const struct gateway *gw, struct exchange *x, const struct made *made);

#endif
