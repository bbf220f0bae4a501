/*
 * perigee: a caching gateway between many clients and an API with few calls.
 *
 * This file is the table of contents: options, settings, what the process
 * shares, threads, waiting for the signal to stop, draining.
 */

#include "api/openapi.h"
#include "app/fill.h"
#include "app/gateway.h"
#include "app/memory.h"
#include "app/origin.h"
#include "app/metrics.h"
#include "app/press.h"
#include "app/scrape.h"
#include "app/settings.h"
#include "app/warm.h"
#include "app/worker.h"
#include "base/limits.h"
#include "base/version.h"
#include "io/fcgi.h"
#include "io/feed.h"
#include "io/log.h"
#include "io/store.h"
#include "io/sysclock.h"
#include "io/upstream.h"
#include "policy/news.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* What is being answered when the time to drain is over gets this long to be sent. */
#define LAST_MOMENT_MS 500

/* Everything that main() builds, in the order of building. */
struct process {
	struct settings settings;
	struct gateway gateway;
	struct workers *workers;
	struct fills *fills;
	struct warm *warm;
	struct feed *feed;
};

static const char usage[] =
	"usage: perigee [--config FILE] [--check | --openapi | --print-config | --version |\n"
	"               --help]\n"
	"\n"
	"A FastCGI worker that answers for the Space Devs' APIs from a shared cache.\n"
	"\n"
	"  --config FILE   read this configuration (default: defaults and environment only)\n"
	"  --check         say whether configuration and endpoint tables are good, and exit\n"
	"  --openapi       write an OpenAPI description of what is served, and exit\n"
	"  --print-config  write the commented default configuration, and exit\n"
	"  --version       write the version, and exit\n"
	"\n"
	"Every setting can be overridden by PERIGEE_<SECTION>_<KEY>. SIGHUP reads the\n"
	"endpoint tables anew; SIGTERM and SIGINT drain and stop the worker.\n";

/* ---- building ---- */

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "perigee: %s: %s\n", what, why);
	return false;
}

/* Counting is no reason not to serve: without the file it goes on in memory. */
static bool build_metrics(struct process *p)
{
	struct settings *s = &p->settings;
	const char *file = CONFIG_TEXT(s->config, metrics, file).p;
	struct wall now = sysclock.wall(&sysclock);
	struct catalog *catalog;
	struct fail why;

	p->gateway.metrics = metrics_open(file, now, &why);
	if (!p->gateway.metrics) {
		log_line(LOG_ERROR, "metrics_private", "file=\"%s\" reason=\"%s\"", file, why.text);
		p->gateway.metrics = metrics_open(NULL, now, &why);
	}
	p->gateway.scrape = scrape_new();
	if (!p->gateway.metrics || !p->gateway.scrape)
		return complain("[metrics] file", "there is not enough memory");
	catalog = tables_take(s->tables);
	metrics_register(p->gateway.metrics, catalog);
	catalog_unref(catalog);
	s->fills.metrics = p->gateway.metrics;
	s->redis_health.took = metrics_histogram(p->gateway.metrics, HISTOGRAM_REDIS_SECONDS);
	s->redis_health.errors = metrics_sum(p->gateway.metrics, SUM_REDIS_ERRORS);
	s->redis_health.unreadable = metrics_sum(p->gateway.metrics, SUM_UNREADABLE);
	return true;
}

static bool build(struct process *p)
{
	struct settings *s = &p->settings;
	struct str prefix = CONFIG_TEXT(s->config, redis, prefix);
	struct fail failure;
	int listener;

	p->gateway.config = s->config;
	p->gateway.tables = s->tables;
	p->gateway.canon = s->canon;
	p->gateway.bases = s->bases;
	p->gateway.time_step_us = CONFIG_NUMBER(s->config, api, time_step) * 1000;
	p->gateway.clock = &sysclock;
	p->gateway.origin = &s->origin;
	p->gateway.memory = memory_new((size_t)CONFIG_NUMBER(s->config, cache, memory_bytes));
	if (!p->gateway.memory)
		return complain("[cache] memory_bytes", "there is not enough memory");
	p->gateway.press = press_new((size_t)CONFIG_NUMBER(s->config, cache, compressed_bytes));
	if (!p->gateway.press)
		return complain("[cache] compressed_bytes", "there is not enough memory");
	if (!build_metrics(p))
		return false;
	listener = fcgi_listen(CONFIG_TEXT(s->config, server, socket).p,
			       (int)CONFIG_NUMBER(s->config, server, socket_mode),
			       (int)CONFIG_NUMBER(s->config, server, backlog), &failure);
	if (listener < 0)
		return complain("[server] socket", failure.text);
	p->workers = workers_new(&p->gateway, listener, &s->redis);
	if (!p->workers)
		return complain("workers", "they cannot be set up");
	p->fills = fills_new(&s->fills, &sysclock, store_new(&s->redis, prefix),
			     upstream_new(&s->upstream, &sysclock), workers_resume, p->workers);
	p->gateway.fills = p->fills;
	if (!p->fills)
		return complain("fills", "they cannot be set up");
	p->warm = warm_new(&p->gateway, store_new(&s->redis, prefix), s->warm);
	s->warm = NULL;
	return p->warm || complain("warm", "it cannot be set up");
}

/* ---- running ---- */

/* Its mode may have been changed: the warm thread, which has a store, looks. */
static void look_at_origin(const struct process *p)
{
	origin_doubt(p->gateway.origin);
	warm_wake(p->warm);
}

static void on_feed_open(void *ctx)
{
	const struct process *p = ctx;

	fills_hear_again(p->fills);
	look_at_origin(p);
}

static void on_feed_news(void *ctx, struct str line)
{
	const struct process *p = ctx;
	struct bulletin b;

	if (!news_parse(line, &b))
		return;
	if (b.kind == NEWS_FILLED)
		memory_doubt(p->gateway.memory, b.target);
	if (b.kind == NEWS_PURGED) {
		memory_clear(p->gateway.memory);
		log_line(LOG_INFO, "purged", "what=memory");
	}
	if (b.kind == NEWS_ORIGIN)
		look_at_origin(p);
	fills_hear(p->fills, &b);
}

static bool start_fills(struct process *p)
{
	const struct feed_listener listener = { on_feed_open, on_feed_news, p };
	struct catalog *catalog = tables_take(p->settings.tables);
	bool started = fills_start(p->fills, catalog);
	char channel[STORE_CHANNEL_BYTES];

	catalog_unref(catalog);
	if (started)
		p->feed = feed_new(
			&p->settings.redis,
			store_channel(CONFIG_TEXT(p->settings.config, redis, prefix), channel),
			&listener);
	return p->feed != NULL;
}

static bool start(struct process *p)
{
	const struct config *config = p->settings.config;

	/* Before the first call: the operator may have said that there be none. */
	warm_round(p->warm);
	if (!start_fills(p) || !warm_start(p->warm) ||
	    !workers_start(p->workers, (size_t)CONFIG_NUMBER(config, server, threads)))
		return complain("threads", "they cannot be started");
	log_line(LOG_INFO, "started", "version=" PERIGEE_VERSION " socket=%s",
		 CONFIG_TEXT(config, server, socket).p);
	return true;
}

/* Finishes what was accepted within the configured time, then ends every thread. */
static void drain(struct process *p)
{
	int64_t drain_ms = CONFIG_NUMBER(p->settings.config, server, drain);
	struct mono until = mono_after(sysclock.mono(&sysclock), drain_ms);
	int64_t left_ms;

	log_line(LOG_INFO, "draining", "ms=%lld", (long long)drain_ms);
	fcgi_unlisten(CONFIG_TEXT(p->settings.config, server, socket));
	workers_refuse_new(p->workers);
	workers_drain(p->workers, drain_ms);
	left_ms = until.ms - sysclock.mono(&sysclock).ms;
	warm_stop(p->warm);
	/* Their last act is to hand back everybody who still waits. */
	fills_stop(p->fills, left_ms > 0 ? left_ms : 0);
	workers_drain(p->workers, LAST_MOMENT_MS);
	workers_stop(p->workers);
	log_line(LOG_INFO, "stopped", "version=" PERIGEE_VERSION);
}

static void tear_down(struct process *p)
{
	feed_free(p->feed);
	warm_free(p->warm);
	fills_free(p->fills);
	workers_free(p->workers);
	press_free(p->gateway.press);
	memory_free(p->gateway.memory);
	scrape_free(p->gateway.scrape);
	metrics_close(p->gateway.metrics);
	settings_release(&p->settings);
}

/* Every connection is an open file, and the usual soft limit of 1024 of them is soon reached. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_line(LOG_WARN, "file_limit", "reason=\"it cannot be raised\"");
}

/* The next signal; meanwhile, once a second, it is told how this worker is. */
static int next_signal(const struct process *p, const sigset_t *signals)
{
	const struct timespec second = { .tv_sec = 1 };
	int number;

	while ((number = sigtimedwait(signals, NULL, &second)) < 0)
		scrape_publish(p->gateway.scrape, &p->gateway);
	return number;
}

static void reload_warm(struct process *p)
{
	if (!settings_reload_warm(&p->settings)) {
		log_line(LOG_ERROR, "reload_failed", "what=warm_list in_force=old");
		return;
	}
	warm_replace(p->warm, p->settings.warm);
	p->settings.warm = NULL;
}

static void reload(struct process *p)
{
	bool good = settings_reload_tables(&p->settings, p->gateway.metrics);

	metrics_reloaded(p->gateway.metrics, sysclock.wall(&sysclock), good);
	if (good)
		log_line(LOG_INFO, "reloaded", "what=tables");
	else
		log_line(LOG_ERROR, "reload_failed", "what=tables in_force=old");
	reload_warm(p);
}

static int run(struct process *p)
{
	sigset_t signals;
	bool started = false;

	/* Blocked before there is any thread, so that only sigwait() below sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	raise_file_limit();
	log_set_level((enum log_level)CONFIG_NUMBER(p->settings.config, log, level));
	if (!fcgi_start())
		complain("libfcgi", "it cannot be started");
	else if (build(p)) {
		started = start(p);
		while (started && next_signal(p, &signals) == SIGHUP)
			reload(p);
		drain(p);
	}
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_openapi(const struct settings *s)
{
	struct buf document = buf_init(LIMIT_ANSWER_BYTES);
	struct catalog *catalog = tables_take(s->tables);
	bool made;

	openapi_put(&document, catalog, s->bases.list[0]);
	catalog_unref(catalog);
	made = !document.failed;
	if (made)
		printf("%.*s\n", STR_ARG(buf_str(&document)));
	buf_release(&document);
	return made ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },
		{ "print-config", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "openapi", no_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	static struct process process;
	const char *config_path = NULL;
	bool check_only = false;
	bool describe = false;
	int status = EXIT_FAILURE;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			config_path = optarg;
			break;
		case 'k':
			check_only = true;
			break;
		case 'o':
			describe = true;
			break;
		case 'p':
			config_print(stdout);
			return EXIT_SUCCESS;
		case 'v':
			puts("perigee " PERIGEE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (settings_load(&process.settings, config_path, environ)) {
		if (describe)
			status = print_openapi(&process.settings);
		else
			status = check_only ? EXIT_SUCCESS : run(&process);
	}
	if (check_only && status == EXIT_SUCCESS)
		puts("perigee: the configuration is good");
	tear_down(&process);
	return status;
}
