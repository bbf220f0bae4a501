#include "io/sentinel.h"

#include "io/log.h"
#include "io/sysclock.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

static struct str text_of(const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING)
		return (struct str){ NULL, 0 };
	return (struct str){ reply->str, reply->len };
}

static bool take_place(struct str name, struct str port, struct sentinel_place *ret)
{
	int64_t number;

	if (!name.n || name.n >= sizeof(ret->name) || !str_to_i64(port, &number) || number < 1 ||
	    number > 65535)
		return false;
	snprintf(ret->name, sizeof(ret->name), "%.*s", STR_ARG(name));
	ret->port = (int)number;
	return true;
}

/* `name, port`, or nothing if it does not know the master. */
static bool take_master(const redisReply *reply, struct sentinel_place *ret)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	       take_place(text_of(reply->element[0]), text_of(reply->element[1]), ret);
}

/* A replica's `field, value, field, value ...`. */
static struct str value_of(const redisReply *reply, struct str field)
{
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
		if (str_eq(text_of(reply->element[i]), field))
			return text_of(reply->element[i + 1]);
	return (struct str){ NULL, 0 };
}

/* Its flags: `slave`, and others. `disconnected` is none that counts: a Sentinel is that for a
 * moment from one that becomes master. */
static bool is_up(struct str flags)
{
	while (flags.n) {
		struct str flag = str_cut(&flags, ',');

		if (str_eq(flag, STR("s_down")) || str_eq(flag, STR("o_down")))
			return false;
	}
	return true;
}

static bool take_replica(const redisReply *reply, struct sentinel_place *ret)
{
	return is_up(value_of(reply, STR("flags"))) &&
	       take_place(value_of(reply, STR("ip")), value_of(reply, STR("port")), ret);
}

static bool take_any_replica(const redisReply *reply, struct sentinel_place *ret)
{
	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
		if (take_replica(reply->element[i], ret))
			return true;
	return false;
}

static bool ask_for_master(redisContext *context, const char *name, struct sentinel_place *ret)
{
	redisReply *reply = redisCommand(context, "SENTINEL get-master-addr-by-name %s", name);
	bool found = reply && take_master(reply, ret);

	if (!found)
		log_line(LOG_WARN, "sentinel_failed", "reason=\"%.100s\"",
			 reply && reply->type == REDIS_REPLY_ERROR ? reply->str
			 : context->err				   ? context->errstr
								   : "it does not know the master");
	freeReplyObject(reply);
	return found;
}

static bool ask_for_replica(redisContext *context, const char *master, struct sentinel_place *ret)
{
	redisReply *reply = redisCommand(context, "SENTINEL replicas %s", master);
	bool found = reply && take_any_replica(reply, ret);

	freeReplyObject(reply);
	return found;
}

static bool ask_one(redisContext *context, const char *master, enum sentinel_wanted wanted,
		    struct sentinel_place *ret)
{
	/* Right after a failover there may be no replica, but a master again. */
	return (wanted == SENTINEL_READABLE && ask_for_replica(context, master, ret)) ||
	       (!context->err && ask_for_master(context, master, ret));
}

bool sentinel_ask(const struct redis_address *address, const struct redis_timeouts *timeouts,
		  atomic_uint *first, enum sentinel_wanted wanted, struct sentinel_place *ret)
{
	struct mono until = mono_after(sysclock.mono(&sysclock), timeouts->command_ms);

	for (size_t i = 0; i < address->sentinels_n; i++) {
		unsigned int turn = atomic_load(first);
		redisContext *context =
			redis_link(NULL, &address->sentinels[turn % address->sentinels_n],
				   &address->login, timeouts);
		bool found = context && ask_one(context, address->master, wanted, ret);

		if (context)
			redisFree(context);
		if (found)
			return true;
		atomic_compare_exchange_strong(first, &turn, turn + 1);
		if (sysclock.mono(&sysclock).ms >= until.ms)
			break;
	}
	return false;
}

void sentinel_doubt(atomic_uint *first)
{
	atomic_fetch_add(first, 1);
}
