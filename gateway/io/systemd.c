#include "io/systemd.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The first descriptor that is passed on. */
#define FIRST_FD 3

/* A number of the environment; 0: it is not there or none. */
static int64_t number_of(const char *variable)
{
	struct str text = str_from(getenv(variable));
	int64_t number;

	return text.n && str_to_i64(text, &number) ? number : 0;
}

/* ---- telling ---- */

/* A path, or a name in the abstract namespace, written with an @. */
static bool address_of(struct str path, struct sockaddr_un *ret, socklen_t *ret_n)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path.n < 2 || path.n >= sizeof(ret->sun_path) || (path.p[0] != '/' && path.p[0] != '@'))
		return false;
	memcpy(ret->sun_path, path.p, path.n);
	if (path.p[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n);
	return true;
}

bool systemd_tell(const char *state)
{
	struct str text = str_from(state);
	struct sockaddr_un address;
	socklen_t address_n;
	bool told;
	int fd;

	if (!address_of(str_from(getenv("NOTIFY_SOCKET")), &address, &address_n))
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	/* Not to be waited for: the next one tells the same. */
	told = sendto(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&address, address_n) == (ssize_t)text.n;
	close(fd);
	return told;
}

bool systemd_tell_reloading(void)
{
	struct timespec now;
	char text[80];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	return systemd_tell(text);
}

/* Is what the environment says meant for this process? Its children would have it too. */
static bool is_for_us(const char *variable)
{
	return number_of(variable) == getpid();
}

int64_t systemd_watchdog_ms(void)
{
	int64_t us = number_of("WATCHDOG_USEC");

	return us > 0 && (!getenv("WATCHDOG_PID") || is_for_us("WATCHDOG_PID")) ? us / 1000 : 0;
}

/* ---- sockets ---- */

static bool is_listening(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

int systemd_listener(struct str name)
{
	struct str names = str_from(getenv("LISTEN_FDNAMES"));
	int64_t n = is_for_us("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;

	/* There are as many names as descriptors. */
	for (int fd = FIRST_FD; fd - FIRST_FD < n && names.n; fd++) {
		if (!str_eq(str_cut(&names, ':'), name) || !is_listening(fd))
			continue;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fd;
	}
	return -1;
}
