#include "io/fcgi_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Of the FastCGI specification, version 1. */
enum {
	VERSION = 1,
	REQUEST = 1, /* the only id that we use */
	BEGIN = 1,
	END = 3,
	PARAMS = 4,
	STDIN = 5,
	STDOUT = 6,
	STDERR = 7,
	RESPONDER = 1,
	RECORD_MAX = 65535,
};

#define SEND_MS 5000

/* ---- what a worker sends ---- */

struct fcgi_reply fcgi_reply_init(size_t cap)
{
	return (struct fcgi_reply){ .out = buf_init(cap) };
}

void fcgi_reply_release(struct fcgi_reply *r)
{
	buf_release(&r->out);
}

static size_t two_bytes(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* A record begins. */
static bool take_header(struct fcgi_reply *r)
{
	unsigned char type = r->header[1];

	r->content_left = two_bytes(r->header + 4);
	r->padding_left = r->header[6];
	if (r->header[0] != VERSION || two_bytes(r->header + 2) != REQUEST)
		return false;
	return type == STDOUT || type == STDERR ||
	       (type == END && r->content_left == sizeof(r->end));
}

static bool take_content(struct fcgi_reply *r, struct str piece)
{
	if (r->header[1] == STDOUT)
		buf_put(&r->out, piece);
	if (r->header[1] == END) {
		memcpy(r->end + r->end_n, piece.p, piece.n);
		r->end_n += piece.n;
	}
	return !r->out.failed;
}

/* A record is over. */
static bool finish_record(struct fcgi_reply *r)
{
	r->header_n = 0;
	if (r->header[1] != END)
		return true;
	r->done = true;
	/* The protocol's status: 0 is a request that was completed. */
	return r->end[4] == 0;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

bool fcgi_reply_feed(struct fcgi_reply *r, struct str bytes)
{
	size_t at = 0;

	while (at < bytes.n) {
		size_t left = bytes.n - at;
		size_t n;

		if (r->done)
			return false;
		if (r->header_n < sizeof(r->header)) {
			n = least(left, sizeof(r->header) - r->header_n);
			memcpy(r->header + r->header_n, bytes.p + at, n);
			r->header_n += n;
			if (r->header_n == sizeof(r->header) && !take_header(r))
				return false;
		} else if (r->content_left) {
			n = least(left, r->content_left);
			r->content_left -= n;
			if (!take_content(r, str_slice(bytes, at, at + n)))
				return false;
		} else {
			n = least(left, r->padding_left);
			r->padding_left -= n;
		}
		at += n;
		if (r->header_n == sizeof(r->header) && !r->content_left && !r->padding_left &&
		    !finish_record(r))
			return false;
	}
	return true;
}

/* ---- the head of its answer ---- */

static void read_field(struct str line, struct cgi_answer *ret, bool *ret_good)
{
	struct str value = line;
	struct str name = str_cut(&value, ':');
	int64_t status;

	value = str_trim(value);
	if (str_eq_nocase(name, STR("Content-Type")))
		ret->type = value;
	if (!str_eq_nocase(name, STR("Status")))
		return;
	*ret_good = str_to_i64(str_cut_word(&value), &status) && status >= 100 && status <= 599;
	if (*ret_good)
		ret->status = (int)status;
}

bool cgi_answer_read(struct str out, struct cgi_answer *ret)
{
	struct str rest = out;
	bool good = true;

	*ret = (struct cgi_answer){ .status = 200 };
	while (rest.n && str_find(rest, '\n') < rest.n) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (!line.n) {
			ret->body = rest;
			return good;
		}
		read_field(line, ret, &good);
		if (!good)
			return false;
	}
	return false;
}

/* ---- asking ---- */

static void put_record(struct buf *b, int type, struct str content)
{
	const char header[8] = { VERSION,	 (char)type, 0, REQUEST, (char)(content.n >> 8),
				 (char)content.n };

	buf_put(b, (struct str){ header, sizeof(header) });
	buf_put(b, content);
}

static void put_length(struct buf *b, size_t n)
{
	if (n > 127) {
		buf_put_char(b, (char)(n >> 24 | 0x80));
		buf_put_char(b, (char)(n >> 16));
		buf_put_char(b, (char)(n >> 8));
	}
	buf_put_char(b, (char)n);
}

static void put_param(struct buf *b, struct str name, struct str value)
{
	put_length(b, name.n);
	put_length(b, value.n);
	buf_put(b, name);
	buf_put(b, value);
}

/* PERIGEE_PEER: app/admin.h. */
static void put_request(struct buf *b, const struct fcgi_question *q)
{
	static const char begin[8] = { 0, RESPONDER };
	struct buf params = buf_init(RECORD_MAX);

	put_param(&params, STR("REQUEST_METHOD"), q->method);
	put_param(&params, STR("REQUEST_URI"), q->uri);
	put_param(&params, STR("PERIGEE_PEER"), STR("local"));
	put_record(b, BEGIN, (struct str){ begin, sizeof(begin) });
	put_record(b, PARAMS, buf_str(&params));
	put_record(b, PARAMS, STR(""));
	put_record(b, STDIN, STR(""));
	b->failed |= params.failed;
	buf_release(&params);
}

static void set_timeout(int fd, int option, int64_t ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, option, &t, sizeof(t));
}

static int open_socket(const struct fcgi_question *q)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(q->socket) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, q->socket, strlen(q->socket));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	set_timeout(fd, SO_RCVTIMEO, q->silence_ms);
	set_timeout(fd, SO_SNDTIMEO, SEND_MS);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool send_all(int fd, struct str bytes)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = str_slice(bytes, (size_t)n, bytes.n);
	}
	return true;
}

static bool receive_all(int fd, const struct fcgi_question *q, struct fcgi_reply *reply,
			struct fail *reterr)
{
	struct cgi_answer so_far;
	char bytes[16384];

	while (!reply->done) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(reterr, FAULT_INTERNAL, "%s",
				    n == 0 ? "the worker hung up before its answer was whole"
					   : "the worker does not answer");
		if (!fcgi_reply_feed(reply, (struct str){ bytes, (size_t)n }))
			return fail(reterr, FAULT_INTERNAL, "what answers there is no worker");
		if (q->on_body && cgi_answer_read(buf_str(&reply->out), &so_far))
			q->on_body(q->ctx, so_far.body);
	}
	return true;
}

enum fcgi_asked fcgi_ask(const struct fcgi_question *q, struct fcgi_reply *reply,
			 struct cgi_answer *ret, struct fail *reterr)
{
	struct buf request = buf_init(2UL * RECORD_MAX);
	enum fcgi_asked asked = FCGI_BROKEN;
	int fd = open_socket(q);

	*reply = fcgi_reply_init(FCGI_CLIENT_BYTES);
	if (fd < 0) {
		fail_set(reterr, FAULT_INTERNAL, "%s", strerrordesc_np(errno));
		buf_release(&request);
		return FCGI_UNREACHABLE;
	}
	put_request(&request, q);
	if (request.failed || !send_all(fd, buf_str(&request)))
		fail_set(reterr, FAULT_INTERNAL, "the worker does not take the request");
	else if (receive_all(fd, q, reply, reterr)) {
		if (cgi_answer_read(buf_str(&reply->out), ret))
			asked = FCGI_ANSWERED;
		else
			fail_set(reterr, FAULT_INTERNAL, "the worker's answer has no head");
	}
	close(fd);
	buf_release(&request);
	return asked;
}
