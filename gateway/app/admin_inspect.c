/*
 * GET /admin/inspect?url=: what a client that asked now would be answered with, out of
 * which entries, and why. Nothing is fetched and nothing is changed by looking.
 */

#include "app/admin_call.h"
#include "app/fill_look.h"
#include "app/lookup.h"
#include "app/memory.h"
#include "app/origin.h"
#include "base/limits.h"
#include "policy/plan.h"

#include <hiredis/hiredis.h>

static const char *const state_words[] = {
	[ENTRY_ABSENT] = "absent",
	[ENTRY_STALE] = "stale",
	[ENTRY_FRESH] = "fresh",
};

static const char *const kind_words[] = {
	[ENTRY_WINDOW] = "window",
	[ENTRY_OBJECT] = "object",
	[ENTRY_REFUSAL] = "refusal",
};

static const char *const class_words[] = {
	[CALL_DEMAND] = "demand",
	[CALL_BACKGROUND] = "background",
	[CALL_SPARE] = "spare",
};

static const char *const plan_words[] = {
	[PLAN_HIT] = "hit",	[PLAN_STALE] = "stale",	  [PLAN_LAST_GOOD] = "last good",
	[PLAN_FETCH] = "fetch", [PLAN_REFUSE] = "refuse",
};

/* ---- entries ---- */

static void put_entry(const struct admin_call *call, json_t *o, const struct entry *e)
{
	struct wall now = call->gw->clock->wall(call->gw->clock);

	json_object_set_new(o, "kind", json_string(kind_words[e->kind]));
	json_object_set_new(o, "status", json_integer(e->status));
	json_object_set_new(o, "fetched_at", admin_moment(e->fetched));
	json_object_set_new(o, "age_s", admin_age(call, e->fetched));
	json_object_set_new(o, "fresh_until", admin_moment(e->fresh_until));
	json_object_set_new(o, "fresh_for_s", json_integer((e->fresh_until.ms - now.ms) / 1000));
	json_object_set_new(o, "usable_until", admin_moment(e->usable_until));
	json_object_set_new(o, "bytes", json_integer((json_int_t)e->body.n));
	if (e->kind != ENTRY_WINDOW)
		return;
	json_object_set_new(o, "count", json_integer(e->count));
	json_object_set_new(o, "objects", json_integer(e->n));
	json_object_set_new(o, "fetched_again", json_boolean(e->again));
}

/* How it is in this worker's memory. */
static json_t *in_memory(const struct admin_call *call, struct str target)
{
	bool in_doubt;
	struct entry *e = memory_get(call->gw->memory, target, &in_doubt);
	struct wall now = call->gw->clock->wall(call->gw->clock);
	json_t *o;

	if (!e)
		return json_null();
	o = json_object();
	json_object_set_new(o, "state", json_string(state_words[entry_state(e, now)]));
	json_object_set_new(o, "fetched_at", admin_moment(e->fetched));
	json_object_set_new(o, "in_doubt", json_boolean(in_doubt));
	entry_unref(e);
	return o;
}

/* What Redis says of the key beside the entry: when it goes, and whether it was purged. */
static void put_key(const struct admin_call *call, json_t *o, struct str target)
{
	struct buf key = buf_init((size_t)LIMIT_TARGET_BYTES * 4);
	redisReply *replies[2];

	buf_put(&key, call->prefix);
	buf_put_char(&key, ':');
	buf_put(&key, target);
	if (!key.failed) {
		const struct str pttl[] = { STR("PTTL"), buf_str(&key) };
		const struct str purged[] = { STR("HGET"), buf_str(&key),
					      str_from(entry_field_names[ENTRY_FIELD_PURGED_AT]) };
		const struct redis_command commands[] = { { 2, pttl }, { 3, purged } };

		if (redis_run(call->redis, commands, 2, replies)) {
			if (replies[0]->type == REDIS_REPLY_INTEGER && replies[0]->integer > 0)
				json_object_set_new(o, "kept_for_s",
						    json_integer(replies[0]->integer / 1000));
			if (replies[1]->type == REDIS_REPLY_STRING && replies[1]->len)
				json_object_set_new(o, "purged_at",
						    json_stringn(replies[1]->str, replies[1]->len));
			freeReplyObject(replies[0]);
			freeReplyObject(replies[1]);
		}
	}
	buf_release(&key);
}

static json_t *in_redis(const struct admin_call *call, struct str target)
{
	struct wall now = call->gw->clock->wall(call->gw->clock);
	struct entry *e = NULL;
	json_t *o = json_object();

	if (call->store->load(call->store, target, &e) == LOAD_BROKEN) {
		json_object_set_new(o, "state", json_string("unknown"));
		return o;
	}
	if (!e) {
		json_decref(o);
		return json_null();
	}
	json_object_set_new(o, "state", json_string(state_words[entry_state(e, now)]));
	json_object_set_new(o, "fetched_at", admin_moment(e->fetched));
	put_key(call, o, target);
	entry_unref(e);
	return o;
}

static json_t *fill_of(const struct fill_report *r)
{
	json_t *o;

	if (!r->known)
		return json_null();
	o = json_object();
	if (r->under_way) {
		json_object_set_new(o, "state",
				    json_string(r->calling ? "calling upstream" : "waiting"));
		json_object_set_new(o, "class", json_string(class_words[r->class]));
		json_object_set_new(o, "waiters", json_integer((json_int_t)r->waiters));
	} else {
		json_object_set_new(o, "state", json_string("failed"));
		json_object_set_new(o, "reason", json_string(fault_word(r->failure.fault)));
		json_object_set_new(o, "detail", json_string(r->failure.text));
		json_object_set_new(o, "retry_after_s", json_integer(r->failure.retry_after_s));
	}
	return o;
}

/* One of the places that the answer is made from: what should be there, and what is. */
static json_t *place(const struct admin_call *call, const struct want *want, const struct entry *e,
		     const struct fill_report *report)
{
	struct wall now = call->gw->clock->wall(call->gw->clock);
	struct str target = e ? e->target : want->target;
	json_t *o = json_object();

	json_object_set_new(o, "target", admin_text(want->target));
	json_object_set_new(o, "state", json_string(state_words[entry_state(e, now)]));
	if (e && !str_eq(e->target, want->target))
		json_object_set_new(o, "stand_in", admin_text(e->target));
	if (e)
		put_entry(call, o, e);
	json_object_set_new(o, "memory", in_memory(call, target));
	json_object_set_new(o, "redis", in_redis(call, target));
	json_object_set_new(o, "fill", fill_of(report));
	return o;
}

/* ---- the decision ---- */

struct verdict_of_look {
	struct situation situation;
	enum plan plan;
	struct fill_report wanted; /* of what a fetch would bring */
};

static struct verdict_of_look decide(const struct admin_call *call, const struct lookup *found)
{
	struct verdict_of_look v = { .wanted = fills_look(call->gw->fills,
							  found->wants[found->wanted].target) };

	v.situation = (struct situation){
		.mode = origin_mode(call->gw->origin),
		.state = found->state,
		.agrees = found->agrees,
		.may_fetch = true,
		.fetch_failed = v.wanted.known && !v.wanted.under_way,
	};
	v.plan = plan_choose(&v.situation);
	return v;
}

static const char *why(const struct lookup *found, const struct verdict_of_look *v)
{
	switch (v->plan) {
	case PLAN_HIT:
		return "All that the answer needs is there and fresh.";
	case PLAN_STALE:
		return "What is there is past its time: it is answered at once, and fetched anew "
		       "behind the answer.";
	case PLAN_LAST_GOOD:
		if (v->situation.mode != MODE_NORMAL)
			return "What is there is past its time, and in the origin's mode of now it "
			       "is an answer all the same.";
		return "What is there is past its time, and a newer one cannot be had now: the "
		       "last good answer stands.";
	case PLAN_FETCH:
		if (found->broken)
			return "Redis does not answer, and this worker does not remember it.";
		if (found->state == ENTRY_ABSENT)
			return "Something that the answer needs is not stored: the request waits "
			       "for upstream.";
		return "The windows that the answer needs do not agree: the older one is fetched "
		       "again, and the request waits.";
	case PLAN_REFUSE:
		if (v->situation.mode == MODE_NEVER)
			return "Nothing is stored, and by the origin's mode upstream is not asked.";
		return "Nothing is stored, and upstream cannot be asked for it now.";
	}
	return "";
}

static json_t *request_of(const struct canon *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "target", admin_text(c->target));
	json_object_set_new(o, "api", admin_text(c->api->name));
	json_object_set_new(
		o, "endpoint",
		json_sprintf("%.*s%.*s/", STR_ARG(c->api->root), STR_ARG(c->endpoint->name)));
	json_object_set_new(o, "is_object", json_boolean(c->is_object));
	if (c->is_object)
		return o;
	json_object_set_new(o, "limit", json_integer(c->limit));
	json_object_set_new(o, "offset", json_integer(c->offset));
	json_object_set_new(o, "moving_bounds", json_integer((json_int_t)c->bounds.n));
	return o;
}

bool admin_inspect(struct admin_call *call)
{
	struct exchange x = { .arena = call->arena, .routed = true };
	struct verdict_of_look verdict;
	struct lookup found;
	json_t *places;
	struct str url = admin_param(call, "url");

	if (!url.n)
		return fail(&call->refusal.fail, FAULT_PARAMETERS, "url: it is needed.");
	if (!admin_canon(call, url, &x.canon))
		return false;
	x.purges = memory_purges(call->gw->memory);
	if (!look_up(call->gw, call->store, &x, &found, &call->refusal.fail)) {
		lookup_release(&found);
		return false;
	}
	verdict = decide(call, &found);
	places = json_array();
	for (size_t i = 0; i < LOOKUP_ENTRIES && found.wants[i].target.p; i++) {
		const struct fill_report report =
			fills_look(call->gw->fills, found.wants[i].target);

		json_array_append_new(places,
				      place(call, &found.wants[i], found.entries[i], &report));
	}
	call->answer = request_of(&x.canon);
	json_object_set_new(call->answer, "plan", json_string(plan_words[verdict.plan]));
	json_object_set_new(call->answer, "why", json_string(why(&found, &verdict)));
	json_object_set_new(call->answer, "origin", json_string(mode_word(verdict.situation.mode)));
	json_object_set_new(call->answer, "state", json_string(state_words[found.state]));
	json_object_set_new(call->answer, "agrees", json_boolean(found.agrees));
	if (verdict.plan != PLAN_HIT)
		json_object_set_new(call->answer, "wanted",
				    admin_text(found.wants[found.wanted].target));
	json_object_set_new(call->answer, "places", places);
	lookup_release(&found);
	return true;
}
