#ifndef PERIGEE_HTTP_REQUEST_H
#define PERIGEE_HTTP_REQUEST_H

/*
 * What a client asked, as far as the gateway looks at it. Views of the
 * request's arena; a header that was not sent is empty. Authorization and
 * cookies are not here: they neither change an answer nor go anywhere.
 */

#include "base/str.h"

struct request {
	struct str method;
	struct str target; /* path?query as received, percent-encoded */
	struct str host;
	struct str forwarded_host;
	struct str if_match;
	struct str if_none_match;
	struct str accept_encoding;
	struct str cache_control;
	struct str traceparent;
	struct str id; /* nginx' request id, for the log and problems */
};

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHOD_OTHER,
};

enum method request_method(const struct request *req);

/* Does Cache-Control (RFC 9111 section 5.2.1) hold `only-if-cached`? */
bool request_only_if_cached(const struct request *req);

#endif
