#ifndef PERIGEE_APP_CONFIG_H
#define PERIGEE_APP_CONFIG_H

/*
 * The configuration: an INI file and the environment over it.
 *
 * Every key stands once, in CONFIG_KEYS, with its type, default and meaning; the
 * parser, the checks and `perigee --print-config` are made from that row. A key
 * `[server] wait` is overridden by PERIGEE_SERVER_WAIT.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"
#include "base/units.h"

/* clang-format off */
/*   section   key                 type      default                     meaning */
#define CONFIG_KEYS(X)                                                                                  \
	X(server, socket,             TEXT,     "/run/perigee/worker.sock",                             \
	  "Unix socket on which nginx finds this worker.")                                              \
	X(server, socket_mode,        OCTAL,    "0660",                                                 \
	  "Permissions of the socket: nginx' group must be able to write to it.")                       \
	X(server, backlog,            NUMBER,   "1024",                                                 \
	  "Connections that may wait to be accepted; nginx answers 502 when there are more.")           \
	X(server, threads,            NUMBER,   "2",                                                    \
	  "Threads that answer requests. None of them ever waits for upstream.")                        \
	X(server, wait,               DURATION, "12s",                                                  \
	  "How long a request waits for upstream; keep nginx' fastcgi_read_timeout above it.")          \
	X(server, waiting_max,        NUMBER,   "10000",                                                \
	  "Requests that may wait for upstream at the same time; further ones are refused.")            \
	X(server, drain,              DURATION, "10s",                                                  \
	  "How long a worker that was told to stop goes on answering what it has accepted.")            \
	X(public, base_urls,          TEXT,     "http://127.0.0.1:8080",                                \
	  "Comma list of URLs under which clients reach the gateway. Links in answers begin with the\n" \
	  "one whose host the client named, else with the first; no other host gets into an answer.")   \
	X(api, tables,                TEXT,     "conf/apis",                                            \
	  "Folder of the endpoint tables.")                                                             \
	X(api, unknown_parameters,    CHOICE,   "reject",                                               \
	  "reject: an unknown parameter is a 400. pass: it is sent to upstream and kept in the key.")   \
	X(api, ignored_parameters,    TEXT,                                                             \
	  "_, _t, _ts, cb, cachebust, cachebuster, nocache, utm_*, fbclid, gclid, msclkid",             \
	  "Comma list of parameters dropped without a word, a * at the end standing for the rest.")     \
	X(api, time_step,             STEP,     "10m",                                                  \
	  "Where an answer cannot be cut to a bound such as net__gte=<now>, the bound is moved outwards\n" \
	  "to multiples of this, so that requests share an answer. 0s: it is asked as it is.")          \
	X(cache, time_scale,          NUMBER,   "1",                                                    \
	  "Divides every fresh and stale time of the tables; above 1 only for tests and benchmarks.")   \
	X(cache, memory_bytes,        NUMBER,   "67108864",                                             \
	  "Memory for what was looked up lately, each worker. It goes on being answered when Redis is\n" \
	  "away. 0: Redis is asked each time, and keeps composed answers as well.")                                                         \
	X(cache, answers_bytes,       NUMBER,   "67108864",                                             \
	  "Memory for whole answers, each worker, so that each is composed and compressed once and goes\n" \
	  "out as it is. 0: none is kept.")                                                                  \
	X(cache, shelf,               TEXT,     "",                                                     \
	  "File from which nginx, with perigee's module, takes answers without asking a worker; one of its\n" \
	  "own for each worker, such as /run/perigee/shelf-0. Empty: none.")                             \
	X(redis, address,             SECRET,   "unix:/run/redis/redis-server.sock",                    \
	  "unix:/path, redis://[user:password@]host[:port], or, to follow a master that changes,\n"    \
	  "sentinel://[user:password@]host[:port],host[:port].../name-of-the-master. Credentials are\n" \
	  "for those who listen at the address.")                                                       \
	X(redis, user,                TEXT,     "",                                                     \
	  "ACL user to log in as (conf/redis/perigee.acl). Empty: by password alone, as `default`.")    \
	X(redis, password,            SECRET,   "",                                                     \
	  "Its password. Better given by password_file or environment.")                                \
	X(redis, password_file,       TEXT,     "",                                                     \
	  "File that holds the password.")                                                              \
	X(redis, prefix,              TEXT,     "perigee",                                              \
	  "What every key begins with. Workers that share a quota must share it.")                      \
	X(redis, connect_timeout,     DURATION, "250ms",                                                \
	  "How long connecting to Redis may take.")                                                     \
	X(redis, command_timeout,     DURATION, "500ms",                                                \
	  "How long Redis may take to answer; it then counts as away.")                                 \
	X(upstream, base_url,         TEXT,     "",                                                     \
	  "Base URL under which every API's paths are asked. Empty: what each table says.")             \
	X(upstream, origin,           MODE,     "normal",                                               \
	  "normal; avoid: whatever is stored is answered, only what is missing costs a call; never: no\n" \
	  "call at all. It can be changed for all hosts while they run, which then counts.")            \
	X(upstream, quota,            TEXT,     "",                                                     \
	  "calls/seconds that upstream allows, shared by all workers; ll2:15/3600 for one budget only. " \
	  "Empty: what each table says.")                                                               \
	X(upstream, reserve,          NUMBER,   "20",                                                   \
	  "Percent of the quota that refreshing in the background may not use.")                        \
	X(upstream, client_share,     NUMBER,   "50",                                                   \
	  "Percent of the quota that one client may use while others need calls too.")                  \
	X(upstream, local_share,      NUMBER,   "10",                                                   \
	  "Percent of the quota, at least one call, that each worker may use while Redis is away. "     \
	  "0: none.")                                                                                   \
	X(upstream, contact,          TEXT,     "",                                                     \
	  "Who runs this gateway, a URL or mail address: sent in User-Agent, as upstream asks for.")    \
	X(upstream, token,            SECRET,   "",                                                     \
	  "API key, sent as `Authorization: Token ...`. Better given by token_file or environment.")    \
	X(upstream, token_file,       TEXT,     "",                                                     \
	  "File that holds the API key.")                                                               \
	X(upstream, identities,       TEXT,     "",                                                     \
	  "File of several identities, a line each: name, quota (calls/seconds or -), and token=KEY,\n"  \
	  "token_file=FILE or anonymous. Each has a budget of its own.")                                 \
	X(upstream, proxy,            SECRET,   "",                                                     \
	  "URL of an HTTP proxy for calls to upstream. Empty: none, whatever the environment says.")    \
	X(upstream, connect_timeout,  DURATION, "4s",                                                   \
	  "How long connecting to upstream may take.")                                                  \
	X(upstream, timeout,          DURATION, "20s",                                                  \
	  "How long a whole call may take. It goes on when the request behind it has given up.")        \
	X(upstream, retry,            DURATION, "1s",                                                   \
	  "How long after a failed call the same is not asked again; doubled each time, up to 5 min.")  \
	X(upstream, max_body_bytes,   NUMBER,   "16777216",                                             \
	  "Largest answer that is read.")                                                               \
	X(admin, socket,              TEXT,     "",                                                     \
	  "Unix socket for operators' commands (perigee purge, inspect, quota, top), one of its own for\n" \
	  "each worker, such as /run/perigee/admin-0. Empty: none.")                                    \
	X(admin, socket_mode,         OCTAL,    "0600",                                                 \
	  "Its permissions: whoever can open it may do all that operators may.")                        \
	X(admin, token,               SECRET,   "",                                                     \
	  "What `Authorization: Bearer` must say where a web server is let at that socket; 16 characters\n" \
	  "or more. Empty: no web server may use it. Better given by token_file or environment.")       \
	X(admin, token_file,          TEXT,     "",                                                     \
	  "File that holds this token.")                                                                \
	X(metrics, file,              TEXT,     "/run/perigee/metrics",                                 \
	  "File in which the workers of a host count together, for /metrics; it outlives them. Empty:\n" \
	  "each counts for itself, and begins anew when it starts.")                                     \
	X(metrics, micro_cache,       TEXT,     "/run/perigee/hits",                                    \
	  "File that nginx writes what its micro-cache has answered into, for one of the workers to count\n" \
	  "it. Empty: none.")                                                                            \
	X(warm, list,                 TEXT,     "",                                                     \
	  "File of what is kept fresh though nobody asks: a request target a line. Empty: nothing.")    \
	X(warm, ahead,                BOOL,     "yes",                                                  \
	  "yes: the next window of a list is fetched, in the background, for who walks through it.")    \
	X(log, level,                 LEVEL,    "info",                                                 \
	  "error, warn, info or debug.")                                                                \
	X(log, format,                FORM,     "logfmt",                                               \
	  "logfmt or json.")                                                                            \
	X(log, client,                CLIENT,   "no",                                                   \
	  "What the line of a request says of who asks. no: nothing. address: the address. hash: what\n" \
	  "is the same for the same address as long as [metrics] file lives, and says nothing of it.")  \
	X(log, requests,              REQUESTS, "misses",                                               \
	  "Which requests have a line, at level info. yes: each that a worker answers. misses: those that\n" \
	  "were no hit; a line costs about what a hit does, and nginx' access log has both. no: none.")
/* clang-format on */

/* The keys that are read again on SIGHUP; the others hold as long as the process lives. */
#define CONFIG_RELOADED(X)                                                                         \
	X(server, wait)                                                                            \
	X(server, waiting_max)                                                                     \
	X(server, drain)                                                                           \
	X(public, base_urls)                                                                       \
	X(api, tables)                                                                             \
	X(api, unknown_parameters)                                                                 \
	X(api, ignored_parameters)                                                                 \
	X(api, time_step)                                                                          \
	X(cache, time_scale)                                                                       \
	X(upstream, base_url)                                                                      \
	X(upstream, quota)                                                                         \
	X(upstream, reserve)                                                                       \
	X(upstream, client_share)                                                                  \
	X(upstream, local_share)                                                                   \
	X(upstream, retry)                                                                         \
	X(warm, list)                                                                              \
	X(log, level)                                                                              \
	X(log, format)                                                                             \
	X(log, client)                                                                             \
	X(log, requests)

enum config_key {
#define X(section, key, type, default_, help) CONFIG_##section##_##key,
	CONFIG_KEYS(X)
#undef X
		CONFIG_KEY_COUNT
};

/* The words of [log] client. */
enum log_client { LOG_CLIENT_NO, LOG_CLIENT_ADDRESS, LOG_CLIENT_HASH };

/* The words of [log] requests. */
enum log_requests { LOG_REQUESTS_NO, LOG_REQUESTS_MISSES, LOG_REQUESTS_YES };

/* Every value as text and, for the types that are numbers (durations in ms), as a number. */
struct config {
	struct config_value {
		char *text; /* owned */
		int64_t number;
	} values[CONFIG_KEY_COUNT];
};

#define CONFIG_TEXT(config, section, key)                                                          \
	(str_from((config)->values[CONFIG_##section##_##key].text))
#define CONFIG_NUMBER(config, section, key) ((config)->values[CONFIG_##section##_##key].number)

/* Receives one fault: where (`perigee.conf:12`, `PERIGEE_SERVER_WAIT`) and what. */
typedef void config_report(void *ctx, const char *where, const char *what);

/*
 * Reads the file (NULL: none) and the environment (`NAME=value` strings, NULL at
 * the end). Reports every fault, and returns NULL if there was one.
 */
struct config *config_load(const char *path, char *const *environment, config_report *report,
			   void *ctx);

/* The same, from the text of a file. */
struct config *config_read(const char *path, struct str text, char *const *environment,
			   config_report *report, void *ctx);

void config_free(struct config *config);

/*
 * `config` was read while `running` is in force: gives the keys that are not read again what they
 * have there, and reports each that was to change. False without memory.
 */
bool config_keep(struct config *config, const struct config *running, config_report *report,
		 void *ctx);

/* Writes the default configuration file, every key with its meaning. */
void config_print(FILE *to);

#endif
