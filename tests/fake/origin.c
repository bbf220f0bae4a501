#include "fake/origin.h"

#include <stdlib.h>
#include <time.h>

static struct fake_origin *of(struct origin *origin)
{
	return (struct fake_origin *)origin;
}

/* Until a change, or false when patience ends. Under the lock. */
static bool await_change(struct fake_origin *o, const struct timespec *until)
{
	return pthread_cond_timedwait(&o->changed, &o->lock, until) == 0;
}

static struct timespec patience(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FAKE_PATIENCE_S;
	return until;
}

/* ---- the port ---- */

static void make_ready(struct fake_origin *o, struct fake_call *call, struct reply reply)
{
	call->over = true;
	reply.tag = call->tag;
	o->ready[o->ready_n++] = reply;
	pthread_cond_broadcast(&o->changed);
}

static void tell_count(struct fake_origin *o, void *tag)
{
	struct reply reply = fake_fault(o->count.fault, false);

	if (!o->count.fault)
		reply = fake_json(o->count.status, str_from(o->count.body));
	reply.tag = tag;
	pthread_mutex_lock(&o->lock);
	o->ready[o->ready_n++] = reply;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	o->counted++;
}

static bool begin(struct origin *origin, struct str base, struct str target, struct str token,
		  void *tag)
{
	struct fake_origin *o = of(origin);
	struct reply reply = { .fault = FAULT_NONE };
	struct fake_call *call;

	if (str_ends(target, STR("/api-throttle/"))) {
		tell_count(o, tag);
		return true;
	}
	if (o->refuses)
		return false;
	if (o->script)
		reply = o->script(o->ctx, target);
	pthread_mutex_lock(&o->lock);
	if (o->calls_n == FAKE_ORIGIN_CALLS)
		abort();
	call = &o->calls[o->calls_n++];
	*call = (struct fake_call){ .base = strndup(base.p, base.n),
				    .target = strndup(target.p, target.n),
				    .token = strndup(token.n ? token.p : "", token.n),
				    .tag = tag };
	if (o->script)
		make_ready(o, call, reply);
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
	return true;
}

static bool wait_for_reply(struct origin *origin, int64_t timeout_ms, struct reply *ret)
{
	struct fake_origin *o = of(origin);
	bool replied;

	(void)timeout_ms;
	pthread_mutex_lock(&o->lock);
	o->waiting = true;
	pthread_cond_broadcast(&o->changed);
	while (!o->woken && o->first_ready == o->ready_n)
		pthread_cond_wait(&o->changed, &o->lock);
	o->waiting = false;
	replied = o->first_ready < o->ready_n;
	if (replied)
		*ret = o->ready[o->first_ready++];
	else
		o->woken = false;
	pthread_mutex_unlock(&o->lock);
	return replied;
}

static void wake(struct origin *origin)
{
	struct fake_origin *o = of(origin);

	pthread_mutex_lock(&o->lock);
	o->woken = true;
	pthread_cond_broadcast(&o->changed);
	pthread_mutex_unlock(&o->lock);
}

static void free_port(struct origin *origin)
{
	of(origin)->freed = true;
}

/* ---- for tests ---- */

struct fake_origin *fake_origin_new(void)
{
	struct fake_origin *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->origin = (struct origin){
		.begin = begin, .wait = wait_for_reply, .wake = wake, .free = free_port
	};
	o->count.status = 200;
	o->count.body = "{\"your_request_limit\":15,\"limit_frequency_secs\":3600,"
			"\"current_use\":0,\"next_use_secs\":0,\"ident\":\"192.0.2.1\"}";
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->changed, NULL);
	return o;
}

void fake_origin_free(struct fake_origin *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->calls_n; i++) {
		free(o->calls[i].base);
		free(o->calls[i].target);
		free(o->calls[i].token);
	}
	for (size_t i = o->first_ready; i < o->ready_n; i++)
		buf_release(&o->ready[i].body);
	pthread_cond_destroy(&o->changed);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

struct reply fake_json(int status, struct str body)
{
	struct reply reply = { .reached = true,
			       .status = status,
			       .is_json = true,
			       .body = buf_init(16UL * 1024 * 1024) };

	buf_put(&reply.body, body);
	return reply;
}

struct reply fake_fault(enum fault fault, bool reached)
{
	return (struct reply){ .fault = fault, .reached = reached };
}

size_t fake_origin_calls(struct fake_origin *o)
{
	size_t n;

	pthread_mutex_lock(&o->lock);
	n = o->calls_n;
	pthread_mutex_unlock(&o->lock);
	return n;
}

struct str fake_origin_target(struct fake_origin *o, size_t call)
{
	struct str target = { NULL, 0 };

	pthread_mutex_lock(&o->lock);
	if (call < o->calls_n)
		target = str_from(o->calls[call].target);
	pthread_mutex_unlock(&o->lock);
	return target;
}

struct str fake_origin_token(struct fake_origin *o, size_t call)
{
	struct str token = { NULL, 0 };

	pthread_mutex_lock(&o->lock);
	if (call < o->calls_n)
		token = str_from(o->calls[call].token);
	pthread_mutex_unlock(&o->lock);
	return token;
}

bool fake_origin_await(struct fake_origin *o, size_t n)
{
	struct timespec until = patience();
	bool there = true;

	pthread_mutex_lock(&o->lock);
	while (there && o->calls_n < n)
		there = await_change(o, &until);
	pthread_mutex_unlock(&o->lock);
	return there;
}

bool fake_origin_end(struct fake_origin *o, size_t call, struct reply reply)
{
	bool open;

	pthread_mutex_lock(&o->lock);
	open = call < o->calls_n && !o->calls[call].over;
	if (open)
		make_ready(o, &o->calls[call], reply);
	pthread_mutex_unlock(&o->lock);
	if (!open)
		buf_release(&reply.body);
	return open;
}

bool fake_origin_rest(struct fake_origin *o)
{
	struct timespec until = patience();
	bool rests = true;

	pthread_mutex_lock(&o->lock);
	while (rests && (!o->waiting || o->woken || o->first_ready < o->ready_n))
		rests = await_change(o, &until);
	pthread_mutex_unlock(&o->lock);
	return rests;
}
