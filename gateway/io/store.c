#include "io/store.h"

#include "base/limits.h"
#include "io/log.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES (4 * LIMIT_TARGET_BYTES + 256)

struct redis_store {
	struct store store; /* first, so that one is the other */
	struct redis *redis;
	struct str prefix;
	struct buf key;	    /* scratch, kept over calls */
	struct buf scratch; /* likewise */
};

/*
 * One call from a sliding log, as DRF keeps it: calls older than the window
 * are forgotten, and a new one is granted while fewer than the limit are left.
 * A call in flight has its latest moment as its score, which lies ahead of now;
 * for telling when a slot frees, its earliest moment is the better guess.
 *
 * KEYS: calls, state. ARGV: limit, window ms, hold ms, id, reserve.
 * Returns: granted (0 or 1), remaining, ms to wait for the log and for the
 * cool-down to allow a call.
 */
static const char reserve_script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local limit, window, hold = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)\n"
	"local used = redis.call('ZCARD', KEYS[1])\n"
	"local share = math.max(limit - tonumber(ARGV[5]), 0)\n"
	"local cool = tonumber(redis.call('HGET', KEYS[2], 'cool_until') or '0')\n"
	"local wait = math.max(cool - now, 0)\n"
	"if share == 0 then return {0, 0, math.max(wait, window)} end\n"
	"if used >= share then\n"
	"  local last = redis.call('ZRANGE', KEYS[1], used - share, used - share, 'WITHSCORES')\n"
	"  local at = tonumber(last[2])\n"
	"  if at > now then at = at - hold end\n"
	"  wait = math.max(wait, at + window - now, 1)\n"
	"end\n"
	"if wait > 0 then return {0, 0, wait} end\n"
	"redis.call('ZADD', KEYS[1], now + hold, ARGV[4])\n"
	"return {1, share - used - 1, 0}\n";

/* KEYS: calls, state. ARGV: limit, window ms. Returns: used, ms to wait. */
static const char usage_script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
	"local calls = redis.call('ZRANGEBYSCORE', KEYS[1], now - window + 1, '+inf', "
	"'WITHSCORES')\n"
	"local used = #calls / 2\n"
	"local cool = tonumber(redis.call('HGET', KEYS[2], 'cool_until') or '0')\n"
	"local wait = math.max(cool - now, 0)\n"
	"if used >= limit then\n"
	"  local at = math.min(tonumber(calls[2 * (used - limit) + 2]), now)\n"
	"  wait = math.max(wait, at + window - now, 1)\n"
	"end\n"
	"return {used, wait}\n";

/* KEYS: calls. ARGV: id, 1 if the call counts. */
static const char settle_script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
	"if ARGV[2] == '1' then redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1])\n"
	"else redis.call('ZREM', KEYS[1], ARGV[1]) end\n"
	"return 1\n";

/* KEYS: state. ARGV: ms. A shorter cool-down never ends a longer one. */
static const char cool_script[] =
	"local t = redis.call('TIME')\n"
	"local until_ms = t[1] * 1000 + math.floor(t[2] / 1000) + tonumber(ARGV[1])\n"
	"local old = tonumber(redis.call('HGET', KEYS[1], 'cool_until') or '0')\n"
	"if until_ms > old then redis.call('HSET', KEYS[1], 'cool_until', until_ms) end\n"
	"return 1\n";

static struct redis_store *of(struct store *store)
{
	return (struct redis_store *)store;
}

static struct str entry_key(struct redis_store *s, struct str target)
{
	buf_clear(&s->key);
	buf_put(&s->key, s->prefix);
	buf_put_char(&s->key, ':');
	buf_put(&s->key, target);
	return buf_str(&s->key);
}

/* `{budget}` keeps both keys of a budget in one slot of a Redis cluster. */
static struct str budget_key(struct str prefix, struct str budget, const char *what,
			     char text[static 256])
{
	int n = snprintf(text, 256, "%.*s:{%.*s}:%s", STR_ARG(prefix), STR_ARG(budget), what);

	return (struct str){ text, n > 0 && n < 256 ? (size_t)n : 0 };
}

static struct str number_text(int64_t number, char text[static 24])
{
	return (struct str){ text, (size_t)snprintf(text, 24, "%lld", (long long)number) };
}

/* One command, one reply that is no error; NULL otherwise. */
static redisReply *run_one(struct redis_store *s, const struct str *argv, size_t argc)
{
	const struct redis_command command = { argc, argv };
	redisReply *reply;

	if (!redis_run(s->redis, &command, 1, &reply))
		return NULL;
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	log_line(LOG_WARN, "redis_error", "reason=\"%s\"", reply->str);
	freeReplyObject(reply);
	return NULL;
}

/* ---- entries ---- */

static struct entry *entry_of(const redisReply *reply, struct str target)
{
	struct str fields[ENTRY_FIELDS];
	struct entry *e;
	bool any = false;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != ENTRY_FIELDS)
		return NULL;
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		const redisReply *field = reply->element[i];

		fields[i] = (struct str){ NULL, 0 };
		if (field->type == REDIS_REPLY_STRING)
			fields[i] = (struct str){ field->str, field->len };
		any |= field->type == REDIS_REPLY_STRING;
	}
	if (!any)
		return NULL;
	e = entry_read(fields);
	if (e && !str_eq(e->target, target)) {
		entry_unref(e);
		e = NULL;
	}
	if (!e)
		log_line(LOG_WARN, "entry_unreadable", "target=%.*s", STR_ARG(target));
	return e;
}

/* A key that is no hash is no entry either; saving one replaces it. */
static bool is_wrong_type(const redisReply *reply)
{
	return str_starts((struct str){ reply->str, reply->len }, STR("WRONGTYPE"));
}

static enum load load(struct store *store, struct str target, struct entry **ret)
{
	struct redis_store *s = of(store);
	struct str argv[2 + ENTRY_FIELDS] = { STR("HMGET"), entry_key(s, target) };
	const struct redis_command command = { 2 + ENTRY_FIELDS, argv };
	redisReply *reply;
	bool broken;

	if (s->key.failed)
		return LOAD_BROKEN;
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		argv[2 + i] = str_from(entry_field_names[i]);
	if (!redis_run(s->redis, &command, 1, &reply))
		return LOAD_BROKEN;
	broken = reply->type == REDIS_REPLY_ERROR && !is_wrong_type(reply);
	*ret = broken ? NULL : entry_of(reply, target);
	freeReplyObject(reply);
	if (broken)
		return LOAD_BROKEN;
	return *ret ? LOAD_FOUND : LOAD_ABSENT;
}

static bool save(struct store *store, struct str target, const struct entry *e, int64_t keep_ms)
{
	struct redis_store *s = of(store);
	struct str key = entry_key(s, target);
	struct str fields[ENTRY_FIELDS];
	struct str hset[2 + 2 * ENTRY_FIELDS] = { STR("HSET"), key };
	char keep_text[24];
	struct str expire[] = { STR("PEXPIRE"), key, number_text(keep_ms, keep_text) };
	struct str del[] = { STR("DEL"), key };
	struct str multi[] = { STR("MULTI") };
	struct str exec[] = { STR("EXEC") };
	const struct redis_command commands[] = {
		{ 1, multi }, { 2, del }, { 2 + 2 * ENTRY_FIELDS, hset }, { 3, expire }, { 1, exec }
	};
	enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };
	redisReply *replies[COMMANDS];
	bool saved;

	buf_clear(&s->scratch);
	if (s->key.failed || !entry_write(e, &s->scratch, fields))
		return false;
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		hset[2 + 2 * i] = str_from(entry_field_names[i]);
		hset[3 + 2 * i] = fields[i];
	}
	if (!redis_run(s->redis, commands, COMMANDS, replies))
		return false;
	saved = replies[COMMANDS - 1]->type == REDIS_REPLY_ARRAY;
	if (!saved)
		log_line(LOG_WARN, "redis_error", "reason=\"%s\" target=%.*s",
			 replies[COMMANDS - 1]->type == REDIS_REPLY_ERROR
				 ? replies[COMMANDS - 1]->str
				 : "not saved",
			 STR_ARG(target));
	for (size_t i = 0; i < COMMANDS; i++)
		freeReplyObject(replies[i]);
	return saved;
}

/* ---- the budget ---- */

static bool is_integers(const redisReply *reply, size_t n)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (reply->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
	return true;
}

static enum verdict reserve(struct store *store, const struct reservation *r, struct allowance *ret)
{
	struct redis_store *s = of(store);
	char calls[256];
	char state[256];
	char limit[24];
	char window[24];
	char hold[24];
	char kept[24];
	struct str argv[] = {
		STR("EVAL"),
		str_from(reserve_script),
		STR("2"),
		budget_key(s->prefix, r->budget, "calls", calls),
		budget_key(s->prefix, r->budget, "state", state),
		number_text(r->quota.calls, limit),
		number_text(r->quota.window_ms, window),
		number_text(r->hold_ms, hold),
		r->id,
		number_text(r->class == CALL_BACKGROUND ? r->reserve : 0, kept),
	};
	redisReply *reply = run_one(s, argv, sizeof(argv) / sizeof(argv[0]));
	enum verdict verdict = VERDICT_BROKEN;

	if (!reply)
		return VERDICT_BROKEN;
	if (is_integers(reply, 3)) {
		verdict = reply->element[0]->integer ? VERDICT_GRANTED : VERDICT_REFUSED;
		ret->remaining = (uint32_t)reply->element[1]->integer;
		ret->wait_ms = reply->element[2]->integer;
	}
	freeReplyObject(reply);
	return verdict;
}

static void settle(struct store *store, struct str budget, struct str id, bool counted)
{
	struct redis_store *s = of(store);
	char calls[256];
	struct str argv[] = { STR("EVAL"), str_from(settle_script),
			      STR("1"),	   budget_key(s->prefix, budget, "calls", calls),
			      id,	   counted ? STR("1") : STR("0") };

	/* Without Redis the call stays held until its latest moment, which is the safe side. */
	freeReplyObject(run_one(s, argv, sizeof(argv) / sizeof(argv[0])));
}

static bool usage(struct store *store, struct str budget, struct quota quota, struct usage *ret)
{
	struct redis_store *s = of(store);
	char calls[256];
	char state[256];
	char limit[24];
	char window[24];
	struct str argv[] = { STR("EVAL"),
			      str_from(usage_script),
			      STR("2"),
			      budget_key(s->prefix, budget, "calls", calls),
			      budget_key(s->prefix, budget, "state", state),
			      number_text(quota.calls, limit),
			      number_text(quota.window_ms, window) };
	redisReply *reply = run_one(s, argv, sizeof(argv) / sizeof(argv[0]));
	bool known = reply && is_integers(reply, 2);

	if (known)
		*ret = (struct usage){ (uint32_t)reply->element[0]->integer,
				       reply->element[1]->integer };
	freeReplyObject(reply);
	return known;
}

static void cool_down(struct store *store, struct str budget, int64_t ms)
{
	struct redis_store *s = of(store);
	char state[256];
	char text[24];
	struct str argv[] = { STR("EVAL"), str_from(cool_script), STR("1"),
			      budget_key(s->prefix, budget, "state", state),
			      number_text(ms, text) };

	freeReplyObject(run_one(s, argv, sizeof(argv) / sizeof(argv[0])));
}

static bool ping(struct store *store)
{
	struct str argv[] = { STR("PING") };
	redisReply *reply = run_one(of(store), argv, 1);
	bool answered = reply != NULL;

	freeReplyObject(reply);
	return answered;
}

static void free_store(struct store *store)
{
	struct redis_store *s = of(store);

	if (!store)
		return;
	redis_free(s->redis);
	buf_release(&s->key);
	buf_release(&s->scratch);
	free(s);
}

struct store *store_new(const struct redis_options *options, struct str prefix)
{
	struct redis_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct redis_store){ .store = { .load = load,
					      .save = save,
					      .reserve = reserve,
					      .settle = settle,
					      .cool_down = cool_down,
					      .usage = usage,
					      .ping = ping,
					      .free = free_store },
				   .prefix = prefix,
				   .key = buf_init(KEY_BYTES),
				   .scratch = buf_init(1024UL * 1024) };
	s->redis = redis_new(options);
	if (s->redis)
		return &s->store;
	free_store(&s->store);
	return NULL;
}
