#include "app/worker.h"

#include "app/report.h"
#include "app/serve.h"
#include "app/tops.h"
#include "base/limits.h"
#include "io/fcgi.h"
#include "io/log.h"
#include "io/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS_MAX 64

/* A connection and the one exchange that it has at a time. */
struct connection {
	struct connection *next;
	struct connection **at; /* what points to it */
	struct fcgi *fcgi;
	struct exchange exchange;
};

struct workers {
	/* read-only after start */
	struct gateway *gw;
	const struct redis_options *redis;
	int listener;
	int epoll;
	int resumed_event; /* a semaphore: counts what `resumed` holds */
	int stop_event;	   /* readable for ever once the threads shall end */
	size_t threads_n;
	pthread_t threads[THREADS_MAX];

	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct connection *connections;
	bool accepting; /* the listener is watched */
	bool closed;	/* no request is read any more */
	size_t busy;	/* exchanges that are served, wait or are resumed */
	struct exchange *resumed;
	struct exchange **last_resumed;
};

/* ---- connections ---- */

/* Watches the listener, or lets it be while there are no descriptors left to accept with. */
static void set_accepting(struct workers *w, bool accepting)
{
	struct epoll_event event = { .events = accepting ? EPOLLIN : 0, .data.ptr = &w->listener };
	bool changes;

	pthread_mutex_lock(&w->lock);
	changes = w->accepting != accepting;
	if (changes)
		epoll_ctl(w->epoll, EPOLL_CTL_MOD, w->listener, &event);
	w->accepting = accepting;
	pthread_mutex_unlock(&w->lock);
	if (changes)
		log_line(LOG_WARN, accepting ? "accepting" : "accept_paused",
			 "reason=\"open files\"");
}

static void close_connection(struct workers *w, struct connection *c)
{
	pthread_mutex_lock(&w->lock);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	pthread_mutex_unlock(&w->lock);
	exchange_reset(&c->exchange);
	buf_release(&c->exchange.head);
	arena_free(c->exchange.arena);
	fcgi_close(c->fcgi);
	free(c);
	set_accepting(w, true);
}

static bool arm(struct workers *w, struct connection *c, int operation)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT, .data.ptr = c };

	return epoll_ctl(w->epoll, operation, fcgi_fd(c->fcgi), &event) == 0;
}

static void open_connection(struct workers *w, struct fcgi *fcgi)
{
	struct connection *c = calloc(1, sizeof(*c));
	bool armed;

	if (c)
		c->exchange.arena = arena_new(LIMIT_REQUEST_BYTES);
	if (!c || !c->exchange.arena) {
		free(c);
		fcgi_close(fcgi);
		return;
	}
	c->fcgi = fcgi;
	c->exchange.connection = c;
	exchange_reset(&c->exchange);
	pthread_mutex_lock(&w->lock);
	c->next = w->connections;
	c->at = &w->connections;
	if (c->next)
		c->next->at = &c->next;
	w->connections = c;
	armed = arm(w, c, EPOLL_CTL_ADD);
	pthread_mutex_unlock(&w->lock);
	if (!armed)
		close_connection(w, c);
}

static void accept_all(struct workers *w)
{
	struct fcgi *fcgi;

	while ((fcgi = fcgi_accept(w->listener)))
		open_connection(w, fcgi);
	/* The listener stays readable: without a pause this would spin until a file is closed. */
	if (errno == EMFILE || errno == ENFILE)
		set_accepting(w, false);
}

/* ---- requests ---- */

/* False once the worker is closed: the request is left unread. */
static bool take_up(struct workers *w)
{
	bool open;

	pthread_mutex_lock(&w->lock);
	open = !w->closed;
	w->busy += open;
	pthread_mutex_unlock(&w->lock);
	return open;
}

/* The request on c is over; it is armed for the next one, if it is kept. Under the lock that
 * take_up() takes first: so whoever gets it next sees all that was done with it. */
static bool hand_back(struct workers *w, struct connection *c, bool kept)
{
	pthread_mutex_lock(&w->lock);
	if (!--w->busy)
		pthread_cond_broadcast(&w->changed);
	kept = kept && arm(w, c, EPOLL_CTL_MOD);
	pthread_mutex_unlock(&w->lock);
	return kept;
}

static void read_request(const struct fcgi *fcgi, struct exchange *x)
{
	const struct {
		const char *name;
		struct str *to;
	} params[] = {
		{ "REQUEST_METHOD", &x->request.method },
		{ "REQUEST_URI", &x->request.target },
		{ "HTTP_HOST", &x->request.host },
		{ "HTTP_X_FORWARDED_HOST", &x->request.forwarded_host },
		{ "HTTP_IF_MATCH", &x->request.if_match },
		{ "HTTP_IF_NONE_MATCH", &x->request.if_none_match },
		{ "HTTP_ACCEPT_ENCODING", &x->request.accept_encoding },
		{ "HTTP_CACHE_CONTROL", &x->request.cache_control },
		{ "REQUEST_ID", &x->request.id },
	};

	/* libfcgi keeps the parameters until the answer is written, also while the request waits.
	 */
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		*params[i].to = fcgi_param(fcgi, params[i].name);
}

/* Serves on, and when that gave an answer sends it and waits for the connection's next request. */
static void serve_on(struct workers *w, struct store *store, struct connection *c)
{
	struct exchange *x = &c->exchange;
	bool kept;

	log_set_cause(&x->cause);
	if (!serve(w->gw, store, x))
		return;
	report(w->gw, x);
	tops_note(w->gw->tops, x, w->gw->clock->mono(w->gw->clock));
	kept = fcgi_write(c->fcgi, buf_str(&x->head), buf_str(&x->body));
	exchange_reset(x);
	if (!hand_back(w, c, kept && !atomic_load(&w->gw->stopping)))
		close_connection(w, c);
}

static void serve_new(struct workers *w, struct store *store, struct connection *c)
{
	const struct clock *clock = w->gw->clock;

	if (!take_up(w)) {
		close_connection(w, c);
		return;
	}
	if (!fcgi_read(c->fcgi)) {
		hand_back(w, c, false);
		close_connection(w, c);
		return;
	}
	read_request(c->fcgi, &c->exchange);
	exchange_name_cause(&c->exchange, fcgi_param(c->fcgi, "HTTP_TRACEPARENT"));
	exchange_name_client(&c->exchange, fcgi_param(c->fcgi, "REMOTE_ADDR"));
	c->exchange.arrived = clock->mono(clock);
	c->exchange.arrived_us = clock->us(clock);
	serve_on(w, store, c);
}

/* ---- what fills hand back ---- */

void workers_resume(void *workers, struct exchange *x)
{
	struct workers *w = workers;
	const uint64_t one = 1;

	x->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->last_resumed = x;
	w->last_resumed = &x->next;
	pthread_mutex_unlock(&w->lock);
	if (write(w->resumed_event, &one, sizeof(one)) != sizeof(one))
		log_line(LOG_ERROR, "resume_failed", "reason=\"%s\"", strerrordesc_np(errno));
}

static void serve_resumed(struct workers *w, struct store *store)
{
	struct exchange *x;
	uint64_t one;

	/* Another thread may have been quicker. */
	if (read(w->resumed_event, &one, sizeof(one)) != sizeof(one))
		return;
	pthread_mutex_lock(&w->lock);
	x = w->resumed;
	w->resumed = x->next;
	if (!w->resumed)
		w->last_resumed = &w->resumed;
	pthread_mutex_unlock(&w->lock);
	exchange_take_news(x);
	serve_on(w, store, x->connection);
}

/* ---- the threads ---- */

static void *run(void *ctx)
{
	struct workers *w = ctx;
	struct store *store = store_new(w->redis, CONFIG_TEXT(w->gw->config, redis, prefix));
	struct pulse *pulse = pulse_new(&w->gw->pulses);

	if (!store) {
		log_line(LOG_ERROR, "worker_failed", "reason=\"there is no memory left\"");
		return NULL;
	}
	for (;;) {
		struct epoll_event event;

		log_set_cause(NULL);
		pulse_end(pulse);
		if (epoll_wait(w->epoll, &event, 1, -1) < 1)
			continue;
		pulse_begin(pulse, w->gw->clock->mono(w->gw->clock));
		if (event.data.ptr == &w->stop_event)
			break;
		if (event.data.ptr == &w->listener)
			accept_all(w);
		else if (event.data.ptr == &w->resumed_event)
			serve_resumed(w, store);
		else
			serve_new(w, store, event.data.ptr);
	}
	store->free(store);
	return NULL;
}

/* Its events carry the address of `fd`, by which run() knows them. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static bool watch(struct workers *w, int *fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = fd };

	return *fd >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

struct workers *workers_new(struct gateway *gw, int listener, const struct redis_options *redis)
{
	struct workers *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	if (!w) {
		close(listener);
		return NULL;
	}
	w->gw = gw;
	w->redis = redis;
	w->listener = listener;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->resumed_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	w->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->last_resumed = &w->resumed;
	w->accepting = true;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (watch(w, &w->listener, EPOLLIN) && watch(w, &w->resumed_event, EPOLLIN) &&
	    watch(w, &w->stop_event, EPOLLIN))
		return w;
	workers_free(w);
	return NULL;
}

bool workers_start(struct workers *w, size_t threads)
{
	if (threads < 1)
		threads = 1;
	for (; w->threads_n < threads && w->threads_n < THREADS_MAX; w->threads_n++)
		if (pthread_create(&w->threads[w->threads_n], NULL, run, w) != 0)
			return false;
	return true;
}

void workers_refuse_new(struct workers *w, bool inherited)
{
	atomic_store(&w->gw->stopping, true);
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->listener, NULL);
	/* Who has connected already is served. */
	accept_all(w);
	/* The descriptor stays: a thread may be accepting on it. Those who connect are refused. */
	if (!inherited)
		shutdown(w->listener, SHUT_RDWR);
}

void workers_drain(struct workers *w, int64_t timeout_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += timeout_ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (w->busy)
		if (pthread_cond_timedwait(&w->changed, &w->lock, &until) != 0)
			break;
	w->closed = true;
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w)
{
	const uint64_t one = 1;

	if (write(w->stop_event, &one, sizeof(one)) != sizeof(one))
		return;
	for (size_t i = 0; i < w->threads_n; i++)
		pthread_join(w->threads[i], NULL);
	w->threads_n = 0;
	while (w->connections)
		close_connection(w, w->connections);
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	close(w->listener);
	close(w->epoll);
	close(w->resumed_event);
	close(w->stop_event);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
