#include "io/redis.h"

#include "base/limits.h"
#include "io/log.h"
#include "io/sysclock.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>

/* All commands of one trip: entries have LIMIT_ANSWER_BYTES at most, in gzip. */
#define REQUEST_BYTES (2 * LIMIT_ANSWER_BYTES)

struct redis {
	const struct redis_options *options;
	struct redis_part master;
	struct redis_part replica;
};

/* ---- the connections ---- */

struct redis *redis_new(const struct redis_options *options)
{
	struct redis *r = calloc(1, sizeof(*r));

	if (r)
		*r = (struct redis){
			.options = options,
			.master = { .pause = &options->health->master, .wanted = SENTINEL_MASTER },
			.replica = { .pause = &options->health->replica,
				     .wanted = SENTINEL_READABLE },
		};
	return r;
}

void redis_free(struct redis *r)
{
	if (!r)
		return;
	redis_part_close(&r->master);
	redis_part_close(&r->replica);
	free(r);
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
static bool may_try(struct redis_pause *pause, int64_t timeout_ms)
{
	int failures = atomic_load(&pause->failures);
	long long until = atomic_load(&pause->away_until);
	int64_t now = sysclock.mono(&sysclock).ms;

	if (!failures)
		return true;
	return now >= until &&
	       atomic_compare_exchange_strong(&pause->away_until, &until,
					      now + timeout_ms + pause_ms(failures));
}

static void note_failure(struct redis_pause *pause)
{
	int failures = atomic_fetch_add(&pause->failures, 1) + 1;

	atomic_store(&pause->away_until, sysclock.mono(&sysclock).ms + pause_ms(failures));
}

static void note_success(struct redis_pause *pause)
{
	/* Mostly there is nothing to note, and then the line is not to be fought for. */
	if (atomic_load(&pause->failures))
		atomic_store(&pause->failures, 0);
}

void redis_has_answered(const struct redis_options *o)
{
	note_success(&o->health->master);
}

/* ---- commands ---- */

static void put_size(struct buf *b, char kind, size_t n)
{
	buf_put_char(b, kind);
	buf_put_u64(b, n);
	buf_put(b, STR("\r\n"));
}

/* As Redis reads it: with the length of everything in front of it. hiredis would take three times
 * as long to write the same. */
static void put_command(struct buf *b, const struct redis_command *command)
{
	put_size(b, '*', command->argc);
	for (size_t i = 0; i < command->argc; i++) {
		put_size(b, '$', command->argv[i].n);
		buf_put(b, command->argv[i]);
		buf_put(b, STR("\r\n"));
	}
}

static bool append(redisContext *context, const struct redis_command *commands, size_t n)
{
	struct buf b = buf_init(REQUEST_BYTES);
	bool good;

	for (size_t i = 0; i < n; i++)
		put_command(&b, &commands[i]);
	good = !b.failed && redisAppendFormattedCommand(context, b.p, b.n) == REDIS_OK;
	buf_release(&b);
	return good;
}

static void free_replies(struct redisReply **replies, size_t n)
{
	while (n)
		freeReplyObject(replies[--n]);
}

/* Sends and receives; on failure gives back what it has received. */
static bool talk(redisContext *context, const struct redis_command *commands, size_t n,
		 struct redisReply **replies)
{
	size_t got = 0;

	if (!append(context, commands, n))
		return false;
	for (; got < n; got++) {
		void *reply = NULL;

		if (redisGetReply(context, &reply) != REDIS_OK || !reply)
			break;
		replies[got] = reply;
	}
	if (got == n)
		return true;
	free_replies(replies, got);
	return false;
}

/* Did the connection end rather than not answer? Redis closes idle ones, and so does its restart.
 */
static bool was_closed(const redisContext *context)
{
	return context->err == REDIS_ERR_EOF ||
	       (context->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET));
}

/* Is that an answer of a Redis that has become a replica, or is not up yet? None of the commands
 * has then been carried out. */
static bool is_not_serving(const struct redisReply *reply)
{
	static const struct str words[] = { STR("READONLY "), STR("LOADING "), STR("MASTERDOWN ") };

	for (size_t i = 0; reply->type == REDIS_REPLY_ERROR && i < sizeof(words) / sizeof(words[0]);
	     i++)
		if (str_starts((struct str){ reply->str, reply->len }, words[i]))
			return true;
	return false;
}

static bool are_served(struct redisReply **replies, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_not_serving(replies[i]))
			return false;
	return true;
}

static bool try_once(const struct redis *r, struct redis_part *part,
		     const struct redis_command *commands, size_t n, struct redisReply **replies,
		     bool *ret_closed)
{
	const char *reason = "it does not serve";

	*ret_closed = false;
	if (!redis_part_open(r->options, part))
		return false;
	if (talk(part->context, commands, n, replies)) {
		if (are_served(replies, n))
			return true;
		free_replies(replies, n);
		*ret_closed = true;
	} else {
		*ret_closed = was_closed(part->context);
		reason = part->context->err ? part->context->errstr : "out of memory";
	}
	log_line(LOG_WARN, "redis_failed", "reason=\"%s\"", reason);
	redis_part_close(part);
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

static bool run_on(const struct redis *r, struct redis_part *part,
		   const struct redis_command *commands, size_t n, struct redisReply **replies)
{
	bool kept = part->context != NULL;
	bool closed;
	bool answered;
	int64_t since_us;

	/* A replica that this thread reads is no worse for what others have met elsewhere. */
	if (!(kept && part->wanted == SENTINEL_READABLE) &&
	    !may_try(part->pause, r->options->timeouts.command_ms))
		return false;
	since_us = sysclock.us(&sysclock);
	answered = try_once(r, part, commands, n, replies, &closed);
	/* That a kept connection has been closed says nothing about Redis; a new one will. */
	if (!answered && kept && closed)
		answered = try_once(r, part, commands, n, replies, &closed);
	count(r, since_us, answered, replies, n);
	if (answered)
		note_success(part->pause);
	else
		note_failure(part->pause);
	return answered;
}

bool redis_run(struct redis *r, const struct redis_command *commands, size_t n,
	       struct redisReply **replies)
{
	return run_on(r, &r->master, commands, n, replies);
}

bool redis_read(struct redis *r, const struct redis_command *commands, size_t n,
		struct redisReply **replies)
{
	return run_on(r, &r->master, commands, n, replies) ||
	       (r->options->address.master && run_on(r, &r->replica, commands, n, replies));
}
