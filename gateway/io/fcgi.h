#ifndef PERIGEE_IO_FCGI_H
#define PERIGEE_IO_FCGI_H

/*
 * FastCGI connections from nginx.
 *
 * libfcgi ties a thread to each connection, also while nothing or half a request comes.
 * So this module accepts and watches connections itself, and takes what has come without waiting
 * (fcgi_look()). When a whole request is there and it is as nginx writes it, it is read
 * where it lies (io/fcgi_request.h). Any other is read by libfcgi, which knows all of the
 * protocol: it gets all of it in a file in memory, in place of a connection, in an FCGX_Request
 * for which FCGX_Accept_r() then reads instead of accepting. Connections are kept
 * (FCGI_KEEP_CONN) as long as nginx likes.
 *
 * libfcgi would copy an answer into buffers of 8 kB and write each by itself. Answers go
 * out from where they lie, in one system call, in records of our own.
 *
 * A connection is used by one thread at a time. A peer that stops reading loses it after
 * FCGI_WRITE_MS; one that stops in the middle of a request holds nobody up. Only nginx may be
 * let at the socket.
 */

#include "base/buf.h"
#include "base/fault.h"

#define FCGI_WRITE_MS 5000

struct fcgi;

/* Once, before any other call, while there is one thread. SIGPIPE is ignored from then on. */
bool fcgi_start(void);

/* A listening Unix socket at `path`, removed first if a dead one lies there. -1 and *reterr. */
int fcgi_listen(const char *path, int mode, int backlog, struct fail *reterr);

/* Removes the socket at `path`, so that nobody connects any more. */
void fcgi_unlisten(struct str path);

/* The next waiting connection, or NULL if there is none. */
struct fcgi *fcgi_accept(int listener);

int fcgi_fd(const struct fcgi *c);

enum fcgi_look {
	FCGI_WHOLE, /* fcgi_read() will not wait */
	FCGI_PART,  /* nothing new, or not all of a request: there will be more to see */
	FCGI_OVER,  /* there will be no request any more: close the connection */
};

/* Takes what has come; waits for nothing. Not again once it is whole, until that is answered. */
enum fcgi_look fcgi_look(struct fcgi *c);

/* Reads the request that is whole. False: close the connection. */
bool fcgi_read(struct fcgi *c);

/* A parameter of a request and where its value goes; empty if there is none. */
struct fcgi_param {
	struct str name;
	struct str *value;
};

/* One of them, by itself. */
struct str fcgi_param(const struct fcgi *c, const char *name);

/* Looks for n parameters of the request that was read; values are valid until it is answered. */
void fcgi_params(const struct fcgi *c, const struct fcgi_param *wanted, size_t n);

enum fcgi_sent {
	FCGI_KEPT,  /* the answer is out, and another request may come */
	FCGI_STUCK, /* the peer takes no more just now: go on later, with the same pieces */
	FCGI_ENDED, /* it is out, or will never be: close the connection */
};

/* Sends the beginning of an answer at once; fcgi_write() sends the rest. False: it cannot be
 * sent. */
bool fcgi_write_part(struct fcgi *c, struct str part);

/* Answers the request that was read with these pieces, one behind the other. If it may not `wait`
 * it stops where the peer does not keep up. */
enum fcgi_sent fcgi_write(struct fcgi *c, const struct str *pieces, size_t n, bool wait);

void fcgi_close(struct fcgi *c);

#endif
