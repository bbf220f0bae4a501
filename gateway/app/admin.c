#include "app/admin.h"

#include "app/admin_call.h"
#include "base/limits.h"
#include "base/secret.h"
#include "io/fcgi.h"
#include "io/log.h"
#include "io/store.h"
#include "policy/problem.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BACKLOG 16

/* For a whole request, from who has connected. */
#define READ_MS 2000

/* Until the next try to accept. */
#define PAUSE_MS 20

struct admin {
	const struct gateway *gw;
	struct admin_options options;
	int listener;
	int stop_event;
	atomic_bool stopping;
	bool started;
	pthread_t thread;
	/* the thread's */
	struct store *store;
	struct redis *redis;
	struct arena *arena;
};

static const struct route {
	struct str path;
	struct str method;
	const char *params; /* all that it takes, a blank around each */
	admin_route *answer;
} routes[] = {
	{ STR("/admin/purge"), STR("POST"), " url endpoint object everything mode progress ",
	  admin_purge },
	{ STR("/admin/inspect"), STR("GET"), " url ", admin_inspect },
	{ STR("/admin/quota"), STR("GET"), " ", admin_quota },
	{ STR("/admin/top"), STR("GET"), " limit ", admin_top },
	{ STR("/admin/origin"), STR("GET"), " ", admin_origin },
	{ STR("/admin/origin"), STR("POST"), " mode ", admin_origin_set },
	{ STR("/admin/warm"), STR("GET"), " ", admin_warm },
	{ STR("/admin/warm"), STR("POST"), " url ", admin_warm_begin },
	{ STR("/admin/warm"), STR("DELETE"), " url ", admin_warm_end },
};

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* ---- answers ---- */

/* One request, its peer and how it is answered. */
struct visit {
	struct admin_call call; /* first, so that one is the other */
	struct fcgi *fcgi;
	const struct route *route; /* NULL: there is none of that path */
	bool by_lines;
	bool begun; /* the head of lines is out */
};

static void put_head(struct buf *head, int status, const char *type)
{
	buf_putf(head, "Status: %d\r\nContent-Type: %s\r\nCache-Control: no-store\r\n", status,
		 type);
}

/* A line of an answer by lines, in which whoever is told can see how far it is. */
static bool send_line(struct visit *v, struct str line)
{
	struct buf text = buf_init(LIMIT_ANSWER_BYTES);
	bool sent;

	if (!v->begun) {
		put_head(&text, 200, "application/x-ndjson");
		buf_put(&text, STR("\r\n"));
	}
	v->begun = true;
	buf_put(&text, line);
	buf_put_char(&text, '\n');
	sent = !text.failed && fcgi_write_part(v->fcgi, buf_str(&text));
	buf_release(&text);
	return sent;
}

static void tell(struct admin_call *call, json_t *progress)
{
	struct visit *v = (struct visit *)call;
	char *text = v->by_lines ? json_dumps(progress, JSON_COMPACT) : NULL;

	if (text)
		send_line(v, str_from(text));
	free(text);
	json_decref(progress);
}

/* The methods that a path takes. */
static void put_allow(struct buf *head, const struct route *route)
{
	bool first = true;

	buf_put(head, STR("Allow: "));
	for (size_t i = 0; i < ROUTES; i++) {
		if (!str_eq(routes[i].path, route->path))
			continue;
		buf_put(head, first ? STR("") : STR(", "));
		buf_put(head, routes[i].method);
		first = false;
	}
	buf_put(head, STR("\r\n"));
}

static void send_answer(struct visit *v, int status, struct str body)
{
	struct buf head = buf_init(LIMIT_HEAD_BYTES);

	put_head(&head, status, status < 400 ? "application/json" : "application/problem+json");
	if (status == 401)
		buf_put(&head, STR("WWW-Authenticate: Bearer realm=\"perigee\"\r\n"));
	if (status == 405)
		put_allow(&head, v->route);
	buf_putf(&head, "Content-Length: %zu\r\n\r\n", body.n + 1);
	fcgi_write(v->fcgi, (struct str[]){ buf_str(&head), body, STR("\n") }, 3, true);
	buf_release(&head);
}

static void finish(struct visit *v, bool good)
{
	struct buf body = buf_init(LIMIT_ANSWER_BYTES);
	char *text = good ? json_dumps(v->call.answer, JSON_COMPACT) : NULL;
	int status = 200;

	if (good && !text)
		fail_set(&v->call.refusal.fail, FAULT_INTERNAL, "There is no memory left.");
	if (text) {
		buf_put(&body, str_from(text));
	} else {
		problem_of_refusal(&body, &v->call.refusal, fcgi_param(v->fcgi, "REQUEST_ID"));
		status = fault_status(v->call.refusal.fail.fault);
	}
	if (v->begun) {
		buf_put_char(&body, '\n');
		fcgi_write(v->fcgi, (struct str[]){ buf_str(&body) }, 1, true);
	} else {
		send_answer(v, status, buf_str(&body));
	}
	log_line(LOG_INFO, "admin", "path=%.*s status=%d", v->route ? (int)v->route->path.n : 1,
		 v->route ? v->route->path.p : "-", status);
	free(text);
	buf_release(&body);
}

/* ---- requests ---- */

/* The head of this file's header says who may enter. */
static bool may_enter(const struct admin *a, const struct fcgi *fcgi)
{
	struct str claimed = fcgi_param(fcgi, "HTTP_AUTHORIZATION");
	struct str scheme = str_cut_word(&claimed);

	if (str_eq(fcgi_param(fcgi, "PERIGEE_PEER"), STR("local")))
		return true;
	return str_eq_nocase(scheme, STR("Bearer")) &&
	       secret_matches(a->options.token, str_trim(claimed));
}

/* The route of that path, and of that method where there is one. */
static const struct route *find_route(struct str path, struct str method)
{
	const struct route *found = NULL;

	for (size_t i = 0; i < ROUTES; i++)
		if (str_eq(routes[i].path, path) && (!found || str_eq(routes[i].method, method)))
			found = &routes[i];
	return found;
}

static bool takes(const struct route *route, struct str name)
{
	char word[32];
	int n = snprintf(word, sizeof(word), " %.*s ", STR_ARG(name));

	return name.n && n < (int)sizeof(word) && str_find(name, ' ') == name.n &&
	       strstr(route->params, word);
}

/* A slip in a purge must not make it another one. */
static bool check_params(struct visit *v)
{
	const struct query *q = &v->call.params;

	for (size_t i = 0; i < q->n; i++) {
		struct str name = q->pairs[i].name;
		bool twice = false;

		for (size_t k = 0; k < i; k++)
			twice |= str_eq(q->pairs[k].name, name);
		if (twice || !takes(v->route, name))
			return fail(&v->call.refusal.fail, FAULT_PARAMETERS, "%.*s: %s.",
				    (int)(name.n < 40 ? name.n : 40), name.p ? name.p : "",
				    twice ? "it is there twice" : "there is no such parameter");
	}
	return true;
}

static bool understand(struct visit *v)
{
	struct str query = fcgi_param(v->fcgi, "REQUEST_URI");
	struct str path = str_cut(&query, '?');
	struct str method = fcgi_param(v->fcgi, "REQUEST_METHOD");
	struct fail *f = &v->call.refusal.fail;

	if (query.n > LIMIT_TARGET_BYTES * 3)
		return fail(f, FAULT_TOO_LONG, "The request target is too long.");
	v->route = find_route(path, method);
	if (!v->route)
		return fail(f, FAULT_NOT_FOUND, "There is no such page for operators.");
	if (!str_eq(method, v->route->method))
		return fail(f, FAULT_METHOD, "%s is not asked in this way: see Allow.",
			    v->route->path.p);
	return query_parse(query, v->call.arena, &v->call.params, f) && check_params(v);
}

static void serve(struct admin *a, struct fcgi *fcgi)
{
	struct gateway *gw = gateway_take(a->gw);
	struct visit v = { .call = { .gw = gw,
				     .catalog = gw->catalog,
				     .store = a->store,
				     .redis = a->redis,
				     .prefix = a->options.prefix,
				     .stopping = &a->stopping,
				     .arena = a->arena,
				     .tell = tell },
			   .fcgi = fcgi };
	bool good;

	arena_reset(a->arena);
	if (!may_enter(a, fcgi)) {
		fail_set(&v.call.refusal.fail, FAULT_UNAUTHORIZED,
			 "This is for operators: a token is needed.");
		log_line(LOG_WARN, "admin_refused", "reason=\"no token, or a wrong one\"");
		finish(&v, false);
		gateway_give_back(gw);
		return;
	}
	good = understand(&v);
	if (good) {
		v.by_lines = admin_param_yes(&v.call, "progress");
		good = v.route->answer(&v.call);
	}
	finish(&v, good);
	json_decref(v.call.answer);
	gateway_give_back(gw);
}

/* ---- the thread ---- */

/* Waits for something on fd (-1: for the time alone), for ms at most (-1: for ever). False: it is
 * time to stop. */
static bool wait_for(const struct admin *a, int fd, int ms)
{
	struct pollfd fds[] = { { .fd = a->stop_event, .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	poll(fds, 2, ms);
	return !fds[0].revents;
}

/* Waits until a whole request is there. False: there will be none, none in time, or it is time to
 * stop: whoever holds a connection open holds up neither the next one nor the worker's end. */
static bool await_request(const struct admin *a, struct fcgi *fcgi)
{
	const struct clock *clock = a->gw->clock;
	struct mono until = mono_after(clock->mono(clock), READ_MS);
	int64_t left_ms = READ_MS;
	enum fcgi_look found;

	while ((found = fcgi_look(fcgi)) == FCGI_PART && left_ms > 0) {
		if (!wait_for(a, fcgi_fd(fcgi), (int)left_ms))
			return false;
		left_ms = until.ms - clock->mono(clock).ms;
	}
	return found == FCGI_WHOLE;
}

static void *run(void *ctx)
{
	struct admin *a = ctx;

	while (wait_for(a, a->listener, -1)) {
		struct fcgi *fcgi = fcgi_accept(a->listener);

		if (fcgi && await_request(a, fcgi) && fcgi_read(fcgi))
			serve(a, fcgi);
		fcgi_close(fcgi);
		/* Without a free descriptor the listener stays readable. */
		if (!fcgi && !wait_for(a, -1, PAUSE_MS))
			break;
	}
	return NULL;
}

struct admin *admin_new(const struct gateway *gw, const struct admin_options *options,
			struct fail *reterr)
{
	struct admin *a = calloc(1, sizeof(*a));

	if (!a) {
		fail_set(reterr, FAULT_INTERNAL, "there is not enough memory");
		return NULL;
	}
	*a = (struct admin){ .gw = gw, .options = *options, .listener = -1, .stop_event = -1 };
	if (!options->socket.n)
		return a;
	a->listener = fcgi_listen(options->socket.p, options->socket_mode, BACKLOG, reterr);
	if (a->listener < 0)
		goto failed;
	a->stop_event = eventfd(0, EFD_CLOEXEC);
	a->store = store_new(options->redis, options->prefix);
	a->redis = redis_new(options->redis);
	a->arena = arena_new(LIMIT_REQUEST_BYTES);
	if (a->stop_event >= 0 && a->store && a->redis && a->arena)
		return a;
	fail_set(reterr, FAULT_INTERNAL, "there is not enough memory");
failed:
	admin_free(a);
	return NULL;
}

bool admin_start(struct admin *a)
{
	if (a->listener < 0)
		return true;
	a->started = pthread_create(&a->thread, NULL, run, a) == 0;
	return a->started;
}

void admin_free(struct admin *a)
{
	const uint64_t one = 1;

	if (!a)
		return;
	if (a->listener >= 0)
		fcgi_unlisten(a->options.socket);
	atomic_store(&a->stopping, true);
	if (a->started && write(a->stop_event, &one, sizeof(one)) == sizeof(one))
		pthread_join(a->thread, NULL);
	if (a->listener >= 0)
		close(a->listener);
	if (a->stop_event >= 0)
		close(a->stop_event);
	if (a->store)
		a->store->free(a->store);
	redis_free(a->redis);
	arena_free(a->arena);
	free(a);
}
