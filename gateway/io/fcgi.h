#ifndef PERIGEE_IO_FCGI_H
#define PERIGEE_IO_FCGI_H

/*
 * FastCGI connections from nginx, by libfcgi.
 *
 * libfcgi alone ties a thread to each connection, also while nothing comes. So
 * this module accepts and watches connections itself, and hands one to libfcgi
 * only when there is something to read: the descriptor is put into an
 * FCGX_Request, for which FCGX_Accept_r() then reads a request instead of
 * accepting. Connections are kept (FCGI_KEEP_CONN) as long as nginx likes.
 *
 * A connection is used by one thread at a time. A peer that sends half a request
 * and stops, or stops reading, loses its connection after FCGI_READ_MS or
 * FCGI_WRITE_MS; one that drips single bytes can hold a thread for longer. Only
 * nginx, which sends whole requests, may be let at the socket.
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

/* Reads one whole request. False: there will be none any more, close the connection. */
bool fcgi_read(struct fcgi *c);

/* A parameter of the request that was read, or an empty view; valid until fcgi_write(). */
struct str fcgi_param(const struct fcgi *c, const char *name);

/* Sends a part of the answer at once; fcgi_write() has to follow. False: nobody takes it. */
bool fcgi_write_part(struct fcgi *c, struct str part);

/* Answers the request that was read. False: the connection is over, close it. */
bool fcgi_write(struct fcgi *c, struct str head, struct str body);

void fcgi_close(struct fcgi *c);

#endif
