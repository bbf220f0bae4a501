#ifndef PERIGEE_IO_SYSTEMD_H
#define PERIGEE_IO_SYSTEMD_H

/*
 * What a service manager gives by the environment, and wants to be told: sockets
 * that it listens on (LISTEN_FDS), and how the service is (NOTIFY_SOCKET). The
 * protocols are stable and small, see sd_listen_fds(3) and sd_notify(3). Without
 * such an environment nothing is given and telling does nothing.
 */

#include "base/str.h"

/* What is to be told, as systemd reads it. */
#define SYSTEMD_READY	 "READY=1\nSTATUS=Serving"
#define SYSTEMD_STOPPING "STOPPING=1\nSTATUS=Finishing what was accepted"
#define SYSTEMD_ALIVE	 "WATCHDOG=1"

/* False: nobody wants to know, or could not be told. */
bool systemd_tell(const char *state);

/* The same, while the configuration is read anew; SYSTEMD_READY ends it. */
bool systemd_tell_reloading(void);

/* How often it has to hear SYSTEMD_ALIVE, in ms; 0: it need not. */
int64_t systemd_watchdog_ms(void);

/* The listening socket that it passes on by that name (FileDescriptorName=), not blocking, ready
 * for accept(); -1: there is none. */
int systemd_listener(struct str name);

#endif
