#ifndef PERIGEE_IO_FCGI_RECORDS_H
#define PERIGEE_IO_FCGI_RECORDS_H

/*
 * Answers as records of FastCGI. Their pieces leave from where they lie, in as few system calls as
 * the peer allows: one, as a rule.
 */

#include "base/str.h"

struct fcgi_peer {
	int fd;
	unsigned int request; /* its id */
	bool wait;	      /* for a peer that does not keep up */
};

enum fcgi_progress {
	FCGI_OUT,     /* all has left */
	FCGI_HELD_UP, /* the peer takes no more just now */
	FCGI_BROKEN,  /* it never will */
};

/* Sends n pieces (20 at most), one behind the other, and the `end` of the answer. *sent counts
 * bytes that have left: 0 at first, and to go on, what it was, with the same pieces. */
enum fcgi_progress fcgi_send_records(const struct fcgi_peer *peer, const struct str *pieces,
				     size_t n, bool end, size_t *sent);

#endif
