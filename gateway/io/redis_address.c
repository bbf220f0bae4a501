#include "io/redis_address.h"

#include <stdint.h>
#include <stdlib.h>

#define REDIS_PORT    6379
#define SENTINEL_PORT 26379

static const char *text_for_good(struct str s)
{
	return s.n ? strndup(s.p, s.n) : NULL;
}

static const char *parse_login(struct str text, struct redis_login *ret)
{
	struct str password = text;
	struct str user = str_cut(&password, ':');

	ret->username = text_for_good(user);
	ret->password = text_for_good(password);
	return ret->password ? NULL : "the password is missing";
}

static const char *parse_host(struct str text, int64_t port, struct redis_host *ret)
{
	size_t colon = str_find(text, ':');
	struct str name = str_slice(text, 0, colon);

	if (colon < text.n && !str_to_i64(str_slice(text, colon + 1, text.n), &port))
		return "the port is not a number";
	if (!name.n || port < 1 || port > 65535 || str_find(name, '/') < name.n)
		return "a host and perhaps a port are needed";
	*ret = (struct redis_host){ text_for_good(name), (int)port };
	return NULL;
}

/* `host,host.../master` */
static const char *parse_sentinels(struct str text, struct redis_address *ret)
{
	size_t slash = str_find(text, '/');
	struct str hosts = str_slice(text, 0, slash);
	struct str master = slash < text.n ? str_slice(text, slash + 1, text.n) : STR("");

	if (!master.n || str_find(master, '/') < master.n || str_find(master, ' ') < master.n)
		return "after the Sentinels comes /master, by the name that they know";
	if (!hosts.n)
		return "a host and perhaps a port are needed";
	while (hosts.n) {
		const char *why = "there are too many Sentinels";

		if (ret->sentinels_n < REDIS_SENTINELS_MAX)
			why = parse_host(str_trim(str_cut(&hosts, ',')), SENTINEL_PORT,
					 &ret->sentinels[ret->sentinels_n]);
		if (why)
			return why;
		ret->sentinels_n++;
	}
	ret->master = text_for_good(master);
	return NULL;
}

const char *redis_address_parse(struct str text, struct redis_address *ret)
{
	static const struct str unix_prefix = STR("unix:");
	static const struct str tcp_prefix = STR("redis://");
	static const struct str sentinel_prefix = STR("sentinel://");
	bool sentinels = str_starts(text, sentinel_prefix);
	struct str rest;
	size_t at;

	if (str_starts(text, unix_prefix) && text.n > unix_prefix.n) {
		ret->socket = text_for_good(str_slice(text, unix_prefix.n, text.n));
		return NULL;
	}
	if (!sentinels && !str_starts(text, tcp_prefix))
		return "it must begin with unix:, redis:// or sentinel://";
	rest = str_slice(text, sentinels ? sentinel_prefix.n : tcp_prefix.n, text.n);
	if (str_ends(rest, STR("/")))
		rest.n--;
	/* The last @ divides: a password may hold others. */
	at = rest.n;
	while (at && rest.p[at - 1] != '@')
		at--;
	if (at) {
		const char *why = parse_login(str_slice(rest, 0, at - 1), &ret->login);

		if (why)
			return why;
		rest = str_slice(rest, at, rest.n);
	}
	return sentinels ? parse_sentinels(rest, ret) : parse_host(rest, REDIS_PORT, &ret->host);
}

void redis_address_release(struct redis_address *a)
{
	free((char *)a->socket);
	free((char *)a->host.name);
	for (size_t i = 0; i < a->sentinels_n; i++)
		free((char *)a->sentinels[i].name);
	free((char *)a->master);
	free((char *)a->login.username);
	free((char *)a->login.password);
	*a = (struct redis_address){ .socket = NULL };
}
