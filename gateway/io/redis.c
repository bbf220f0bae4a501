#include "io/redis.h"

#include "io/log.h"
#include "io/sysclock.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

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
	/* The last @ divides: a password may hold others. */
	at = rest.n;
	while (at && rest.p[at - 1] != '@')
		at--;
	if (at) {
		const char *why = parse_credentials(str_slice(rest, 0, at - 1), ret);

		if (why)
			return why;
		rest = str_slice(rest, at, rest.n);
	}
	at = str_find(rest, ':');
	if (at < rest.n && !str_to_i64(str_slice(rest, at + 1, rest.n), &port))
		return "the port is not a number";
	if (!at || port < 1 || port > 65535 || str_find(str_slice(rest, 0, at), '/') < at)
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

static bool log_in(redisContext *context, const struct redis_options *o)
{
	redisReply *reply;
	bool ok;

	if (!o->password)
		return true;
	if (o->username)
		reply = redisCommand(context, "AUTH %s %s", o->username, o->password);
	else
		reply = redisCommand(context, "AUTH %s", o->password);
	ok = reply && reply->type != REDIS_REPLY_ERROR;
	freeReplyObject(reply);
	return ok;
}

struct redisContext *redis_connect(const struct redis_options *o)
{
	const struct timeval to_connect = timeval_of(o->connect_timeout_ms);
	redisContext *context = o->socket ? redisConnectUnixWithTimeout(o->socket, to_connect)
					  : redisConnectWithTimeout(o->host, o->port, to_connect);

	/* The connect timeout does not bound commands: that is a setting of its own. */
	if (context && !context->err &&
	    redisSetTimeout(context, timeval_of(o->command_timeout_ms)) == REDIS_OK &&
	    log_in(context, o)) {
		if (!o->socket)
			redisEnableKeepAlive(context);
		return context;
	}
	log_line(LOG_WARN, "redis_connect_failed", "reason=\"%s\"",
		 context && context->err ? context->errstr : "refused or out of memory");
	if (context)
		redisFree(context);
	return NULL;
}

/* ---- the pause ---- */

static int64_t pause_ms(int failures)
{
	int64_t ms = REDIS_PAUSE_MS;

	for (int i = 1; i < failures && ms < REDIS_PAUSE_MAX_MS; i++)
		ms *= 2;
	return ms < REDIS_PAUSE_MAX_MS ? ms : REDIS_PAUSE_MAX_MS;
}

/* May this thread try now? While Redis is away only the first one to ask after each pause may,
 * and the pause begins anew for the others: nobody has to say how the try ended. */
static bool may_try(const struct redis *r)
{
	struct redis_health *health = r->options->health;
	int failures = atomic_load(&health->failures);
	long long until = atomic_load(&health->away_until);
	int64_t now = sysclock.mono(&sysclock).ms;

	if (!failures)
		return true;
	return now >= until && atomic_compare_exchange_strong(&health->away_until, &until,
							      now + r->options->command_timeout_ms +
								      pause_ms(failures));
}

static void note_failure(struct redis *r)
{
	struct redis_health *health = r->options->health;
	int failures = atomic_fetch_add(&health->failures, 1) + 1;

	atomic_store(&health->away_until, sysclock.mono(&sysclock).ms + pause_ms(failures));
}

static void note_success(struct redis *r)
{
	/* Mostly there is nothing to note, and then the line is not to be fought for. */
	if (atomic_load(&r->options->health->failures))
		atomic_store(&r->options->health->failures, 0);
}

/* ---- commands ---- */

static bool connect_to(struct redis *r)
{
	if (!r->context)
		r->context = redis_connect(r->options);
	return r->context != NULL;
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

/* Sends and receives; on failure gives back what it has received. */
static bool talk(struct redis *r, const struct redis_command *commands, size_t n,
		 struct redisReply **replies)
{
	size_t got = 0;

	for (size_t i = 0; i < n; i++)
		if (!append(r, &commands[i]))
			return false;
	for (; got < n; got++) {
		void *reply = NULL;

		if (redisGetReply(r->context, &reply) != REDIS_OK || !reply)
			break;
		replies[got] = reply;
	}
	if (got == n)
		return true;
	while (got)
		freeReplyObject(replies[--got]);
	return false;
}

/* Did the connection end rather than not answer? Redis closes idle ones, and so does its restart.
 */
static bool was_closed(const redisContext *context)
{
	return context->err == REDIS_ERR_EOF ||
	       (context->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET));
}

static bool try_once(struct redis *r, const struct redis_command *commands, size_t n,
		     struct redisReply **replies, bool *ret_closed)
{
	*ret_closed = false;
	if (!connect_to(r))
		return false;
	if (talk(r, commands, n, replies))
		return true;
	*ret_closed = was_closed(r->context);
	log_line(LOG_WARN, "redis_failed", "reason=\"%s\"",
		 r->context->err ? r->context->errstr : "out of memory");
	drop(r);
	return false;
}

/* How long that took, and whether anything was wrong. */
static void count(const struct redis *r, int64_t since_us, bool answered,
		  struct redisReply *const *replies, size_t n)
{
	const struct redis_health *health = r->options->health;
	int64_t us = sysclock.us(&sysclock) - since_us;
	bool good = answered;

	for (size_t i = 0; i < n && good; i++)
		good = replies[i]->type != REDIS_REPLY_ERROR;
	if (health->took.histogram)
		histogram_add(health->took.histogram, health->took.bins, us > 0 ? (uint64_t)us : 0);
	if (health->errors && !good)
		counter_add(health->errors, 1);
}

bool redis_run(struct redis *r, const struct redis_command *commands, size_t n,
	       struct redisReply **replies)
{
	bool kept = r->context != NULL;
	bool closed;
	bool answered;
	int64_t since_us;

	if (!may_try(r))
		return false;
	since_us = sysclock.us(&sysclock);
	answered = try_once(r, commands, n, replies, &closed);
	/* That a kept connection has been closed says nothing about Redis; a new one will. */
	if (!answered && kept && closed)
		answered = try_once(r, commands, n, replies, &closed);
	count(r, since_us, answered, replies, n);
	if (answered)
		note_success(r);
	else
		note_failure(r);
	return answered;
}
