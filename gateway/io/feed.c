#include "io/feed.h"

#include "io/log.h"
#include "io/sysclock.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Between two attempts to connect. */
#define RETRY_MS 500

/* After so long a silence Redis is asked whether it is still there, and after twice as long it is
 * not: a host that went away without a word would else be listened to for ever. */
#define SILENCE_MS 1000

struct feed {
	const struct redis_options *options;
	struct feed_listener listener;
	char *channel;
	int stop_event;
	pthread_t thread;
	struct mono heard; /* by then all that was told before is known; the thread's */
};

enum heard { HEARD_NOTHING, HEARD_NEWS, HEARD_STOP };

/* Waits for something on the descriptor (-1: none), or until it is time to stop. */
static enum heard wait_for(const struct feed *f, int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = f->stop_event, .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	poll(fds, 2, timeout_ms);
	if (fds[0].revents)
		return HEARD_STOP;
	return fds[1].revents ? HEARD_NEWS : HEARD_NOTHING;
}

/* `message`, the channel, the line; anything else on this connection is Redis' own talk. */
static void pass_on(const struct feed *f, const redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[2]->type == REDIS_REPLY_STRING &&
	    str_eq((struct str){ reply->element[0]->str, reply->element[0]->len }, STR("message")))
		f->listener.on_news(f->listener.ctx,
				    (struct str){ reply->element[2]->str, reply->element[2]->len });
}

/* Passes on all that has been read. False: what came is no Redis' talk. */
static bool pass_on_all(const struct feed *f, redisContext *context)
{
	void *reply;

	for (;;) {
		if (redisGetReplyFromReader(context, &reply) != REDIS_OK)
			return false;
		if (!reply)
			return true;
		pass_on(f, reply);
		freeReplyObject(reply);
	}
}

static bool subscribe(const struct feed *f, redisContext *context)
{
	redisReply *reply = redisCommand(context, "SUBSCRIBE %s", f->channel);
	bool subscribed = reply && reply->type == REDIS_REPLY_ARRAY;

	freeReplyObject(reply);
	return subscribed;
}

static bool ping(redisContext *context)
{
	int done = 0;

	return redisAppendCommand(context, "PING") == REDIS_OK &&
	       redisBufferWrite(context, &done) == REDIS_OK;
}

/* Until the connection ends, says nothing any more, or it is time to stop. */
static void listen_on(struct feed *f, redisContext *context)
{
	struct mono now = sysclock.mono(&sysclock);
	bool asked = false;

	if (!f->listener.on_open(f->listener.ctx, f->heard))
		return;
	f->heard = now;
	while (pass_on_all(f, context)) {
		enum heard heard = wait_for(f, context->fd, SILENCE_MS);

		if (heard == HEARD_STOP || (heard == HEARD_NOTHING && asked))
			return;
		asked = heard == HEARD_NOTHING;
		now = sysclock.mono(&sysclock);
		if (asked ? !ping(context) : redisBufferRead(context) != REDIS_OK)
			return;
		if (!asked)
			f->heard = now;
	}
}

static void *run(void *ctx)
{
	struct feed *f = ctx;

	do {
		redisContext *context = redis_connect(f->options);

		if (context && subscribe(f, context)) {
			redis_has_answered(f->options);
			log_line(LOG_DEBUG, "feed_open", "channel=%s", f->channel);
			listen_on(f, context);
		}
		if (context)
			redisFree(context);
	} while (wait_for(f, -1, RETRY_MS) != HEARD_STOP);
	return NULL;
}

struct feed *feed_new(const struct redis_options *options, struct str channel,
		      const struct feed_listener *listener)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->options = options;
	f->listener = *listener;
	f->channel = strndup(channel.p, channel.n);
	f->stop_event = eventfd(0, EFD_CLOEXEC);
	f->heard = sysclock.mono(&sysclock);
	if (f->channel && f->stop_event >= 0 && pthread_create(&f->thread, NULL, run, f) == 0)
		return f;
	if (f->stop_event >= 0)
		close(f->stop_event);
	free(f->channel);
	free(f);
	return NULL;
}

void feed_free(struct feed *f)
{
	const uint64_t one = 1;

	if (!f)
		return;
	if (write(f->stop_event, &one, sizeof(one)) == sizeof(one))
		pthread_join(f->thread, NULL);
	close(f->stop_event);
	free(f->channel);
	free(f);
}
