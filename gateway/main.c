/*
 * perigee: a caching gateway between many clients and an API with few calls.
 *
 * This file is the table of contents: options, settings, what the process
 * shares, threads, waiting for the signal to stop, draining.
 */

#include "api/openapi.h"
#include "app/ahead.h"
#include "app/admin.h"
#include "app/answers.h"
#include "app/fill.h"
#include "app/gateway.h"
#include "app/memory.h"
#include "app/metrics.h"
#include "app/missed.h"
#include "app/origin.h"
#include "app/scrape.h"
#include "app/settings.h"
#include "app/shelve.h"
#include "app/status.h"
#include "app/stored.h"
#include "app/tally.h"
#include "app/tops.h"
#include "app/warm.h"
#include "app/worker.h"
#include "base/limits.h"
#include "base/version.h"
#include "cli/commands.h"
#include "io/fcgi.h"
#include "io/feed.h"
#include "io/log.h"
#include "io/store.h"
#include "io/sysclock.h"
#include "io/systemd.h"
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

/* Several in the time for which the shelf is vouched for. */
#define ROUND_MS 250

/* Everything that main() builds, in the order of building. */
struct process {
	struct settings settings;
	struct gateway gateway;
	struct workers *workers;
	struct fills *fills;
	struct warm *warm;
	struct feed *feed;
	struct redis *redis;	 /* of the feed's thread */
	const char *config_path; /* NULL: none */
	struct admin *admin;
	struct tally *tally;
	bool inherited; /* the listener is systemd's */
};

static const char usage[] =
	"usage: perigee [--config FILE] [--check | --openapi | --print-config | --version |\n"
	"               --help]\n"
	"       perigee [--socket PATH] COMMAND [...]\n"
	"\n"
	"A FastCGI worker that answers for the Space Devs' APIs from a shared cache; and commands\n"
	"for its operators, which ask a running worker.\n"
	"\n"
	"  --config FILE   read this configuration (default: defaults and environment only)\n"
	"  --check         say whether configuration and endpoint tables are good, and exit\n"
	"  --openapi       write an OpenAPI description of what is served, and exit\n"
	"  --print-config  write the commented default configuration, and exit\n"
	"  --version       write the version, and exit\n"
	"  --socket PATH   the admin socket of the worker that a command asks\n"
	"\n"
	"Every setting can be overridden by PERIGEE_<SECTION>_<KEY>. SIGHUP reads the\n"
	"configuration and the endpoint tables anew; SIGTERM and SIGINT drain and stop the\n"
	"worker.\n";

/* ---- building ---- */

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "perigee: %s: %s\n", what, why);
	return false;
}

static void set_log(const struct config *config)
{
	log_set_level((enum log_level)CONFIG_NUMBER(config, log, level));
	log_set_form((enum record_form)CONFIG_NUMBER(config, log, format));
}

/* Counting is no reason not to serve: without the file it goes on in memory. */
static bool build_metrics(struct process *p)
{
	struct settings *s = &p->settings;
	const char *file = CONFIG_TEXT(s->config, metrics, file).p;
	struct wall now = sysclock.wall(&sysclock);
	struct fail why;

	p->gateway.metrics = metrics_open(file, now, &why);
	if (!p->gateway.metrics) {
		log_line(LOG_ERROR, "metrics_private", "file=\"%s\" reason=\"%s\"", file, why.text);
		p->gateway.metrics = metrics_open(NULL, now, &why);
	}
	p->gateway.scrape = scrape_new();
	p->tally = tally_new(p->gateway.metrics, CONFIG_TEXT(s->config, metrics, micro_cache).p);
	if (!p->gateway.metrics || !p->gateway.scrape || !p->tally)
		return complain("[metrics] file", "there is not enough memory");
	metrics_register(p->gateway.metrics, s->catalog);
	s->fills.metrics = p->gateway.metrics;
	s->fills.pulses = &p->gateway.pulses;
	s->redis_health.took = metrics_histogram(p->gateway.metrics, HISTOGRAM_REDIS_SECONDS);
	s->redis_health.errors = metrics_sum(p->gateway.metrics, SUM_REDIS_ERRORS);
	s->redis_health.unreadable = metrics_sum(p->gateway.metrics, SUM_UNREADABLE);
	return true;
}

/* -1 and *reterr. */
static int listen_on_socket(struct process *p, struct fail *reterr)
{
	const struct config *config = p->settings.config;
	int fd = systemd_listener(STR("worker"));

	p->inherited = fd >= 0;
	if (p->inherited)
		return fd;
	return fcgi_listen(CONFIG_TEXT(config, server, socket).p,
			   (int)CONFIG_NUMBER(config, server, socket_mode),
			   (int)CONFIG_NUMBER(config, server, backlog), reterr);
}

static bool build(struct process *p)
{
	struct settings *s = &p->settings;
	struct str prefix = CONFIG_TEXT(s->config, redis, prefix);
	struct fail failure;
	int listener;

	p->gateway.config = s->config;
	p->gateway.catalog = s->catalog;
	p->gateway.canon = s->canon;
	p->gateway.bases = s->bases;
	p->gateway.time_step_us = CONFIG_NUMBER(s->config, api, time_step) * 1000;
	p->gateway.clock = &sysclock;
	p->gateway.origin = &s->origin;
	p->gateway.identities = &s->identities;
	p->gateway.memory = memory_new((size_t)CONFIG_NUMBER(s->config, cache, memory_bytes));
	if (!p->gateway.memory)
		return complain("[cache] memory_bytes", "there is not enough memory");
	s->origin.memory = p->gateway.memory;
	/* With nothing remembered, whole answers come out of Redis. */
	if (!CONFIG_NUMBER(s->config, cache, memory_bytes)) {
		p->gateway.stored = stored_new();
		if (!p->gateway.stored)
			return complain("[cache] memory_bytes", "there is not enough memory");
	}
	if (CONFIG_NUMBER(s->config, warm, ahead))
		p->gateway.ahead = ahead_new();
	if (CONFIG_NUMBER(s->config, warm, ahead) && !p->gateway.ahead)
		return complain("[warm] ahead", "there is not enough memory");
	p->gateway.answers = answers_new((size_t)CONFIG_NUMBER(s->config, cache, answers_bytes));
	if (!p->gateway.answers)
		return complain("[cache] answers_bytes", "there is not enough memory");
	p->gateway.tops = tops_new();
	if (!p->gateway.tops)
		return complain("workers", "there is not enough memory");
	if (!build_metrics(p))
		return false;
	p->gateway.shelve = shelve_new(CONFIG_TEXT(s->config, cache, shelf).p, p->gateway.memory,
				       p->gateway.metrics);
	if (!p->gateway.shelve)
		return complain("[cache] shelf", "there is not enough memory");
	p->gateway.status = status_new(&s->redis, prefix);
	if (!p->gateway.status)
		return complain("the status page", "there is not enough memory");
	listener = listen_on_socket(p, &failure);
	if (listener < 0)
		return complain("[server] socket", failure.text);
	p->workers = workers_new(&p->gateway, listener, &s->redis);
	if (!p->workers)
		return complain("workers", "they cannot be set up");
	p->fills = fills_new(&s->fills, &sysclock, store_new(&s->redis, prefix),
			     upstream_new(&s->upstream, &sysclock), workers_resume, p->workers);
	p->gateway.fills = p->fills;
	gateway_init(&p->gateway);
	if (!p->fills)
		return complain("fills", "they cannot be set up");
	p->warm = warm_new(&p->gateway, store_new(&s->redis, prefix), s->warm);
	s->warm = NULL;
	if (!p->warm)
		return complain("warm", "it cannot be set up");
	p->admin = admin_new(&p->gateway, &s->admin, &failure);
	return p->admin || complain("[admin] socket", failure.text);
}

/* ---- running ---- */

/* Its mode may have been changed: the warm thread, which has a store, looks. */
static void look_at_origin(const struct process *p)
{
	origin_doubt(p->gateway.origin);
	warm_wake(p->warm);
}

static bool on_feed_open(void *ctx, struct mono since)
{
	const struct process *p = ctx;

	fills_hear_again(p->fills);
	look_at_origin(p);
	return missed_make_good(&p->gateway, p->redis,
				CONFIG_TEXT(p->settings.config, redis, prefix), since);
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
		memory_purge(p->gateway.memory, &b.purge);
		log_line(LOG_INFO, "purged", "what=memory mode=%s scope=%s target=%.*s",
			 purge_mode_words[b.purge.mode], purge_scope_words[b.purge.scope],
			 STR_ARG(b.purge.what));
	}
	if (b.kind == NEWS_ORIGIN)
		look_at_origin(p);
	fills_hear(p->fills, &b);
}

static bool start_fills(struct process *p)
{
	const struct feed_listener listener = { on_feed_open, on_feed_news, p };
	bool started = fills_start(p->fills, p->settings.catalog);
	char channel[STORE_CHANNEL_BYTES];

	p->redis = redis_new(&p->settings.redis);
	if (started && p->redis)
		p->feed = feed_new(
			&p->settings.redis,
			store_channel(CONFIG_TEXT(p->settings.config, redis, prefix), channel),
			&listener);
	return p->feed != NULL;
}

static bool start(struct process *p)
{
	const struct config *config = p->settings.config;

	/* Before anything is counted, so that history begins with nothing. */
	status_publish(&p->gateway);
	/* Before the first call: the operator may have said that there be none. */
	warm_round(p->warm);
	/* New counters begin where the file of nginx' hits ends by now: all that is written from
	 * here on is of answers that they know. */
	tally_round(p->tally);
	shelve_round(p->gateway.shelve, sysclock.mono(&sysclock));
	if (!start_fills(p) || !warm_start(p->warm) || !admin_start(p->admin) ||
	    !workers_start(p->workers, (size_t)CONFIG_NUMBER(config, server, threads)))
		return complain("threads", "they cannot be started");
	log_line(LOG_INFO, "started", "version=" PERIGEE_VERSION " socket=%s",
		 p->inherited ? "systemd" : CONFIG_TEXT(config, server, socket).p);
	systemd_tell(SYSTEMD_READY);
	return true;
}

/* Finishes what was accepted within the configured time, then ends every thread. */
static void drain(struct process *p)
{
	struct gateway *now = gateway_take(&p->gateway);
	int64_t drain_ms = CONFIG_NUMBER(now->config, server, drain);
	struct mono until = mono_after(sysclock.mono(&sysclock), drain_ms);
	int64_t left_ms;

	gateway_give_back(now);
	shelve_stop(p->gateway.shelve);
	log_line(LOG_INFO, "draining", "ms=%lld", (long long)drain_ms);
	systemd_tell(SYSTEMD_STOPPING);
	if (!p->inherited)
		fcgi_unlisten(CONFIG_TEXT(p->settings.config, server, socket));
	workers_refuse_new(p->workers, p->inherited);
	workers_drain(p->workers, drain_ms);
	/* It may be in the middle of something that takes a while: clients first. */
	admin_free(p->admin);
	p->admin = NULL;
	left_ms = until.ms - sysclock.mono(&sysclock).ms;
	warm_stop(p->warm);
	/* Their last act is to hand back everybody who still waits. */
	fills_stop(p->fills, left_ms > 0 ? left_ms : 0);
	workers_drain(p->workers, LAST_MOMENT_MS);
	workers_stop(p->workers);
	log_line(LOG_INFO, "stopped", "version=" PERIGEE_VERSION);
	log_tick(true);
}

static void tear_down(struct process *p)
{
	feed_free(p->feed);
	redis_free(p->redis);
	warm_free(p->warm);
	fills_free(p->fills);
	workers_free(p->workers);
	gateway_end(&p->gateway);
	answers_free(p->gateway.answers);
	stored_free(p->gateway.stored);
	ahead_free(p->gateway.ahead);
	tops_free(p->gateway.tops);
	memory_free(p->gateway.memory);
	shelve_free(p->gateway.shelve);
	tally_free(p->tally);
	status_free(p->gateway.status);
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

/* Unless a thread hangs, systemd hears that this worker serves; else it will start it anew. */
static void show_life(const struct process *p)
{
	int64_t watchdog_ms = systemd_watchdog_ms();
	struct mono now = sysclock.mono(&sysclock);

	if (watchdog_ms && pulses_beat(&p->gateway.pulses, mono_after(now, -watchdog_ms / 2)))
		systemd_tell(SYSTEMD_ALIVE);
}

/* The next signal; meanwhile nginx is told that it may take answers from the shelf and, once a
 * second, what it has answered is counted, and it is told how this worker is. */
static int next_signal(const struct process *p, const sigset_t *signals)
{
	const struct timespec step = { .tv_nsec = ROUND_MS * 1000000L };
	int number;

	for (unsigned i = 1; (number = sigtimedwait(signals, NULL, &step)) < 0; i++) {
		shelve_round(p->gateway.shelve, sysclock.mono(&sysclock));
		if (i % (1000 / ROUND_MS))
			continue;
		tally_round(p->tally);
		scrape_publish(p->gateway.scrape, &p->gateway);
		log_tick(false);
		show_life(p);
		status_publish(&p->gateway);
	}
	return number;
}

static void free_settings(void *owned)
{
	struct settings *s = owned;

	redis_address_release(&s->redis.address);
	settings_release(s);
	free(s);
}

/* Puts what was read in force: all of it, or nothing. */
static bool put_in_force(struct process *p, struct settings *s)
{
	struct gateway next = { .config = s->config,
				.catalog = s->catalog,
				.canon = s->canon,
				.bases = s->bases,
				.time_step_us = CONFIG_NUMBER(s->config, api, time_step) * 1000,
				.owned = s,
				.release = free_settings };

	metrics_register(p->gateway.metrics, s->catalog);
	if (!gateway_replace(&p->gateway, &next))
		return false;
	/* Answers were made by the old ones. */
	memory_turn(p->gateway.memory);
	answers_clear(p->gateway.answers);
	fills_configure(p->fills, &s->fills);
	warm_replace(p->warm, s->warm);
	s->warm = NULL;
	set_log(s->config);
	return true;
}

static void reload(struct process *p)
{
	struct settings *s = calloc(1, sizeof(*s));
	bool good;

	systemd_tell_reloading();
	good = s && settings_load_again(s, p->config_path, environ, &p->settings) &&
	       put_in_force(p, s);
	systemd_tell(SYSTEMD_READY);
	metrics_reloaded(p->gateway.metrics, sysclock.wall(&sysclock), good);
	if (good) {
		log_line(LOG_INFO, "reloaded", "what=configuration");
		return;
	}
	log_line(LOG_ERROR, "reload_failed", "in_force=old");
	if (s)
		free_settings(s);
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
	set_log(p->settings.config);
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
	bool made;

	openapi_put(&document, s->catalog, s->bases.list[0]);
	made = !document.failed;
	if (made)
		printf("%.*s\n", STR_ARG(buf_str(&document)));
	buf_release(&document);
	return made ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void print_usage(FILE *to)
{
	fputs(usage, to);
	fputs("\nCommands, each explained by `perigee COMMAND --help`:\n\n", to);
	commands_put(to);
}

/* A command and its arguments, or the beginning of one. */
static int run_command(struct cli *cli, int argc, char **argv)
{
	if (command_named(argv[0]))
		return (int)command_run(cli, argc, argv);
	fprintf(stderr, "perigee: there is no command %s; there are:\n\n", argv[0]);
	commands_put(stderr);
	return CLI_USAGE;
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
		{ "socket", required_argument, NULL, 's' },
		{ "words", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	static struct process process;
	static struct cli cli;
	const char *config_path = NULL;
	bool check_only = false;
	bool describe = false;
	int status = EXIT_FAILURE;
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
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
		case 's':
			if (cli.sockets_n < CLI_SOCKETS_MAX)
				cli.sockets[cli.sockets_n++] = optarg;
			break;
		case 'w': /* for the shells' completion */
			return (int)commands_put_words(stdout, optarg);
		case 'h':
			print_usage(stdout);
			return EXIT_SUCCESS;
		default:
			print_usage(stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc) {
		cli.config = config_path;
		return run_command(&cli, argc - optind, argv + optind);
	}
	process.config_path = config_path;
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
