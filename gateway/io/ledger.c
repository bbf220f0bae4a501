#include "io/ledger.h"

#include "io/log.h"
#include "io/store.h"

#include <hiredis/hiredis.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *const ledger_class_words[LEDGER_CLASSES] = {
	[LEDGER_DEMAND] = "demand",
	[LEDGER_BACKGROUND] = "background",
	[LEDGER_OTHER] = "other",
};

struct ledger_call ledger_call_of(struct str name)
{
	struct ledger_call call = { .class = LEDGER_DEMAND, .open = str_starts(name, STR("?")) };
	struct str rest = str_slice(name, call.open, name.n);
	struct str client = str_cut(&rest, ':');

	if (!client.n)
		call.class = LEDGER_BACKGROUND;
	else if (str_eq(client, STR("other")))
		call.class = LEDGER_OTHER;
	return call;
}

static struct str view(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING)
		return (struct str){ NULL, 0 };
	return (struct str){ reply->str, reply->len };
}

/* Redis writes scores as decimal numbers, large ones with an exponent. */
static int64_t milliseconds(const redisReply *reply)
{
	double ms = reply->type == REDIS_REPLY_STRING ? strtod(reply->str, NULL) : 0;

	return isfinite(ms) && fabs(ms) < 9e15 ? (int64_t)ms : 0;
}

static void take_calls(const redisReply *reply, int64_t window_ms, struct ledger *ret)
{
	if (reply->type != REDIS_REPLY_ARRAY)
		return;
	for (size_t i = 0; i + 1 < reply->elements && ret->calls_n < LEDGER_CALLS_MAX; i += 2) {
		struct ledger_call call = ledger_call_of(view(reply->element[i]));

		call.at_ms = milliseconds(reply->element[i + 1]);
		if (call.at_ms > ret->now_ms - window_ms)
			ret->calls[ret->calls_n++] = call;
	}
}

static bool take_time(const redisReply *reply, struct ledger *ret)
{
	int64_t s;
	int64_t us;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    !str_to_i64(view(reply->element[0]), &s) || !str_to_i64(view(reply->element[1]), &us))
		return false;
	ret->now_ms = s * 1000 + us / 1000;
	return true;
}

static void take_state(const redisReply *reply, struct ledger *ret)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return;
	ret->cool_until_ms = milliseconds(reply->element[0]);
	ret->calibrated_at_ms = milliseconds(reply->element[1]);
}

bool ledger_read(struct redis *r, struct str prefix, struct str budget, int64_t window_ms,
		 struct ledger *ret)
{
	char calls[STORE_KEY_BYTES];
	char state[STORE_KEY_BYTES];
	char last[24];
	const struct str time[] = { STR("TIME") };
	struct str range[] = {
		STR("ZRANGE"), { calls, 0 }, { last, 0 }, STR("-1"), STR("WITHSCORES")
	};
	struct str get[] = { STR("HMGET"), { state, 0 }, STR("cool_until"), STR("calibrated_at") };
	const struct redis_command commands[] = { { 1, time }, { 5, range }, { 4, get } };
	redisReply *replies[3];
	bool good;

	snprintf(last, sizeof(last), "-%d", LEDGER_CALLS_MAX);
	range[1] = store_budget_key(prefix, budget, "calls", calls);
	range[2] = str_from(last);
	get[1] = store_budget_key(prefix, budget, "state", state);
	if (!redis_run(r, commands, 3, replies))
		return false;
	*ret = (struct ledger){ .now_ms = 0 };
	good = take_time(replies[0], ret);
	if (good) {
		take_calls(replies[1], window_ms, ret);
		take_state(replies[2], ret);
	} else {
		log_line(LOG_WARN, "redis_error", "reason=\"it does not tell the time\"");
	}
	for (size_t i = 0; i < 3; i++)
		freeReplyObject(replies[i]);
	return good;
}
