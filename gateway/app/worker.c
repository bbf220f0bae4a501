#include "app/worker.h"

#include "app/connections.h"
#include "app/memory.h"
#include "app/metrics.h"
#include "app/report.h"
#include "app/serve.h"
#include "app/tops.h"
#include "io/fcgi.h"
#include "io/log.h"
#include "io/store.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS_MAX 64

/* What a thread takes up at once. */
#define EVENTS ANSWERS_AT_ONCE

/* Who has connected sends his request at once. If he does not within so long, he is none who is
 * waited for when the worker ends. */
#define FIRST_MS 200

/* Connections in the order in which they came, by `later`. */
struct queue {
	struct connection *first;
	struct connection **last;
};

/* On lines of its own: each counts for itself. */
struct thread {
	_Alignas(64) pthread_t id;
	struct workers *workers;
	struct gateway *gw; /* a reference: what was in force when this thread last looked */
	struct store *store;
	struct pulse *pulse;
	bool listens; /* it has w->listening */
	/* What it has taken up, and others have brought to an end; see is_busy(). */
	_Atomic int64_t busy;
	struct queue again; /* more came while they were served */
	struct queue slow;  /* to be served when all that takes no time is done */
	struct queue stuck; /* whose peer does not keep up */
};

struct workers {
	/* read-only after start */
	struct gateway *gw;
	const struct redis_options *redis;
	int listener;
	int epoll;
	int resumed_event; /* a semaphore: counts what `resumed` holds */
	int stop_event;	   /* readable for ever once the threads shall end */
	struct connections *connections;
	size_t threads_n;
	struct thread threads[THREADS_MAX];

	pthread_mutex_t listening; /* see may_listen() */
	atomic_bool closed;	   /* no request is read any more */
	atomic_bool accepting;	   /* the listener is watched; changes under the lock */
	pthread_mutex_t lock;	   /* for all below, and to wait for `busy` */
	pthread_cond_t changed;
	struct exchange *resumed;
	struct exchange **last_resumed;
};

/* ---- queues ---- */

static void append(struct queue *q, struct connection *c)
{
	c->later = NULL;
	*(q->first ? q->last : &q->first) = c;
	q->last = &c->later;
}

static struct connection *take_first(struct queue *q)
{
	struct connection *c = q->first;

	if (c)
		q->first = c->later;
	return c;
}

/* ---- connections ---- */

/* Watches the listener, or lets it be while there are no descriptors left to accept with. */
static void set_accepting(struct workers *w, bool accepting)
{
	struct epoll_event event = { .events = accepting ? EPOLLIN : 0, .data.ptr = &w->listener };

	bool changes;

	if (atomic_load(&w->accepting) == accepting)
		return;
	pthread_mutex_lock(&w->lock);
	changes = atomic_exchange(&w->accepting, accepting) != accepting;
	if (changes)
		epoll_ctl(w->epoll, EPOLL_CTL_MOD, w->listener, &event);
	pthread_mutex_unlock(&w->lock);
	if (changes)
		log_line(LOG_WARN, accepting ? "accepting" : "accept_paused",
			 "reason=\"open files\"");
}

static void close_connection(struct workers *w, struct connection *c)
{
	connections_close(w->connections, c);
	set_accepting(w, true);
}

static void accept_all(struct workers *w)
{
	struct fcgi *fcgi;

	while ((fcgi = fcgi_accept(w->listener)))
		connections_open(w->connections, fcgi);
	/* The listener stays readable: without a pause this would spin until a file is closed. */
	if (errno == EMFILE || errno == ENFILE)
		set_accepting(w, false);
}

/* ---- what is under way ---- */

/* A request is over. */
static void hand_back(struct thread *t)
{
	struct workers *w = t->workers;

	atomic_fetch_sub(&t->busy, 1);
	if (!atomic_load(&w->gw->stopping))
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* False once the worker is closed: the request is left unread. */
static bool take_up(struct thread *t)
{
	atomic_fetch_add(&t->busy, 1);
	if (!atomic_load(&t->workers->closed))
		return true;
	hand_back(t);
	return false;
}

/* Is any request served, waiting or resumed? A request may begin in one thread and end in another,
 * so only the sum tells. While requests begin it is a guess; once the worker is closed they only
 * end, and a sum of 0 is true. */
static bool is_busy(const struct workers *w)
{
	int64_t busy = 0;

	for (size_t i = 0; i < w->threads_n; i++)
		busy += atomic_load(&w->threads[i].busy);
	return busy != 0;
}

/* ---- answers ---- */

/* The request on c is over; it is kept for the next one, or closed. */
static void end_request(struct thread *t, struct connection *c, bool kept)
{
	exchange_reset(&c->exchange);
	kept = kept && !atomic_load(&t->workers->gw->stopping);
	if (!kept)
		close_connection(t->workers, c);
	else if (!connection_release(c))
		append(&t->again, c);
	hand_back(t);
}

static void send_answer(struct thread *t, struct connection *c, bool wait)
{
	struct str pieces[EXCHANGE_PIECES];

	exchange_pieces(&c->exchange, pieces);
	switch (fcgi_write(c->fcgi, pieces, EXCHANGE_PIECES, wait)) {
	case FCGI_KEPT:
		end_request(t, c, true);
		break;
	case FCGI_STUCK:
		append(&t->stuck, c);
		break;
	case FCGI_ENDED:
		end_request(t, c, false);
		break;
	}
}

/* By whom and because of what: for the log and the budget, and not for a hit that nobody logs. */
static void name_request(struct connection *c)
{
	struct exchange *x = &c->exchange;

	if (x->client[0])
		return;
	exchange_name_client(x, x->address);
	exchange_name_cause(x, x->request.traceparent);
}

/* `/2.3.0/launches/`, also of a single one. */
static struct str endpoint_of(const struct gateway *gw, const struct exchange *x)
{
	struct str name = metrics_series_name(gw->metrics, x->series);

	if (str_ends(name, STR("{id}/")))
		name.n -= sizeof("{id}/") - 1;
	return name;
}

static void answer(struct thread *t, struct connection *c)
{
	const struct gateway *gw = c->exchange.gw ? c->exchange.gw : t->gw;

	if (report_has_line(gw, &c->exchange)) {
		name_request(c);
		log_set_cause(&c->exchange.cause);
	}
	report(gw, &c->exchange);
	tops_note(gw->tops, &c->exchange, endpoint_of(gw, &c->exchange),
		  gw->clock->mono(gw->clock));
	send_answer(t, c, false);
}

/* ---- requests ---- */

static void read_request(struct thread *t, struct connection *c)
{
	const struct clock *clock = t->gw->clock;
	struct exchange *x = &c->exchange;
	/* In nginx' order (fastcgi.conf), in which they are found soonest. */
	const struct fcgi_param params[] = {
		{ STR("REQUEST_METHOD"), &x->request.method },
		{ STR("REQUEST_URI"), &x->request.target },
		{ STR("REMOTE_ADDR"), &x->address },
		{ STR("REQUEST_ID"), &x->request.id },
		{ STR("PERIGEE_CLIENT"), &x->named },
		{ STR("HTTP_TRACEPARENT"), &x->request.traceparent },
		{ STR("HTTP_HOST"), &x->request.host },
		{ STR("HTTP_X_FORWARDED_HOST"), &x->request.forwarded_host },
		{ STR("HTTP_IF_MATCH"), &x->request.if_match },
		{ STR("HTTP_IF_NONE_MATCH"), &x->request.if_none_match },
		{ STR("HTTP_CACHE_CONTROL"), &x->request.cache_control },
		{ STR("HTTP_ACCEPT_ENCODING"), &x->request.accept_encoding },
	};

	/* They stay until the answer is written, also while the request waits. */
	fcgi_params(c->fcgi, params, sizeof(params) / sizeof(params[0]));
	x->arrived = clock->mono(clock);
	x->arrived_us = clock->us(clock);
	/* Answers of a configuration that is being replaced are of no epoch. */
	x->epoch = memory_epoch(t->gw->memory);
	if (!gateway_is_in_force(t->gw))
		x->epoch = 0;
}

/* Reads the request that has come; answers it if that takes no time, else later. */
static void begin_request(struct thread *t, struct connection *c)
{
	if (!take_up(t)) {
		close_connection(t->workers, c);
		return;
	}
	if (!fcgi_read(c->fcgi)) {
		close_connection(t->workers, c);
		hand_back(t);
		return;
	}
	connections_use(t->workers->connections, c);
	read_request(t, c);
	if (serve_at_once(t->gw, &c->exchange)) {
		answer(t, c);
		return;
	}
	/* It may take its time, and is served to its end with what it began with. */
	c->exchange.gw = gateway_ref(t->gw);
	append(&t->slow, c);
}

/* Something has come on c, which is ours. */
static void look_at(struct thread *t, struct connection *c)
{
	do {
		connection_look(c);
		switch (fcgi_look(c->fcgi)) {
		case FCGI_WHOLE:
			begin_request(t, c);
			return;
		case FCGI_OVER:
			close_connection(t->workers, c);
			return;
		case FCGI_PART:
			break;
		}
	} while (!connection_release(c));
}

/* Serves on, which may take the store's time, and sends the answer if there is one by then. */
static void serve_on(struct thread *t, struct connection *c)
{
	log_set_cause(&c->exchange.cause);
	if (serve(c->exchange.gw, t->store, &c->exchange))
		answer(t, c);
	log_set_cause(NULL);
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

static void take_resumed(struct thread *t)
{
	struct workers *w = t->workers;
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
	append(&t->slow, x->connection);
}

/* ---- the threads ---- */

/* False: the thread shall end. */
static bool hear(struct thread *t, const struct epoll_event *event)
{
	struct workers *w = t->workers;

	if (event->data.ptr == &w->stop_event)
		return false;
	if (event->data.ptr == &w->listener)
		accept_all(w);
	else if (event->data.ptr == &w->resumed_event)
		take_resumed(t);
	else if (connection_claim(event->data.ptr))
		look_at(t, event->data.ptr);
	return true;
}

static void beat(struct thread *t)
{
	const struct clock *clock = t->workers->gw->clock;

	pulse_begin(t->pulse, clock->mono(clock));
}

static void follow_configuration(struct thread *t)
{
	if (gateway_is_in_force(t->gw))
		return;
	gateway_give_back(t->gw);
	t->gw = gateway_take(t->workers->gw);
}

/*
 * One thread listens at a time, and goes on doing so as long as all that it hears of takes no
 * time: to wake another one for each of a few requests would cost more than to answer them. It
 * lets the next one listen when something is to be done that takes time, or when more has come than
 * it takes up at once.
 */
static bool may_listen(struct thread *t)
{
	pthread_mutex_t *listening = &t->workers->listening;

	/* Who has something to do already does not wait for it. */
	if (!t->listens)
		t->listens = (t->again.first ? pthread_mutex_trylock(listening)
					     : pthread_mutex_lock(listening)) == 0;
	return t->listens;
}

static void let_listen(struct thread *t)
{
	if (t->listens)
		pthread_mutex_unlock(&t->workers->listening);
	t->listens = false;
}

/* Takes up what has come and answers what takes no time. False: the thread shall end. */
static bool take_in(struct thread *t)
{
	struct epoll_event events[EVENTS];
	struct queue again = t->again;
	struct connection *c;
	bool go_on = true;
	int n = 0;

	pulse_end(t->pulse);
	if (may_listen(t))
		n = epoll_wait(t->workers->epoll, events, EVENTS, again.first ? 0 : -1);
	if (n == EVENTS)
		let_listen(t);
	beat(t);
	follow_configuration(t);
	t->again.first = NULL;
	while ((c = take_first(&again)))
		look_at(t, c);
	for (int i = 0; i < n; i++)
		go_on &= hear(t, &events[i]);
	if (t->slow.first || t->stuck.first || !go_on)
		let_listen(t);
	return go_on;
}

/* As many together as may be looked for at once, so that Redis is asked once for all of them. */
static void serve_slow(struct thread *t)
{
	struct connection *together[ANSWERS_AT_ONCE];
	struct exchange *xs[ANSWERS_AT_ONCE];

	while (t->slow.first) {
		size_t n = 0;

		while (n < ANSWERS_AT_ONCE && (together[n] = take_first(&t->slow))) {
			name_request(together[n]);
			xs[n] = &together[n]->exchange;
			n++;
		}
		beat(t);
		serve_ahead(t->gw, t->store, xs, n);
		for (size_t i = 0; i < n; i++) {
			beat(t);
			serve_on(t, together[i]);
		}
	}
}

static void finish_stuck(struct thread *t)
{
	struct connection *c;

	while ((c = take_first(&t->stuck))) {
		beat(t);
		send_answer(t, c, true);
	}
}

/* To be woken by a request is no reason to take the processor from nginx: left alone it passes on
 * some more first, and all of them are answered together. Where another processor is idle nobody
 * waits for that. It is no harm if it is not granted. */
static void let_nginx_finish(void)
{
	const struct sched_param none = { .sched_priority = 0 };

	sched_setscheduler(0, SCHED_BATCH, &none);
}

static void *run(void *ctx)
{
	struct thread *t = ctx;
	struct workers *w = t->workers;
	bool go_on = true;

	let_nginx_finish();
	t->gw = gateway_take(w->gw);
	t->pulse = pulse_new(&w->gw->pulses);
	t->store = store_new(w->redis, CONFIG_TEXT(w->gw->config, redis, prefix));
	if (!t->store) {
		log_line(LOG_ERROR, "worker_failed", "reason=\"there is no memory left\"");
		gateway_give_back(t->gw);
		return NULL;
	}
	while (go_on) {
		go_on = take_in(t);
		serve_slow(t);
		finish_stuck(t);
	}
	t->store->free(t->store);
	gateway_give_back(t->gw);
	return NULL;
}

/* Its events carry the address of `fd`, by which hear() knows them. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static bool watch(struct workers *w, int *fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = fd };

	return *fd >= 0 && epoll_ctl(w->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

struct workers *workers_new(struct gateway *gw, int listener, const struct redis_options *redis)
{
	struct workers *w = aligned_alloc(_Alignof(struct workers), sizeof(*w));
	pthread_condattr_t monotonic;

	if (!w) {
		close(listener);
		return NULL;
	}
	memset(w, 0, sizeof(*w));
	w->gw = gw;
	w->redis = redis;
	w->listener = listener;
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->resumed_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	w->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->last_resumed = &w->resumed;
	w->connections = connections_new(w->epoll);
	atomic_init(&w->accepting, true);
	pthread_mutex_init(&w->listening, NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (w->connections && watch(w, &w->listener, EPOLLIN) &&
	    watch(w, &w->resumed_event, EPOLLIN) && watch(w, &w->stop_event, EPOLLIN))
		return w;
	workers_free(w);
	return NULL;
}

bool workers_start(struct workers *w, size_t threads)
{
	if (threads < 1)
		threads = 1;
	for (; w->threads_n < threads && w->threads_n < THREADS_MAX; w->threads_n++) {
		struct thread *t = &w->threads[w->threads_n];

		t->workers = w;
		if (pthread_create(&t->id, NULL, run, t) != 0)
			return false;
	}
	return true;
}

void workers_refuse_new(struct workers *w, bool inherited)
{
	atomic_store(&w->gw->stopping, true);
	epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->listener, NULL);
	if (inherited)
		return;
	/* The descriptor stays: a thread may be accepting on it. Those who connect are refused ...
	 */
	shutdown(w->listener, SHUT_RDWR);
	/* ... and who has connected already is served. */
	accept_all(w);
}

static struct timespec after_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

/* Under the lock. False: it is not over by then. */
static bool await_change(struct workers *w, const struct timespec *until)
{
	return pthread_cond_timedwait(&w->changed, &w->lock, until) == 0;
}

void workers_drain(struct workers *w, int64_t timeout_ms)
{
	const struct timespec first = after_ms(timeout_ms < FIRST_MS ? timeout_ms : FIRST_MS);
	const struct timespec until = after_ms(timeout_ms);
	bool in_time = true;

	pthread_mutex_lock(&w->lock);
	while (connections_unused(w->connections) && in_time)
		in_time = await_change(w, &first);
	in_time = true;
	while (is_busy(w) && in_time)
		in_time = await_change(w, &until);
	atomic_store(&w->closed, true);
	/* What was taken up at the last moment. */
	while (is_busy(w) && in_time)
		in_time = await_change(w, &until);
	pthread_mutex_unlock(&w->lock);
}

void workers_stop(struct workers *w)
{
	const uint64_t one = 1;

	if (write(w->stop_event, &one, sizeof(one)) != sizeof(one))
		return;
	for (size_t i = 0; i < w->threads_n; i++)
		pthread_join(w->threads[i].id, NULL);
	w->threads_n = 0;
	connections_close_all(w->connections);
}

void workers_free(struct workers *w)
{
	if (!w)
		return;
	connections_free(w->connections);
	close(w->listener);
	close(w->epoll);
	close(w->resumed_event);
	close(w->stop_event);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	pthread_mutex_destroy(&w->listening);
	free(w);
}
