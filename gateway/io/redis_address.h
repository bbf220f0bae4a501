#ifndef PERIGEE_IO_REDIS_ADDRESS_H
#define PERIGEE_IO_REDIS_ADDRESS_H

/*
 * Where Redis is, as an operator writes it:
 *
 *     unix:/path
 *     redis://[user:password@]host[:port]
 *     sentinel://[user:password@]host[:port],host[:port].../master
 *
 * The last names Sentinels, of which any will do, and what they call the master.
 * Credentials in an address are for those who listen at it: Redis, or the
 * Sentinels (whose master may want others).
 */

#include <stddef.h>

#include "base/str.h"

#define REDIS_SENTINELS_MAX 9

struct redis_host {
	const char *name;
	int port;
};

struct redis_login {
	const char *username; /* NULL: none, the password is that of everybody (`default`) */
	const char *password; /* NULL: nobody logs in */
};

/* One of: a socket, a host, or Sentinels with a master's name. Its texts are allocated for good. */
struct redis_address {
	const char *socket;
	struct redis_host host;
	struct redis_host sentinels[REDIS_SENTINELS_MAX];
	size_t sentinels_n;
	const char *master;
	struct redis_login login;
};

/* Reads text into *ret, which is empty. NULL, or why it cannot be used (never with the text, which
 * may hold a password); either way redis_address_release() may end it. */
const char *redis_address_parse(struct str text, struct redis_address *ret);

/* For who cannot keep it for good: tests. */
void redis_address_release(struct redis_address *address);

#endif
