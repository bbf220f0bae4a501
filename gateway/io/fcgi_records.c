#include "io/fcgi_records.h"

#include <errno.h>
#include <fastcgi.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The longest record that needs no padding to end on a multiple of 8. */
#define RECORD_BYTES 65528

/* Pieces that leave in one system call. */
#define PIECES_MAX 64

/* A run of records on its way out. */
struct sending {
	const struct fcgi_peer *peer;
	size_t *sent;
	size_t skip; /* bytes that have left before */
	enum fcgi_progress progress;
	struct iovec pieces[PIECES_MAX];
	size_t pieces_n;
	unsigned char headers[PIECES_MAX][FCGI_HEADER_LEN];
	size_t headers_n;
};

/* Forgets what has left, n bytes. */
static struct iovec *advance(struct iovec *at, size_t *left, size_t n)
{
	for (; *left && n >= at->iov_len; at++, (*left)--)
		n -= at->iov_len;
	if (*left) {
		at->iov_base = (char *)at->iov_base + n;
		at->iov_len -= n;
	}
	return at;
}

/* Sends what has been put. */
static void flush(struct sending *s)
{
	const int flags = MSG_NOSIGNAL | (s->peer->wait ? 0 : MSG_DONTWAIT);
	struct iovec *at = s->pieces;

	while (s->pieces_n && s->progress == FCGI_OUT) {
		const struct msghdr message = { .msg_iov = at, .msg_iovlen = s->pieces_n };
		ssize_t n = sendmsg(s->peer->fd, &message, flags);

		if (n >= 0) {
			*s->sent += (size_t)n;
			at = advance(at, &s->pieces_n, (size_t)n);
		} else if (errno == EAGAIN && !s->peer->wait) {
			s->progress = FCGI_HELD_UP;
		} else if (errno != EINTR) {
			s->progress = FCGI_BROKEN;
		}
	}
	s->pieces_n = 0;
	s->headers_n = 0;
}

_Static_assert(sizeof(FCGI_EndRequestBody) == FCGI_HEADER_LEN, "put_end() takes them for one");

/* What lies behind the last piece in memory, too, leaves as a part of it. */
static void add(struct sending *s, const void *bytes, size_t n)
{
	struct iovec *last = s->pieces_n ? &s->pieces[s->pieces_n - 1] : NULL;

	/* An iovec is for reading, too, and so it is not const. */
	if (last && (const char *)last->iov_base + last->iov_len == bytes)
		last->iov_len += n;
	else
		s->pieces[s->pieces_n++] = (struct iovec){ (void *)(uintptr_t)bytes, n };
}

static void put(struct sending *s, const void *bytes, size_t n)
{
	size_t skipped = s->skip < n ? s->skip : n;

	s->skip -= skipped;
	if (n > skipped)
		add(s, (const char *)bytes + skipped, n - skipped);
}

static void put_header(struct sending *s, int type, size_t content)
{
	unsigned char *header = s->headers[s->headers_n++];
	unsigned int id = s->peer->request;

	header[0] = FCGI_VERSION_1;
	header[1] = (unsigned char)type;
	header[2] = (unsigned char)(id >> 8);
	header[3] = (unsigned char)id;
	header[4] = (unsigned char)(content >> 8);
	header[5] = (unsigned char)content;
	header[6] = 0;
	header[7] = 0;
	put(s, header, FCGI_HEADER_LEN);
}

/* A record with the next `size` bytes: they begin in **piece, of which *at are gone. */
static void put_record(struct sending *s, const struct str **piece, size_t *at, size_t size)
{
	put_header(s, FCGI_STDOUT, size);
	while (size) {
		size_t left = (*piece)->n - *at;
		size_t part = left < size ? left : size;

		put(s, (*piece)->p + *at, part);
		size -= part;
		*at += part;
		if (*at == (*piece)->n) {
			(*piece)++;
			*at = 0;
		}
	}
}

/* The end of the answer, and of the request: complete, with status 0. */
static void put_end(struct sending *s)
{
	unsigned char *complete;

	put_header(s, FCGI_STDOUT, 0);
	put_header(s, FCGI_END_REQUEST, FCGI_HEADER_LEN);
	/* It is as long as a header, and lies behind the last one. */
	complete = s->headers[s->headers_n++];
	memset(complete, 0, FCGI_HEADER_LEN);
	put(s, complete, FCGI_HEADER_LEN);
}

/* Records with all of n pieces; stops where the peer does. */
static void put_pieces(struct sending *s, const struct str *pieces, size_t n)
{
	size_t left = 0;
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		left += pieces[i].n;
	while (left && s->progress == FCGI_OUT) {
		size_t size = left < RECORD_BYTES ? left : RECORD_BYTES;

		/* A record has a header and at most all the pieces; the end has three. */
		if (s->pieces_n + 1 + n + 3 > PIECES_MAX)
			flush(s);
		put_record(s, &pieces, &at, size);
		left -= size;
	}
}

enum fcgi_progress fcgi_send_records(const struct fcgi_peer *peer, const struct str *pieces,
				     size_t n, bool end, size_t *sent)
{
	struct sending s;

	s.peer = peer;
	s.sent = sent;
	s.skip = *sent;
	s.progress = FCGI_OUT;
	s.pieces_n = s.headers_n = 0;
	put_pieces(&s, pieces, n);
	if (end && s.progress == FCGI_OUT)
		put_end(&s);
	flush(&s);
	return s.progress;
}
