#ifndef PERIGEE_HTTP_CONDITION_H
#define PERIGEE_HTTP_CONDITION_H

/*
 * Conditional requests (RFC 9110 section 13) for GET and HEAD, of answers that
 * have a strong entity tag and no date of modification:
 *
 *   If-Match             strong comparison; without a match 412
 *   If-None-Match        weak comparison; with a match 304
 *   If-Unmodified-Since  not looked at (13.1.4: without a date it MUST be ignored)
 *   If-Modified-Since    likewise (13.1.3)
 *   Range, If-Range      not looked at (14.2: a server MAY ignore Range), so the answer
 *                        is whole
 *
 * Conditions count only where the answer would else be a 200 (13.2.1). They are
 * evaluated in the order of section 13.2.2. A list of tags that cannot be read
 * counts up to where it breaks: what stands behind is no match.
 */

#include "http/request.h"

enum condition {
	CONDITION_HOLDS,	/* or there is none: the answer goes out in full */
	CONDITION_NOT_MODIFIED, /* the client has this representation: 304 */
	CONDITION_FAILED,	/* the client wants another one or none: 412 */
};

/* `etag` is the selected representation's, strong, with its quotes. */
enum condition condition_of(const struct request *req, struct str etag);

#endif
