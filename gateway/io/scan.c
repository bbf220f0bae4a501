#include "io/scan.h"

#include "base/limits.h"
#include "io/log.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

/* Values that are read together. */
#define BATCH 64

#define PATTERN_BYTES 1024

static void put_literally(struct buf *b, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (strchr("*?[]\\^-", text.p[i]))
			buf_put_char(b, '\\');
		buf_put_char(b, text.p[i]);
	}
}

static struct str view(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING)
		return (struct str){ NULL, 0 };
	return (struct str){ reply->str, reply->len };
}

/* `begin` is left away: the pattern has seen to it that it is there. */
static void visit(struct scan *s, const redisReply *key, struct str value)
{
	struct str name = view(key);

	if (!str_starts(name, s->begin))
		return;
	s->visited++;
	s->visit(s->ctx, str_slice(name, s->begin.n, name.n), value);
}

static bool visit_values(struct scan *s, struct redis *r, redisReply *const *keys, size_t n)
{
	struct str argv[BATCH][3];
	struct redis_command commands[BATCH];
	redisReply *replies[BATCH];

	for (size_t i = 0; i < n; i++) {
		argv[i][0] = STR("HGET");
		argv[i][1] = view(keys[i]);
		argv[i][2] = str_from(s->field);
		commands[i] = (struct redis_command){ 3, argv[i] };
	}
	if (!redis_run(r, commands, n, replies))
		return false;
	for (size_t i = 0; i < n; i++) {
		visit(s, keys[i], view(replies[i]));
		freeReplyObject(replies[i]);
	}
	return true;
}

static bool visit_all(struct scan *s, struct redis *r, const redisReply *keys)
{
	bool good = true;

	for (size_t i = 0; !s->field && i < keys->elements; i++)
		visit(s, keys->element[i], (struct str){ NULL, 0 });
	for (size_t i = 0; s->field && good && i < keys->elements; i += BATCH) {
		size_t left = keys->elements - i;

		good = visit_values(s, r, keys->element + i, left < BATCH ? left : BATCH);
	}
	return good;
}

static bool take(struct scan *s, struct redis *r, const redisReply *reply)
{
	struct str cursor;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY) {
		log_line(LOG_WARN, "redis_error", "reason=\"%s\"",
			 reply->type == REDIS_REPLY_ERROR ? reply->str : "SCAN's answer is none");
		return false;
	}
	cursor = view(reply->element[0]);
	if (!cursor.n || cursor.n >= sizeof(s->cursor) || !str_is_digits(cursor))
		return false;
	memcpy(s->cursor, cursor.p, cursor.n);
	s->cursor[cursor.n] = '\0';
	s->done = str_eq(cursor, STR("0"));
	s->steps++;
	return visit_all(s, r, reply->element[1]);
}

bool scan_step(struct scan *s, struct redis *r)
{
	struct buf pattern = buf_init(PATTERN_BYTES);
	redisReply *reply;
	char count[24];
	bool good;

	put_literally(&pattern, s->begin);
	put_literally(&pattern, s->rest);
	buf_put_char(&pattern, '*');
	if (pattern.failed) {
		buf_release(&pattern);
		return false;
	}
	snprintf(count, sizeof(count), "%d", SCAN_STEP);
	{
		const struct str argv[] = {
			STR("SCAN"),  s->cursor[0] ? str_from(s->cursor) : STR("0"),
			STR("MATCH"), buf_str(&pattern),
			STR("COUNT"), str_from(count)
		};
		const struct redis_command command = { sizeof(argv) / sizeof(argv[0]), argv };

		good = redis_run(r, &command, 1, &reply);
	}
	if (good) {
		good = take(s, r, reply);
		freeReplyObject(reply);
	}
	buf_release(&pattern);
	return good;
}
