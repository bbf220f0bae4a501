#ifndef PERIGEE_IO_FCGI_CLIENT_H
#define PERIGEE_IO_FCGI_CLIENT_H

/*
 * The other side of FastCGI: asking a worker over its Unix socket, as nginx does, for our own
 * commands. One request on one connection.
 *
 * What comes back is not trusted: records are checked, what they hold is capped, and a
 * peer that falls silent is given up. libfcgi has no such client.
 */

#include "base/buf.h"
#include "base/fault.h"

/* The longest answer that is taken. */
#define FCGI_CLIENT_BYTES (64UL * 1024 * 1024)

/* ---- what a worker sends, as it comes ---- */

struct fcgi_reply {
	struct buf out; /* its standard output so far: a head as of CGI, and a body */
	bool done;	/* and that is all */
	/* private */
	unsigned char header[8];
	size_t header_n;
	size_t content_left; /* of the record that is being read */
	size_t padding_left;
	unsigned char end[8];
	size_t end_n;
};

struct fcgi_reply fcgi_reply_init(size_t cap);
void fcgi_reply_release(struct fcgi_reply *r);

/* Takes in the next bytes. False: this is no FastCGI, or more than the cap. */
bool fcgi_reply_feed(struct fcgi_reply *r, struct str bytes);

struct cgi_answer {
	int status;
	struct str type; /* its Content-Type */
	struct str body;
};

/* Reads the head of what has come so far; views of it. False: it is not whole, or none. */
bool cgi_answer_read(struct str out, struct cgi_answer *ret);

/* ---- asking ---- */

struct fcgi_question {
	const char *socket;
	struct str method;
	struct str uri;
	int64_t silence_ms; /* for so long the worker may say nothing */
	/* Called whenever more of the body has come, with all of it; may be NULL. */
	void (*on_body)(void *ctx, struct str body);
	void *ctx;
};

enum fcgi_asked {
	FCGI_ANSWERED,
	FCGI_UNREACHABLE, /* nobody listens there, or we may not connect */
	FCGI_BROKEN,	  /* somebody does, but gave no whole answer */
};

/* *ret is a view of *reply, which the caller releases in any case. *reterr: what went wrong. */
enum fcgi_asked fcgi_ask(const struct fcgi_question *q, struct fcgi_reply *reply,
			 struct cgi_answer *ret, struct fail *reterr);

#endif
