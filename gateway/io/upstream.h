#ifndef PERIGEE_IO_UPSTREAM_H
#define PERIGEE_IO_UPSTREAM_H

/*
 * The upstream over HTTP, by libcurl's multi interface: any number of calls at
 * once, all from the one thread that owns it.
 *
 * Every call is a GET with a fixed Accept (a client's own could change the
 * body), verified TLS, no redirects followed, a cap on the body and on the
 * time. The token goes to upstream and nowhere else: it is in no log and no
 * error text, and a redirect cannot carry it off.
 */

#include "policy/ports.h"

struct upstream_options {
	struct str contact; /* in User-Agent, as upstream's operators ask for; may be empty */
	struct str proxy;   /* URL of an HTTP proxy; empty: none, whatever the environment says */
	int64_t connect_timeout_ms;
	int64_t timeout_ms; /* of the whole call */
	size_t max_body_bytes;
};

/* The options need not outlive it. NULL without memory or libcurl. */
struct origin *upstream_new(const struct upstream_options *options, const struct clock *clock);

#endif
