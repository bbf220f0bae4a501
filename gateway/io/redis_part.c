#include "io/redis_part.h"

#include "base/hash.h"
#include "io/log.h"

#include <hiredis/hiredis.h>

/* A Sentinel may be wrong for a while, and a master cease to be one. */
static bool is_master(redisContext *context)
{
	redisReply *reply = redisCommand(context, "ROLE");
	bool is = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements &&
		  reply->element[0]->type == REDIS_REPLY_STRING &&
		  str_eq((struct str){ reply->element[0]->str, reply->element[0]->len },
			 STR("master"));

	freeReplyObject(reply);
	return is;
}

static redisContext *link_to(const struct redis_options *o, const struct sentinel_place *place)
{
	const struct redis_host host = { place->name, place->port };

	return redis_link(NULL, &host, &o->login, &o->timeouts);
}

static unsigned int id_of(const struct sentinel_place *place)
{
	return (unsigned int)(hash64(str_from(place->name)) + (uint64_t)place->port);
}

/* Where to read. A master that has failed is called a replica of the new one before it is known to
 * be down: then the new one is the better place. */
static bool ask_where_to_read(const struct redis_options *o, struct sentinel_place *ret)
{
	struct redis_health *health = o->health;

	return sentinel_ask(&o->address, &o->timeouts, &health->sentinel, SENTINEL_READABLE, ret) &&
	       (id_of(ret) != atomic_load(&health->master_id) ||
		sentinel_ask(&o->address, &o->timeouts, &health->sentinel, SENTINEL_MASTER, ret));
}

static bool ask_where(const struct redis_options *o, enum sentinel_wanted wanted,
		      struct sentinel_place *ret)
{
	if (wanted == SENTINEL_READABLE)
		return ask_where_to_read(o, ret);
	return sentinel_ask(&o->address, &o->timeouts, &o->health->sentinel, wanted, ret);
}

static redisContext *connect_by_sentinel(const struct redis_options *o, enum sentinel_wanted wanted,
					 struct sentinel_place *ret)
{
	redisContext *context;

	if (!ask_where(o, wanted, ret))
		return NULL;
	context = link_to(o, ret);
	if (context && (wanted == SENTINEL_READABLE || is_master(context)))
		return context;
	log_line(LOG_WARN, "sentinel_doubted", "at=%s:%d reason=\"%s\"", ret->name, ret->port,
		 context ? "it is no master" : "it does not answer");
	sentinel_doubt(&o->health->sentinel);
	if (context)
		redisFree(context);
	return NULL;
}

static unsigned int note_master(struct redis_health *health, const struct sentinel_place *place)
{
	unsigned int id = id_of(place);

	if (atomic_exchange(&health->master_id, id) != id)
		log_line(LOG_INFO, "redis_master", "at=%s:%d", place->name, place->port);
	return id;
}

/* A replica that becomes master closes its connections, and what Sentinels tell is out of date for
 * a moment: so reading goes on where it was, if that is possible. */
static redisContext *connect_again(const struct redis_options *o, struct redis_part *part)
{
	redisContext *context = NULL;

	if (part->wanted == SENTINEL_READABLE && part->last.port)
		context = link_to(o, &part->last);
	part->last.port = 0;
	return context;
}

static redisContext *open_part(const struct redis_options *o, struct redis_part *part)
{
	struct sentinel_place place = part->last;
	redisContext *context;

	if (!o->address.master)
		return redis_link(o->address.socket, &o->address.host, &o->login, &o->timeouts);
	context = connect_again(o, part);
	if (!context)
		context = connect_by_sentinel(o, part->wanted, &place);
	if (!context)
		return NULL;
	part->last = place;
	part->master_id = part->wanted == SENTINEL_MASTER ? note_master(o->health, &place) : 0;
	return context;
}

/* Another connection has found another master. This one may be kept to one that was away for a
 * moment, does not know yet that it is none any more, and would give calls away a second time. */
static bool is_superseded(const struct redis_options *o, const struct redis_part *part)
{
	return part->context && part->wanted == SENTINEL_MASTER && o->address.master &&
	       part->master_id != atomic_load(&o->health->master_id);
}

void redis_part_close(struct redis_part *part)
{
	if (part->context)
		redisFree(part->context);
	part->context = NULL;
}

bool redis_part_open(const struct redis_options *o, struct redis_part *part)
{
	if (is_superseded(o, part))
		redis_part_close(part);
	if (!part->context)
		part->context = open_part(o, part);
	return part->context != NULL;
}

struct redisContext *redis_connect(const struct redis_options *o)
{
	struct redis_part master = { .wanted = SENTINEL_MASTER };

	return open_part(o, &master);
}
