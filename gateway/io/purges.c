#include "io/purges.h"

#include "base/limits.h"
#include "http/date.h"
#include "io/log.h"
#include "io/scripts.h"
#include "io/sysclock.h"
#include "policy/news.h"
#include "policy/ports.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

/* Commands that are sent together. */
#define BATCH 128

#define KEY_BYTES (4 * LIMIT_TARGET_BYTES + 256)

/* One command, one reply of that type; NULL otherwise. */
static redisReply *run_one(struct redis *r, const struct str *argv, size_t argc, int type)
{
	const struct redis_command command = { argc, argv };
	redisReply *reply;

	if (!redis_run(r, &command, 1, &reply))
		return NULL;
	if (reply->type == type)
		return reply;
	log_line(LOG_WARN, "redis_error", "reason=\"%s\"",
		 reply->type == REDIS_REPLY_ERROR ? reply->str : "an answer of another kind");
	freeReplyObject(reply);
	return NULL;
}

static void put_purges_key(struct buf *b, struct str prefix)
{
	buf_put(b, prefix);
	buf_put(b, STR(":purges"));
}

static struct str number_text(int64_t number, char text[static 24])
{
	return (struct str){ text, (size_t)snprintf(text, 24, "%lld", (long long)number) };
}

bool purges_begin(struct redis *r, struct str prefix, const struct purge *p)
{
	struct buf key = buf_init(KEY_BYTES);
	struct buf line = buf_init(NEWS_BYTES);
	char kept[24];
	redisReply *reply = NULL;

	put_purges_key(&key, prefix);
	purge_put(&line, p);
	if (!key.failed && !line.failed) {
		const struct str argv[] = { STR("EVAL"),    str_from(script_purging),
					    STR("1"),	    buf_str(&key),
					    buf_str(&line), number_text(PURGES_KEPT_MS, kept) };

		reply = run_one(r, argv, sizeof(argv) / sizeof(argv[0]), REDIS_REPLY_INTEGER);
	}
	freeReplyObject(reply);
	buf_release(&key);
	buf_release(&line);
	return reply != NULL;
}

bool purges_tell(struct redis *r, struct str channel, const struct purge *p, int64_t *ret_workers)
{
	const struct bulletin b = { .kind = NEWS_PURGED, .purge = *p };
	struct buf line = buf_init(NEWS_BYTES);
	redisReply *reply = NULL;

	news_put(&line, &b);
	if (!line.failed) {
		const struct str argv[] = { STR("PUBLISH"), channel, buf_str(&line) };

		reply = run_one(r, argv, 3, REDIS_REPLY_INTEGER);
	}
	if (reply)
		*ret_workers = reply->integer;
	freeReplyObject(reply);
	buf_release(&line);
	return reply != NULL;
}

/* ---- entries ---- */

/* At most BATCH of them, in one go. */
static bool apply_batch(struct redis *r, const struct str *keys, size_t n, enum purge_mode mode,
			struct str moment, uint64_t *ret_n)
{
	struct str argv[BATCH][5];
	struct redis_command commands[BATCH];
	redisReply *replies[BATCH];
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		struct str outdate[] = { STR("EVAL"), str_from(script_outdate), STR("1"), keys[i],
					 moment };
		struct str unlink[] = { STR("UNLINK"), keys[i] };

		if (mode == PURGE_INVALIDATE)
			memcpy(argv[i], outdate, sizeof(outdate));
		else
			memcpy(argv[i], unlink, sizeof(unlink));
		commands[i] = (struct redis_command){ mode == PURGE_INVALIDATE ? 5 : 2, argv[i] };
	}
	if (!redis_run(r, commands, n, replies))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (replies[i]->type == REDIS_REPLY_INTEGER)
			*ret_n += (uint64_t)replies[i]->integer;
		else
			good = false;
		freeReplyObject(replies[i]);
	}
	return good;
}

bool purges_apply(struct redis *r, struct str prefix, enum purge_mode mode,
		  const struct str *targets, size_t n, struct wall begun, uint64_t *ret_n)
{
	struct buf text = buf_init((size_t)BATCH * KEY_BYTES);
	char moment[DATE_ISO_BYTES];
	bool good = true;

	date_put_iso(begun, moment);
	for (size_t done = 0; good && done < n; done += BATCH) {
		size_t part = n - done < BATCH ? n - done : BATCH;
		struct str keys[BATCH];
		size_t at = 0;

		buf_clear(&text);
		for (size_t i = 0; i < part; i++) {
			size_t from = text.n;

			buf_put(&text, prefix);
			buf_put_char(&text, ':');
			buf_put(&text, targets[done + i]);
			keys[i].n = text.n - from;
		}
		/* The text moves while it grows. */
		for (size_t i = 0; i < part; i++) {
			keys[i].p = text.p + at;
			at += keys[i].n;
		}
		good = !text.failed && apply_batch(r, keys, part, mode,
						   (struct str){ moment, sizeof(moment) }, ret_n);
	}
	buf_release(&text);
	return good;
}

/* ---- what was under way ---- */

/* The purge that weighs most among those of the last ms that mean e. */
static bool find_late(const redisReply *purges, const struct entry *e, int64_t ms,
		      enum purge_mode *ret)
{
	bool found = false;

	*ret = PURGE_INVALIDATE;
	for (size_t i = 0; i + 1 < purges->elements; i += 2) {
		const redisReply *line = purges->element[i];
		const redisReply *ago = purges->element[i + 1];
		struct purge p;

		if (line->type != REDIS_REPLY_STRING || ago->type != REDIS_REPLY_INTEGER ||
		    ago->integer > ms || !purge_parse((struct str){ line->str, line->len }, &p) ||
		    !purge_hits(&p, e->target, e->ids))
			continue;
		found = true;
		if (p.mode == PURGE_DELETE)
			*ret = PURGE_DELETE;
	}
	return found;
}

/*
 * Both ends are told by one clock each: how long ago a purge was by Redis', how long ago the call
 * began by ours, which is looked at when Redis has answered. So however long that takes, no purge
 * is missed; one that came just before the call may be taken for one that came after it.
 */
bool purges_late(struct redis *r, struct str prefix, const struct entry *e, struct mono begun)
{
	struct buf key = buf_init(KEY_BYTES);
	redisReply *purges = NULL;
	enum purge_mode mode;
	uint64_t n = 0;
	int64_t ms;
	bool late;

	put_purges_key(&key, prefix);
	if (!key.failed) {
		const struct str argv[] = { STR("EVAL"), str_from(script_purged), STR("1"),
					    buf_str(&key) };

		purges = run_one(r, argv, sizeof(argv) / sizeof(argv[0]), REDIS_REPLY_ARRAY);
	}
	/* Four moments are told in whole ms, cut off. */
	ms = sysclock.mono(&sysclock).ms - begun.ms + 1;
	late = purges && find_late(purges, e, ms, &mode);
	if (late)
		purges_apply(r, prefix, mode, &e->target, 1, e->fetched, &n);
	freeReplyObject(purges);
	buf_release(&key);
	return late;
}
