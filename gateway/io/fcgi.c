#include "io/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Large enough that an answer leaves the worker at once, however slowly nginx takes it; the kernel
 * grants what net.core.wmem_max allows. */
#define SEND_BUFFER_BYTES (1024 * 1024)

/* nginx sends no bodies; somebody else may send this much before the connection is dropped. */
#define BODY_BYTES (64 * 1024)

struct fcgi {
	FCGX_Request request;
	int fd;
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

struct str fcgi_param(const struct fcgi *c, const char *name)
{
	return str_from(FCGX_GetParam(name, c->request.envp));
}

bool fcgi_write_part(struct fcgi *c, struct str part)
{
	return FCGX_PutStr(part.p, (int)part.n, c->request.out) == (int)part.n &&
	       FCGX_FFlush(c->request.out) == 0;
}

bool fcgi_write(struct fcgi *c, struct str head, struct str body)
{
	FCGX_PutStr(head.p, (int)head.n, c->request.out);
	if (body.n)
		FCGX_PutStr(body.p, (int)body.n, c->request.out);
	FCGX_Finish_r(&c->request);
	return c->request.ipcFd >= 0;
}

void fcgi_close(struct fcgi *c)
{
	if (!c)
		return;
	FCGX_Free(&c->request, 1);
	free(c);
}
