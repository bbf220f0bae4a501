/*
 * perigee: a caching gateway between many clients and an API with few calls.
 *
 * This file is the table of contents: options, configuration, what the process
 * shares, threads, waiting for the signal to stop, draining.
 */

#include "api/catalog.h"
#include "app/config.h"
#include "app/fill.h"
#include "app/gateway.h"
#include "app/worker.h"
#include "base/version.h"
#include "io/fcgi.h"
#include "io/log.h"
#include "io/store.h"
#include "io/sysclock.h"
#include "io/upstream.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define IGNORED_MAX 64

/* Requests that are being answered when the time to drain is over get this much to be sent. */
#define LAST_MOMENT_MS 500

/* Everything that main() builds, in the order of building. */
struct process {
	const char *config_path;
	struct config *config;
	struct catalog *catalog;
	struct redis_options redis;
	struct str ignored[IGNORED_MAX];
	struct str token;
	struct gateway gateway;
	struct fills *fills;
	struct workers *workers;
};

static const char usage[] =
	"usage: perigee [--config FILE] [--check | --print-config | --version | --help]\n"
	"\n"
	"A FastCGI worker that answers for the Space Devs' APIs from a shared cache.\n"
	"\n"
	"  --config FILE   read this configuration (default: defaults and environment only)\n"
	"  --check         say whether configuration and endpoint tables are good, and exit\n"
	"  --print-config  write the commented default configuration, and exit\n"
	"  --version       write the version, and exit\n"
	"\n"
	"Every setting can be overridden by PERIGEE_<SECTION>_<KEY>. SIGTERM and SIGINT\n"
	"drain and stop the worker.\n";

/* ---- configuration ---- */

static void report_setting(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	fprintf(stderr, "perigee: %s: %s\n", where, what);
}

static void report_table(void *ctx, const char *file, const char *key, const char *what)
{
	(void)ctx;
	fprintf(stderr, "perigee: %s: %s%s%s\n", file, key, key[0] ? ": " : "", what);
}

static bool complain(const char *setting, const char *what)
{
	fprintf(stderr, "perigee: %s: %s\n", setting, what);
	return false;
}

static bool load_catalog(struct process *p)
{
	struct catalog_options options = {
		.upstream = CONFIG_TEXT(p->config, upstream, base_url),
		.time_scale = CONFIG_NUMBER(p->config, cache, time_scale),
	};
	struct str quota = CONFIG_TEXT(p->config, upstream, quota);

	if (options.time_scale < 1)
		return complain("[cache] time_scale", "it must be at least 1");
	if (CONFIG_NUMBER(p->config, upstream, reserve) > 100)
		return complain("[upstream] reserve", "it is a percentage");
	if (quota.n && !quota_parse(quota, &options.quota))
		return complain("[upstream] quota", "calls/seconds such as 15/3600 is needed here");
	p->catalog =
		catalog_load(CONFIG_TEXT(p->config, api, tables).p, &options, report_table, NULL);
	return p->catalog != NULL;
}

static bool read_ignored(struct process *p)
{
	struct str rest = CONFIG_TEXT(p->config, api, ignored_parameters);
	size_t n = 0;

	while (rest.n) {
		struct str name = str_trim(str_cut(&rest, ','));

		if (name.n && n == IGNORED_MAX)
			return complain("[api] ignored_parameters", "there are too many");
		if (name.n)
			p->ignored[n++] = name;
	}
	p->gateway.canon = (struct canon_options){
		.ignored = p->ignored,
		.ignored_n = n,
		.pass_unknown = CONFIG_NUMBER(p->config, api, unknown_parameters) == 1,
	};
	return true;
}

/* The token from its setting or its file, without what would break a header. */
static bool read_token(struct process *p)
{
	static char from_file[512];
	struct str path = CONFIG_TEXT(p->config, upstream, token_file);

	p->token = CONFIG_TEXT(p->config, upstream, token);
	if (path.n) {
		FILE *f = fopen(path.p, "re");
		size_t n = f ? fread(from_file, 1, sizeof(from_file), f) : 0;

		if (f)
			fclose(f);
		if (!f || n == sizeof(from_file))
			return complain("[upstream] token_file", "it cannot be read");
		p->token = str_trim((struct str){ from_file, n });
	}
	for (size_t i = 0; i < p->token.n; i++)
		if (p->token.p[i] <= ' ' || p->token.p[i] >= 0x7F)
			return complain("[upstream] token", "it has a character that no key has");
	return true;
}

static bool read_bases(struct process *p)
{
	const char *why = bases_parse(CONFIG_TEXT(p->config, public, base_urls), &p->gateway.bases);

	return !why || complain("[public] base_urls", why);
}

static bool read_redis(struct process *p)
{
	const char *why = redis_parse_address(CONFIG_TEXT(p->config, redis, address), &p->redis);

	p->redis.connect_timeout_ms = CONFIG_NUMBER(p->config, redis, connect_timeout);
	p->redis.command_timeout_ms = CONFIG_NUMBER(p->config, redis, command_timeout);
	return !why || complain("[redis] address", why);
}

/* Reads and checks all there is to configure; says every fault it finds on the way. */
static bool configure(struct process *p)
{
	bool good;

	p->config = config_load(p->config_path, environ, report_setting, NULL);
	if (!p->config)
		return false;
	good = load_catalog(p);
	good = read_ignored(p) && good;
	good = read_token(p) && good;
	good = read_bases(p) && good;
	good = read_redis(p) && good;
	return good;
}

/* ---- building ---- */

static struct origin *new_upstream(const struct process *p)
{
	const struct upstream_options options = {
		.contact = CONFIG_TEXT(p->config, upstream, contact),
		.token = p->token,
		.proxy = CONFIG_TEXT(p->config, upstream, proxy),
		.connect_timeout_ms = CONFIG_NUMBER(p->config, upstream, connect_timeout),
		.timeout_ms = CONFIG_NUMBER(p->config, upstream, timeout),
		.max_body_bytes = (size_t)CONFIG_NUMBER(p->config, upstream, max_body_bytes),
	};

	return upstream_new(&options, &sysclock);
}

static struct fills *new_fills(const struct process *p)
{
	const struct fills_options options = {
		.wait_ms = CONFIG_NUMBER(p->config, server, wait),
		.waiting_max = (size_t)CONFIG_NUMBER(p->config, server, waiting_max),
		.call_ms = CONFIG_NUMBER(p->config, upstream, timeout),
		.retry_ms = CONFIG_NUMBER(p->config, upstream, retry),
		.reserve_percent = (uint32_t)CONFIG_NUMBER(p->config, upstream, reserve),
	};
	struct store *store = store_new(&p->redis, CONFIG_TEXT(p->config, redis, prefix));

	return fills_new(&options, &sysclock, store, new_upstream(p), workers_resume, p->workers);
}

static bool build(struct process *p)
{
	struct fail failure;
	int listener;

	p->gateway.config = p->config;
	p->gateway.catalog = p->catalog;
	p->gateway.clock = &sysclock;
	listener = fcgi_listen(CONFIG_TEXT(p->config, server, socket).p,
			       (int)CONFIG_NUMBER(p->config, server, socket_mode),
			       (int)CONFIG_NUMBER(p->config, server, backlog), &failure);
	if (listener < 0)
		return complain("[server] socket", failure.text);
	p->workers = workers_new(&p->gateway, listener, &p->redis);
	if (!p->workers)
		return complain("workers", "they cannot be set up");
	p->fills = new_fills(p);
	p->gateway.fills = p->fills;
	return p->fills || complain("fills", "they cannot be set up");
}

/* ---- running ---- */

static bool start(struct process *p)
{
	if (!fills_start(p->fills))
		return complain("threads", "they cannot be started");
	if (!workers_start(p->workers, (size_t)CONFIG_NUMBER(p->config, server, threads)))
		return complain("threads", "they cannot be started");
	log_line(LOG_INFO, "started", "version=" PERIGEE_VERSION " socket=%s apis=%zu",
		 CONFIG_TEXT(p->config, server, socket).p, p->catalog->apis_n);
	return true;
}

/* Finishes what was accepted within the configured time, then ends every thread. */
static void drain(struct process *p)
{
	int64_t drain_ms = CONFIG_NUMBER(p->config, server, drain);

	log_line(LOG_INFO, "draining", "ms=%lld", (long long)drain_ms);
	workers_refuse_new(p->workers);
	fcgi_unlisten(CONFIG_TEXT(p->config, server, socket));
	/* The fills end first: their last act is to hand every waiter back. */
	fills_stop(p->fills, drain_ms);
	workers_wait_idle(p->workers, LAST_MOMENT_MS);
	workers_stop(p->workers);
	log_line(LOG_INFO, "stopped", "version=" PERIGEE_VERSION);
}

static void tear_down(struct process *p)
{
	fills_free(p->fills);
	workers_free(p->workers);
	catalog_free(p->catalog);
	config_free(p->config);
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

static int run(struct process *p)
{
	sigset_t signals;
	int signal_number;
	bool started;

	/* Blocked before there is any thread, so that only sigwait() below sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	raise_file_limit();
	log_set_level((enum log_level)CONFIG_NUMBER(p->config, log, level));
	if (!fcgi_start()) {
		complain("libfcgi", "it cannot be started");
		return EXIT_FAILURE;
	}
	started = build(p) && start(p);
	if (started) {
		sigwait(&signals, &signal_number);
		drain(p);
	}
	tear_down(p);
	return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'k' },
		{ "print-config", no_argument, NULL, 'p' }, { "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
	};
	static struct process process;
	bool check_only = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			process.config_path = optarg;
			break;
		case 'k':
			check_only = true;
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
	if (!configure(&process)) {
		tear_down(&process);
		return EXIT_FAILURE;
	}
	if (check_only) {
		puts("perigee: the configuration is good");
		tear_down(&process);
		return EXIT_SUCCESS;
	}
	return run(&process);
}
