/* Where Redis is: an address is one socket, one host and port, or some Sentinels and a name, or is
 * refused without an echo. */
#include "fuzz/fuzz.h"

#include "io/redis_address.h"

static void check_host(const struct redis_host *host)
{
	must(host->name && host->name[0], "a host is not empty");
	must(host->port >= 1 && host->port <= 65535, "a port is a port");
	must(!strpbrk(host->name, "@:/"), "a host is a host alone");
}

static void check(struct str text, const struct redis_address *a)
{
	must(!!a->socket + !!a->host.name + !!a->master == 1, "there is one place");
	must(!a->login.username || a->login.password, "no user without a password");
	must(!a->master == !a->sentinels_n, "a name is what Sentinels know");
	if (a->socket) {
		must(a->socket[0], "a path is not empty");
		must(str_starts(text, STR("unix:")), "a socket is named by unix:");
		must(!a->login.password, "a socket has no credentials");
	} else if (a->host.name) {
		must(str_starts(text, STR("redis://")), "a host is named by redis://");
		check_host(&a->host);
	} else {
		must(str_starts(text, STR("sentinel://")), "Sentinels are named by sentinel://");
		must(a->master[0] && !strpbrk(a->master, "/ "), "a name is one word");
		must(a->sentinels_n <= REDIS_SENTINELS_MAX, "there is room for them");
		for (size_t i = 0; i < a->sentinels_n; i++)
			check_host(&a->sentinels[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);
	struct redis_address a = { .socket = NULL };
	const char *why;

	/* Settings are C strings. */
	if (str_find(text, '\0') < text.n)
		return 0;
	why = redis_address_parse(text, &a);
	if (why)
		must(*why, "a refusal has a reason");
	else
		check(text, &a);
	redis_address_release(&a);
	return 0;
}
