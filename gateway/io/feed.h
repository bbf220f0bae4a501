#ifndef PERIGEE_IO_FEED_H
#define PERIGEE_IO_FEED_H

/*
 * What is told on a channel of Redis, heard by a thread of its own.
 *
 * Redis keeps nothing for those who do not listen. So whenever the thread has
 * begun to listen, at first and after each break, on_open() is called: whoever
 * waits for news has to look for itself then. It is told since when nothing may have been
 * heard, at first since feed_new(); when it is false it is called again, a little later.
 */

#include "base/clock.h"
#include "io/redis.h"

struct feed;

struct feed_listener {
	bool (*on_open)(void *ctx, struct mono since);
	void (*on_news)(void *ctx, struct str line);
	void *ctx;
};

/* Starts to listen; the options must outlive it, the channel is copied. NULL without memory or a
 * thread. */
struct feed *feed_new(const struct redis_options *options, struct str channel,
		      const struct feed_listener *listener);

/* Ends the thread. NULL is fine. */
void feed_free(struct feed *f);

#endif
