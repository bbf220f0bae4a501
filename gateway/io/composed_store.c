#include "io/composed_store.h"

#include "base/limits.h"
#include "io/log.h"
#include "io/scripts.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

#define KEY_BYTES (4 * LIMIT_TARGET_BYTES + 256)

/* What is asked of each hash. */
enum asked { ASKED_SUM, ASKED_PURGED_AT, ASKED_ANSWER, ASKED_COUNT };

struct composed_store composed_store_new(struct redis *redis, struct str prefix,
					 counter *unreadable)
{
	return (struct composed_store){ .redis = redis,
					.prefix = prefix,
					.unreadable = unreadable,
					.keys = buf_init((size_t)COMPOSED_COMMANDS * KEY_BYTES),
					.value = buf_init(COMPOSED_BYTES) };
}

static void let_go(struct composed_store *s)
{
	while (s->replies_n)
		freeReplyObject(s->replies[--s->replies_n]);
}

void composed_store_release(struct composed_store *s)
{
	let_go(s);
	buf_release(&s->keys);
	buf_release(&s->value);
}

/* Appends the entry's key: a view that lasts while there was room for it. */
static struct str put_key(struct composed_store *s, struct str target)
{
	size_t from = s->keys.n;

	buf_put(&s->keys, s->prefix);
	buf_put_char(&s->keys, ':');
	buf_put(&s->keys, target);
	return str_slice(buf_str(&s->keys), from, s->keys.n);
}

/* ---- to look for them ---- */

static struct str text_of(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? (struct str){ reply->str, reply->len }
						 : (struct str){ NULL, 0 };
}

static void note_unreadable(const struct composed_store *s, const struct answer_place *place)
{
	log_line(LOG_WARN, "answer_unreadable", "target=%.*s", STR_ARG(place->target));
	if (s->unreadable)
		counter_add(s->unreadable, 1);
}

/* A key that is no hash holds no answer either. */
static void read_place(const struct composed_store *s, const redisReply *reply,
		       struct answer_place *place)
{
	struct str answer;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != ASKED_COUNT)
		return;
	place->sum = text_of(reply->element[ASKED_SUM]);
	place->purged = text_of(reply->element[ASKED_PURGED_AT]).n > 0;
	answer = text_of(reply->element[ASKED_ANSWER]);
	if (answer.n && !composed_read(answer, &place->answer)) {
		place->answer.parts_n = 0;
		note_unreadable(s, place);
	}
}

/* Room for all keys: so that they stay where they are while others are appended. */
static bool make_room(struct composed_store *s, struct answer_query *const *queries, size_t n)
{
	size_t bytes = 0;

	buf_clear(&s->keys);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < queries[i]->n; k++)
			bytes += s->prefix.n + 1 + queries[i]->places[k].target.n;
	return buf_room(&s->keys, bytes) != NULL;
}

void composed_store_find(struct composed_store *s, struct answer_query *const *queries, size_t n)
{
	struct str argv[COMPOSED_COMMANDS][2 + ASKED_COUNT];
	struct redis_command commands[COMPOSED_COMMANDS];
	struct answer_place *places[COMPOSED_COMMANDS];
	size_t commands_n = 0;

	let_go(s);
	if (!make_room(s, queries, n))
		return;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < queries[i]->n; k++, commands_n++) {
			struct answer_place *place = &queries[i]->places[k];
			struct str hmget[] = { STR("HMGET"), put_key(s, place->target), STR("sum"),
					       STR("purged_at"), queries[i]->url };

			memcpy(argv[commands_n], hmget, sizeof(hmget));
			commands[commands_n] =
				(struct redis_command){ 2 + ASKED_COUNT, argv[commands_n] };
			places[commands_n] = place;
		}
	}
	if (!commands_n || !redis_read(s->redis, commands, commands_n, s->replies))
		return;
	s->replies_n = commands_n;
	for (size_t i = 0; i < commands_n; i++)
		read_place(s, s->replies[i], places[i]);
}

/* ---- to store one ---- */

void composed_store_keep(struct composed_store *s, struct str target, struct str sum,
			 struct str url, const struct composed *answer)
{
	char most[24];
	struct redisReply *reply;

	buf_clear(&s->keys);
	buf_clear(&s->value);
	composed_write(answer, &s->value);
	if (s->value.failed)
		return;
	const struct str argv[] = {
		STR("EVAL"),
		str_from(script_keep),
		STR("1"),
		put_key(s, target),
		sum,
		url,
		buf_str(&s->value),
		{ most, (size_t)snprintf(most, sizeof(most), "%lu", COMPOSED_ALL_BYTES) },
	};
	const struct redis_command command = { sizeof(argv) / sizeof(argv[0]), argv };

	/* One that finds no room, or no master, is composed again the next time. */
	if (!s->keys.failed && redis_run(s->redis, &command, 1, &reply))
		freeReplyObject(reply);
}
