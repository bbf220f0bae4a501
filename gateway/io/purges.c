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

/* A key of those two: what is about to be purged, and what workers were told of. */
static void put_key(struct buf *b, struct str prefix, const char *name)
{
	buf_put(b, prefix);
	buf_put_char(b, ':');
	buf_put(b, str_from(name));
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

	put_key(&key, prefix, "purges");
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

bool purges_tell(struct redis *r, struct str prefix, struct str channel, const struct purge *p,
		 int64_t *ret_workers)
{
	const struct bulletin b = { .kind = NEWS_PURGED, .purge = *p };
	struct buf key = buf_init(KEY_BYTES);
	struct buf line = buf_init(NEWS_BYTES);
	struct buf news = buf_init(NEWS_BYTES);
	char kept[24];
	redisReply *reply = NULL;

	put_key(&key, prefix, "told");
	purge_put(&line, p);
	news_put(&news, &b);
	if (!key.failed && !line.failed && !news.failed) {
		const struct str argv[] = {
			STR("EVAL"),   str_from(script_told), STR("1"),
			buf_str(&key), buf_str(&line),	      number_text(PURGES_TOLD_MS, kept),
			channel,       buf_str(&news),
		};

		reply = run_one(r, argv, sizeof(argv) / sizeof(argv[0]), REDIS_REPLY_INTEGER);
	}
	if (reply)
		*ret_workers = reply->integer;
	freeReplyObject(reply);
	buf_release(&key);
	buf_release(&line);
	buf_release(&news);
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

/* ---- what was purged since ---- */

/* All that stands in that key, after Redis' clock; the caller frees it. NULL: Redis did not
 * answer. */
static redisReply *read_purges(struct redis *r, struct str prefix, const char *name)
{
	struct buf key = buf_init(KEY_BYTES);
	redisReply *purges = NULL;

	put_key(&key, prefix, name);
	if (!key.failed) {
		const struct str argv[] = { STR("EVAL"), str_from(script_purged), STR("1"),
					    buf_str(&key) };

		purges = run_one(r, argv, sizeof(argv) / sizeof(argv[0]), REDIS_REPLY_ARRAY);
	}
	buf_release(&key);
	if (purges && purges->elements && purges->element[0]->type == REDIS_REPLY_INTEGER)
		return purges;
	freeReplyObject(purges);
	return NULL;
}

/* Calls `visit` with those of the purges that came at that moment of Redis' clock or later. */
static void visit_since(const redisReply *purges, int64_t since_ms, purges_visit *visit, void *ctx)
{
	for (size_t i = 1; i + 1 < purges->elements; i += 2) {
		const redisReply *line = purges->element[i];
		const redisReply *moment = purges->element[i + 1];
		struct purge p;

		if (line->type == REDIS_REPLY_STRING && moment->type == REDIS_REPLY_INTEGER &&
		    moment->integer >= since_ms &&
		    purge_parse((struct str){ line->str, line->len }, &p))
			visit(ctx, &p);
	}
}

/*
 * How long ago `since` is is told by our clock, which is looked at when Redis has answered. So
 * however long that takes, no purge is missed; one that came just before may be taken for one
 * that came after.
 */
bool purges_told(struct redis *r, struct str prefix, struct mono since, purges_visit *visit,
		 void *ctx)
{
	redisReply *purges = read_purges(r, prefix, "told");
	/* Four moments are told in whole ms, cut off. */
	int64_t ms = sysclock.mono(&sysclock).ms - since.ms + 1;
	bool known = purges != NULL;

	if (known)
		visit_since(purges, purges->element[0]->integer - ms, visit, ctx);
	freeReplyObject(purges);
	return known;
}

/* The purge that weighs most among those that mean e. */
struct late {
	const struct entry *e;
	bool found;
	enum purge_mode mode;
};

static void look_at_purge(void *ctx, const struct purge *p)
{
	struct late *late = ctx;

	if (!purge_hits(p, late->e->target, late->e->ids))
		return;
	late->found = true;
	if (p->mode == PURGE_DELETE)
		late->mode = PURGE_DELETE;
}

bool purges_late(struct redis *r, struct str prefix, const struct entry *e, int64_t asked_ms)
{
	redisReply *purges = read_purges(r, prefix, "purges");
	struct late late = { .e = e, .mode = PURGE_INVALIDATE };
	uint64_t n = 0;

	if (purges)
		visit_since(purges, asked_ms, look_at_purge, &late);
	if (late.found)
		purges_apply(r, prefix, late.mode, &e->target, 1, e->fetched, &n);
	freeReplyObject(purges);
	return late.found;
}
