#include "io/redis_link.h"

#include "io/log.h"

#include <hiredis/hiredis.h>

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static bool log_in(redisContext *context, const struct redis_login *login)
{
	redisReply *reply;
	bool ok;

	if (!login->password)
		return true;
	if (login->username)
		reply = redisCommand(context, "AUTH %s %s", login->username, login->password);
	else
		reply = redisCommand(context, "AUTH %s", login->password);
	ok = reply && reply->type != REDIS_REPLY_ERROR;
	freeReplyObject(reply);
	return ok;
}

struct redisContext *redis_link(const char *socket, const struct redis_host *host,
				const struct redis_login *login,
				const struct redis_timeouts *timeouts)
{
	const struct timeval to_connect = timeval_of(timeouts->connect_ms);
	redisContext *context =
		socket ? redisConnectUnixWithTimeout(socket, to_connect)
		       : redisConnectWithTimeout(host->name, host->port, to_connect);

	/* The connect timeout does not bound commands: that is a setting of its own. */
	if (context && !context->err &&
	    redisSetTimeout(context, timeval_of(timeouts->command_ms)) == REDIS_OK &&
	    log_in(context, login)) {
		if (!socket)
			redisEnableKeepAlive(context);
		return context;
	}
	log_line(LOG_WARN, "redis_connect_failed", "at=%s:%d reason=\"%s\"",
		 socket ? socket : host->name, socket ? 0 : host->port,
		 context && context->err ? context->errstr : "refused or out of memory");
	if (context)
		redisFree(context);
	return NULL;
}
