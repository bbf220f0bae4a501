#ifndef PERIGEE_IO_FCGI_REQUEST_H
#define PERIGEE_IO_FCGI_REQUEST_H

/*
 * Requests of FastCGI, where they lie in memory.
 *
 * What nginx writes is plain: the beginning, one record with all parameters, the end of the
 * parameters and that of a body which is empty, in this order and nothing else. Such a request
 * is read here, without a copy. The protocol allows much more; that is libfcgi's to read, as soon
 * as all of it is there (io/fcgi.c).
 */

#include "base/str.h"

struct fcgi_request {
	unsigned int id;
	bool keep;	   /* another one may come on the same connection */
	struct str params; /* name-value pairs, each of them whole; a part of what was read */
};

/* True if these bytes are one plain request to a responder, from the first to the last. */
bool fcgi_request_read(struct str bytes, struct fcgi_request *ret);

/* Is there nothing more to wait for? All of a request is there, or what makes no sense. */
bool fcgi_request_is_whole(struct str bytes);

/* Takes the next pair off the front of *params; false if there is none, or not all of it. */
bool fcgi_take_pair(struct str *params, struct str *ret_name, struct str *ret_value);

#endif
