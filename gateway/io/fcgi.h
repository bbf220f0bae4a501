#ifndef PERIGEE_IO_FCGI_H
#define PERIGEE_IO_FCGI_H

/*
 * FastCGI connections from nginx, read by libfcgi.
 *
 * libfcgi alone ties a thread to each connection, also while nothing or half a
 * request comes. So this module accepts and watches connections itself, and hands one to
 * libfcgi when a whole request is there to be read (fcgi_look()): the descriptor is put
 * into an FCGX_Request, for which FCGX_Accept_r() then reads a request instead of accepting.
 * Connections are kept (FCGI_KEEP_CONN) as long as nginx likes.
 *
 * libfcgi would copy an answer into buffers of 8 kB and write each by itself. Answers go
 * out from where they lie, in one system call, in records of our own.
 *
 * A connection is used by one thread at a time. A peer that stops reading loses it after
 * FCGI_WRITE_MS. Requests larger than any of nginx' are read without knowing whether all
 * is there: a peer that stops in the middle of one holds a thread for FCGI_READ_MS. Only nginx
 * may be let at the socket.
 */

#include "base/buf.h"
#include "base/fault.h"

#define FCGI_READ_MS  2000
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
	FCGI_PART,  /* nothing, or not all of a request: there will be more to see */
	FCGI_OVER,  /* there will be no request any more: close the connection */
};

/* What there is to read; waits for nothing. */
enum fcgi_look fcgi_look(const struct fcgi *c);

/* Reads one whole request. False: close the connection. */
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

/* Sends the beginning of an answer at once, by libfcgi; fcgi_write() sends the rest. False: it
 * cannot be sent. */
bool fcgi_write_part(struct fcgi *c, struct str part);

/* Answers the request that was read with these pieces, one behind the other. If it may not `wait`
 * it stops where the peer does not keep up. */
enum fcgi_sent fcgi_write(struct fcgi *c, const struct str *pieces, size_t n, bool wait);

void fcgi_close(struct fcgi *c);

#endif
