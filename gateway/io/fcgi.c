#include "io/fcgi.h"

#include "io/fcgi_records.h"
#include "io/fcgi_request.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Large enough that an answer leaves the worker at once, however slowly nginx takes it; the kernel
 * grants what net.core.wmem_max allows. */
#define SEND_BUFFER_BYTES (1024 * 1024)

/* What a request is read into at first, which most of nginx' fit in. */
#define INPUT_BYTES (4 * 1024)

/* Of a larger request the connection is dropped. nginx has parameters of 64 kB at most, and
 * sends no bodies. */
#define INPUT_BYTES_MAX (128 * 1024)

struct fcgi {
	int fd;
	char *input; /* a request, or as much of it as has come */
	size_t input_n;
	size_t input_size;
	struct fcgi_request request;
	bool plain;	      /* else it was read by libfcgi, into: */
	FCGX_Request general; /* its ipcFd is -1 while there is none */
	size_t sent;	      /* bytes of the answer, records' headers included */
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

static void set_send_timeout(int fd, int64_t ms)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

struct fcgi *fcgi_accept(int listener)
{
	const int send_buffer = SEND_BUFFER_BYTES;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct fcgi *c;

	if (fd < 0)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return NULL;
	}
	c->general.ipcFd = -1;
	set_send_timeout(fd, FCGI_WRITE_MS);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	c->fd = fd;
	return c;
}

int fcgi_fd(const struct fcgi *c)
{
	return c->fd;
}

/* ---- reading ---- */

/* Room for more of a request; false if it has become too large. */
static bool make_room(struct fcgi *c)
{
	size_t size = c->input_size ? 2 * c->input_size : INPUT_BYTES;
	char *input;

	if (c->input_n < c->input_size)
		return true;
	if (size > INPUT_BYTES_MAX)
		return false;
	input = realloc(c->input, size);
	if (!input)
		return false;
	c->input = input;
	c->input_size = size;
	return true;
}

enum fcgi_look fcgi_look(struct fcgi *c)
{
	while (make_room(c)) {
		struct str bytes;
		ssize_t n = recv(c->fd, c->input + c->input_n, c->input_size - c->input_n,
				 MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return FCGI_PART;
		/* The peer has closed: what it has begun stays half. */
		if (n <= 0)
			return FCGI_OVER;
		c->input_n += (size_t)n;
		bytes = (struct str){ c->input, c->input_n };
		c->plain = fcgi_request_read(bytes, &c->request);
		if (c->plain || fcgi_request_is_whole(bytes))
			return FCGI_WHOLE;
	}
	return FCGI_OVER;
}

/* A file in memory with what has come, at its beginning: it ends where that ends, and nobody can
 * write to it. -1 without memory. */
static int input_file(const struct fcgi *c)
{
	int fd = memfd_create("request", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (pwrite(fd, c->input, c->input_n, 0) == (ssize_t)c->input_n &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Reads to the end of the request's body: only then libfcgi knows whether it is whole. */
static bool drain_body(FCGX_Stream *in)
{
	char bytes[4096];

	while (FCGX_GetStr(bytes, sizeof(bytes), in) == sizeof(bytes))
		continue;
	return FCGX_GetError(in) == 0;
}

/* What is not plain: libfcgi is given a file that has all of it, so that it never waits. */
static bool read_general(struct fcgi *c)
{
	int fd = input_file(c);

	if (fd < 0)
		return false;
	if (FCGX_InitRequest(&c->general, -1, 0) != 0) {
		close(fd);
		return false;
	}
	c->general.ipcFd = fd;
	/* What FCGX_Accept_r() looks at before it reads: keep the descriptor it is given. */
	c->general.keepConnection = 1;
	/* libfcgi would else close it as a socket. */
	c->general.detached = 1;
	/* On failure libfcgi closes the file and tries to accept from listener -1: in vain. */
	if (FCGX_Accept_r(&c->general) != 0 || !drain_body(c->general.in))
		return false;
	c->request.id = (unsigned int)c->general.requestId;
	c->request.keep = c->general.keepConnection;
	return true;
}

bool fcgi_read(struct fcgi *c)
{
	return c->plain || read_general(c);
}

/* The request is over. */
static void forget_request(struct fcgi *c)
{
	if (!c->plain) {
		FCGX_Free(&c->general, 1);
		c->general = (FCGX_Request){ .ipcFd = -1 };
	}
	c->plain = false;
	c->sent = 0;
	c->input_n = 0;
	/* A long request's memory is not kept for the short ones that follow. */
	if (c->input_size > INPUT_BYTES) {
		free(c->input);
		c->input = NULL;
		c->input_size = 0;
	}
}

/* Parameters mostly come in the order in which they are wanted: each is looked for first behind the
 * last one that was found, *at. */
static void take_param(struct str name, struct str value, const struct fcgi_param *wanted, size_t n,
		       size_t *at)
{
	for (size_t i = 0; i < n; i++) {
		size_t place = *at + i < n ? *at + i : *at + i - n;

		if (str_eq(wanted[place].name, name)) {
			*wanted[place].value = value;
			*at = place + 1;
			return;
		}
	}
}

void fcgi_params(const struct fcgi *c, const struct fcgi_param *wanted, size_t n)
{
	struct str rest = c->plain ? c->request.params : (struct str){ NULL, 0 };
	char **text = c->plain ? NULL : c->general.envp;
	struct str name;
	struct str value;
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		*wanted[i].value = (struct str){ NULL, 0 };
	while (fcgi_take_pair(&rest, &name, &value))
		take_param(name, value, wanted, n, &at);
	/* `NAME=value` */
	for (; text && *text; text++) {
		value = str_from(*text);
		name = str_cut(&value, '=');
		take_param(name, value, wanted, n, &at);
	}
}

struct str fcgi_param(const struct fcgi *c, const char *name)
{
	struct str value;
	const struct fcgi_param wanted = { str_from(name), &value };

	fcgi_params(c, &wanted, 1);
	return value;
}

/* ---- writing ---- */

bool fcgi_write_part(struct fcgi *c, struct str part)
{
	const struct fcgi_peer peer = { .fd = c->fd, .request = c->request.id, .wait = true };
	size_t sent = 0;

	return fcgi_send_records(&peer, &part, 1, false, &sent) == FCGI_OUT;
}

enum fcgi_sent fcgi_write(struct fcgi *c, const struct str *pieces, size_t n, bool wait)
{
	const struct fcgi_peer peer = { .fd = c->fd, .request = c->request.id, .wait = wait };

	switch (fcgi_send_records(&peer, pieces, n, true, &c->sent)) {
	case FCGI_HELD_UP:
		return FCGI_STUCK;
	case FCGI_BROKEN:
		return FCGI_ENDED;
	case FCGI_OUT:
		break;
	}
	forget_request(c);
	return c->request.keep ? FCGI_KEPT : FCGI_ENDED;
}

void fcgi_close(struct fcgi *c)
{
	if (!c)
		return;
	forget_request(c);
	close(c->fd);
	free(c->input);
	free(c);
}
