#include "io/redis.h"

#include "io/log.h"
#include "io/sysclock.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#define PAUSE_MS 500
#define ARGC_MAX 40

struct redis {
	const struct redis_options *options;
	redisContext *context;	/* NULL: not connected */
	struct mono not_before; /* the next attempt to connect */
};

/* ---- addresses ---- */

static const char *text_for_good(struct str s)
{
	return s.n ? strndup(s.p, s.n) : NULL;
}

static const char *parse_credentials(struct str text, struct redis_options *ret)
{
	struct str password = text;
	struct str user = str_cut(&password, ':');

	ret->username = text_for_good(user);
	ret->password = text_for_good(password);
	return ret->password ? NULL : "the password is missing";
}

const char *redis_parse_address(struct str text, struct redis_options *ret)
{
	static const struct str unix_prefix = STR("unix:");
	static const struct str tcp_prefix = STR("redis://");
	struct str rest;
	size_t at;
	int64_t port = 6379;

	if (str_starts(text, unix_prefix) && text.n > unix_prefix.n) {
		ret->socket = text_for_good(str_slice(text, unix_prefix.n, text.n));
		return NULL;
	}
	if (!str_starts(text, tcp_prefix))
		return "it must begin with unix: or redis://";
	rest = str_slice(text, tcp_prefix.n, text.n);
	if (str_ends(rest, STR("/")))
		rest.n--;
	at = str_find(rest, '@');
	if (at < rest.n) {
		const char *why = parse_credentials(str_slice(rest, 0, at), ret);

		if (why)
			return why;
		rest = str_slice(rest, at + 1, rest.n);
	}
	at = str_find(rest, ':');
	if (at < rest.n && !str_to_i64(str_slice(rest, at + 1, rest.n), &port))
		return "the port is not a number";
	if (!at || port < 1 || port > 65535)
		return "a host and perhaps a port are needed";
	ret->host = text_for_good(str_slice(rest, 0, at));
	ret->port = (int)port;
	return NULL;
}

/* ---- the connection ---- */

struct redis *redis_new(const struct redis_options *options)
{
	struct redis *r = calloc(1, sizeof(*r));

	if (r)
		r->options = options;
	return r;
}

static void drop(struct redis *r)
{
	if (r->context)
		redisFree(r->context);
	r->context = NULL;
}

void redis_free(struct redis *r)
{
	if (!r)
		return;
	drop(r);
	free(r);
}

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static bool log_in(struct redis *r)
{
	const struct redis_options *o = r->options;
	redisReply *reply;
	bool ok;

	if (!o->password)
		return true;
	if (o->username)
		reply = redisCommand(r->context, "AUTH %s %s", o->username, o->password);
	else
		reply = redisCommand(r->context, "AUTH %s", o->password);
	ok = reply && reply->type != REDIS_REPLY_ERROR;
	freeReplyObject(reply);
	return ok;
}

static bool connected(struct redis *r)
{
	const struct redis_options *o = r->options;
	const struct timeval to_connect = timeval_of(o->connect_timeout_ms);
	struct mono now;

	if (r->context)
		return true;
	now = sysclock.mono(&sysclock);
	if (now.ms < r->not_before.ms)
		return false;
	r->context = o->socket ? redisConnectUnixWithTimeout(o->socket, to_connect)
			       : redisConnectWithTimeout(o->host, o->port, to_connect);
	/* The connect timeout does not bound commands: that is a setting of its own. */
	if (r->context && !r->context->err &&
	    redisSetTimeout(r->context, timeval_of(o->command_timeout_ms)) == REDIS_OK && log_in(r))
		return true;
	log_line(LOG_WARN, "redis_connect_failed", "reason=\"%s\"",
		 r->context && r->context->err ? r->context->errstr : "refused or out of memory");
	drop(r);
	/* Not the moment before: connecting itself may have taken its time-out. */
	r->not_before = mono_after(sysclock.mono(&sysclock), PAUSE_MS);
	return false;
}

static bool append(struct redis *r, const struct redis_command *command)
{
	const char *argv[ARGC_MAX];
	size_t lengths[ARGC_MAX];

	if (command->argc > ARGC_MAX)
		return false;
	for (size_t i = 0; i < command->argc; i++) {
		argv[i] = command->argv[i].p ? command->argv[i].p : "";
		lengths[i] = command->argv[i].n;
	}
	return redisAppendCommandArgv(r->context, (int)command->argc, argv, lengths) == REDIS_OK;
}

bool redis_run(struct redis *r, const struct redis_command *commands, size_t n,
	       struct redisReply **replies)
{
	size_t got = 0;

	if (!connected(r))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!append(r, &commands[i]))
			goto fail;
	for (; got < n; got++) {
		void *reply = NULL;

		if (redisGetReply(r->context, &reply) != REDIS_OK || !reply)
			goto fail;
		replies[got] = reply;
	}
	return true;
fail:
	log_line(LOG_WARN, "redis_failed", "reason=\"%s\"",
		 r->context->err ? r->context->errstr : "out of memory");
	while (got)
		freeReplyObject(replies[--got]);
	drop(r);
	return false;
}
