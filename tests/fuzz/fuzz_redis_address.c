/* Where Redis is: an address is one socket or one host and port, or is refused without an echo. */
#include "fuzz/fuzz.h"

#include "io/redis.h"

static void release(struct redis_options *o)
{
	/* Kept for good by the program, but not by a loop of a million. */
	free((char *)o->socket);
	free((char *)o->host);
	free((char *)o->username);
	free((char *)o->password);
}

static void check(struct str text, const struct redis_options *o)
{
	must(!o->socket != !o->host, "there is a socket or a host");
	if (o->host) {
		must(o->host[0], "a host is not empty");
		must(o->port >= 1 && o->port <= 65535, "a port is a port");
		must(str_starts(text, STR("redis://")), "a host is named by redis://");
		must(!strpbrk(o->host, "@:/"), "a host is a host alone");
	} else {
		must(o->socket[0], "a path is not empty");
		must(str_starts(text, STR("unix:")), "a socket is named by unix:");
		must(!o->password && !o->username, "a socket has no credentials");
	}
	must(!o->username || o->password, "no user without a password");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);
	struct redis_options o = { .socket = NULL };
	const char *why;

	/* Settings are C strings. */
	if (str_find(text, '\0') < text.n)
		return 0;
	why = redis_parse_address(text, &o);
	if (why)
		must(*why, "a refusal has a reason");
	else
		check(text, &o);
	release(&o);
	return 0;
}
