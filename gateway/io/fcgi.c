#include "io/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Large enough that an answer leaves the worker at once, however slowly nginx takes it; the kernel
 * grants what net.core.wmem_max allows. */
#define SEND_BUFFER_BYTES (1024 * 1024)

/* nginx sends no bodies; somebody else may send this much before the connection is dropped. */
#define BODY_BYTES (64 * 1024)

/* Requests of nginx' are smaller: it passes on a few fields, of 16 kB at most. */
#define LOOK_BYTES (32 * 1024)

/* FastCGI 1.0 */
#define VERSION	     1
#define HEADER_BYTES 8
#define END_BYTES    8

enum { END_REQUEST = 3, STDIN = 5, STDOUT = 6 };

/* The longest record that needs no padding to end on a multiple of 8. */
#define RECORD_BYTES 65528

/* Pieces that leave in one system call. */
#define PIECES_MAX 64

struct fcgi {
	FCGX_Request request;
	int fd;
	size_t sent; /* bytes of the answer, records' headers included */
};

bool fcgi_start(void)
{
	if (FCGX_Init() != 0)
		return false;
	/* libfcgi installs a handler of its own; writes to closed peers shall just fail. */
	return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

/* Does somebody listen at this address? */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive =
		fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	if (fd >= 0)
		close(fd);
	return alive;
}

static bool bind_to(int fd, const char *path, int mode)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	bool bound;

	memcpy(address.sun_path, path, strlen(path));
	if (is_alive(&address)) {
		errno = EADDRINUSE;
		return false;
	}
	if (unlink(path) != 0 && errno != ENOENT)
		return false;
	before = umask((mode_t)(~mode & 0777));
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	umask(before);
	return bound;
}

int fcgi_listen(const char *path, int mode, int backlog, struct fail *reterr)
{
	struct sockaddr_un address;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		fail_set(reterr, FAULT_INTERNAL, "the socket's path is longer than %zu bytes",
			 sizeof(address.sun_path) - 1);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !bind_to(fd, path, mode) || listen(fd, backlog) != 0) {
		fail_set(reterr, FAULT_INTERNAL, "%s", strerrordesc_np(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void fcgi_unlisten(struct str path)
{
	if (path.n)
		unlink(path.p);
}

static void set_timeout(int fd, int option, int64_t ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, option, &t, sizeof(t));
}

struct fcgi *fcgi_accept(int listener)
{
	const int send_buffer = SEND_BUFFER_BYTES;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct fcgi *c;

	if (fd < 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c || FCGX_InitRequest(&c->request, -1, 0) != 0) {
		free(c);
		close(fd);
		return NULL;
	}
	set_timeout(fd, SO_RCVTIMEO, FCGI_READ_MS);
	set_timeout(fd, SO_SNDTIMEO, FCGI_WRITE_MS);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	c->fd = fd;
	c->request.ipcFd = fd;
	/* What FCGX_Accept_r() looks at before it reads: keep the descriptor it is given. */
	c->request.keepConnection = 1;
	/* On closing, libfcgi would else wait for the peer to close first: 2 s, and then for ever.
	 */
	c->request.detached = 1;
	return c;
}

int fcgi_fd(const struct fcgi *c)
{
	return c->fd;
}

/* ---- reading ---- */

/* Is all of a request here? What makes no sense is for libfcgi to refuse, which needs no more. */
static bool is_whole(const unsigned char *bytes, size_t n)
{
	size_t at = 0;

	while (n - at >= HEADER_BYTES) {
		const unsigned char *record = bytes + at;
		size_t content = (size_t)record[4] << 8 | record[5];
		size_t size = HEADER_BYTES + content + record[6];

		if (record[0] != VERSION)
			return true;
		if (n - at < size)
			return false;
		/* The body's end is the request's. */
		if (record[1] == STDIN && !content)
			return true;
		at += size;
	}
	return false;
}

/* Has the peer closed, so that what it has begun stays half? */
static bool is_over(int fd)
{
	struct pollfd peer = { .fd = fd, .events = POLLRDHUP };

	return poll(&peer, 1, 0) > 0;
}

enum fcgi_look fcgi_look(const struct fcgi *c)
{
	static _Thread_local unsigned char bytes[LOOK_BYTES];
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (n == 0)
		return FCGI_OVER;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? FCGI_PART : FCGI_OVER;
	if (n == sizeof(bytes) || is_whole(bytes, (size_t)n))
		return FCGI_WHOLE;
	return is_over(c->fd) ? FCGI_OVER : FCGI_PART;
}

/* Reads to the end of the request's body. What is left of it (the end itself, where it came in a
 * packet of its own) would be taken for the next request. */
static bool drain_body(struct fcgi *c)
{
	char bytes[4096];
	size_t taken = 0;
	int n;

	do {
		n = FCGX_GetStr(bytes, sizeof(bytes), c->request.in);
		taken += (size_t)n;
	} while (n == sizeof(bytes) && taken <= BODY_BYTES);
	return taken <= BODY_BYTES && FCGX_GetError(c->request.in) == 0;
}

bool fcgi_read(struct fcgi *c)
{
	/* On failure libfcgi closes the descriptor and tries to accept from listener -1: in vain.
	 */
	return FCGX_Accept_r(&c->request) == 0 && drain_body(c);
}

/* `NAME=value` */
static void take_param(const char *text, const struct fcgi_param *wanted, size_t n)
{
	struct str value = str_from(text);
	struct str name = str_cut(&value, '=');

	for (size_t i = 0; i < n; i++)
		if (str_eq(wanted[i].name, name))
			*wanted[i].value = value;
}

struct str fcgi_param(const struct fcgi *c, const char *name)
{
	return str_from(FCGX_GetParam(name, c->request.envp));
}

void fcgi_params(const struct fcgi *c, const struct fcgi_param *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*wanted[i].value = (struct str){ NULL, 0 };
	for (char **text = c->request.envp; text && *text; text++)
		take_param(*text, wanted, n);
}

/* ---- writing ---- */

/* A run of records on its way out. */
struct sending {
	struct fcgi *c;
	size_t skip; /* bytes that have left before */
	bool wait;
	bool stuck;
	bool broken;
	struct iovec pieces[PIECES_MAX];
	size_t pieces_n;
	unsigned char headers[PIECES_MAX][HEADER_BYTES];
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
	const int flags = MSG_NOSIGNAL | (s->wait ? 0 : MSG_DONTWAIT);
	struct iovec *at = s->pieces;

	while (s->pieces_n && !s->stuck && !s->broken) {
		const struct msghdr message = { .msg_iov = at, .msg_iovlen = s->pieces_n };
		ssize_t n = sendmsg(s->c->fd, &message, flags);

		if (n >= 0) {
			s->c->sent += (size_t)n;
			at = advance(at, &s->pieces_n, (size_t)n);
		} else if (errno == EAGAIN && !s->wait) {
			s->stuck = true;
		} else if (errno != EINTR) {
			s->broken = true;
		}
	}
	s->pieces_n = 0;
	s->headers_n = 0;
}

static void put(struct sending *s, const void *bytes, size_t n)
{
	size_t skipped = s->skip < n ? s->skip : n;

	s->skip -= skipped;
	/* An iovec is for reading, too, and so it is not const. */
	if (n > skipped)
		s->pieces[s->pieces_n++] =
			(struct iovec){ (char *)(uintptr_t)bytes + skipped, n - skipped };
}

static void put_header(struct sending *s, int type, size_t content)
{
	unsigned char *header = s->headers[s->headers_n++];
	unsigned int id = (unsigned int)s->c->request.requestId;

	header[0] = VERSION;
	header[1] = (unsigned char)type;
	header[2] = (unsigned char)(id >> 8);
	header[3] = (unsigned char)id;
	header[4] = (unsigned char)(content >> 8);
	header[5] = (unsigned char)content;
	header[6] = 0;
	header[7] = 0;
	put(s, header, HEADER_BYTES);
}

/* A record with the next `size` bytes: they begin in **piece, of which *at are gone. */
static void put_record(struct sending *s, const struct str **piece, size_t *at, size_t size)
{
	put_header(s, STDOUT, size);
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
	static const unsigned char complete[END_BYTES];

	put_header(s, STDOUT, 0);
	put_header(s, END_REQUEST, END_BYTES);
	put(s, complete, END_BYTES);
}

bool fcgi_write_part(struct fcgi *c, struct str part)
{
	return FCGX_PutStr(part.p, (int)part.n, c->request.out) == (int)part.n &&
	       FCGX_FFlush(c->request.out) == 0;
}

enum fcgi_sent fcgi_write(struct fcgi *c, const struct str *pieces, size_t n, bool wait)
{
	struct sending s;
	size_t left = 0;
	size_t at = 0;

	s.c = c;
	s.skip = c->sent;
	s.wait = wait;
	s.stuck = s.broken = false;
	s.pieces_n = s.headers_n = 0;
	for (size_t i = 0; i < n; i++)
		left += pieces[i].n;
	while (left && !s.stuck && !s.broken) {
		size_t size = left < RECORD_BYTES ? left : RECORD_BYTES;

		/* A record has a header and at most all the pieces; the end has three. */
		if (s.pieces_n + 1 + n + 3 > PIECES_MAX)
			flush(&s);
		put_record(&s, &pieces, &at, size);
		left -= size;
	}
	if (!s.stuck && !s.broken)
		put_end(&s);
	flush(&s);
	if (s.stuck)
		return FCGI_STUCK;
	c->sent = 0;
	/* libfcgi has written nothing, and has nothing to add. */
	FCGX_Free(&c->request, 0);
	return s.broken || !c->request.keepConnection ? FCGI_ENDED : FCGI_KEPT;
}

void fcgi_close(struct fcgi *c)
{
	if (!c)
		return;
	FCGX_Free(&c->request, 1);
	free(c);
}
