#include "cli/ask.h"

#include "app/config.h"
#include "base/limits.h"
#include "http/url.h"
#include "io/fcgi_client.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

/* Where workers of this machine have their admin sockets unless somebody says otherwise. */
#define USUAL_SOCKETS "/run/perigee/admin*"

/* A worker that works says so at least this often: it purges step by step. */
#define SILENCE_MS 30000

struct ask ask_init(const char *method, const char *path)
{
	struct ask ask = { .method = method, .uri = buf_init(4UL * LIMIT_TARGET_BYTES) };

	buf_put(&ask.uri, str_from(path));
	return ask;
}

void ask_param(struct ask *ask, const char *name, const char *value)
{
	bool first = str_find(buf_str(&ask->uri), '?') == ask->uri.n;

	buf_put_char(&ask->uri, first ? '?' : '&');
	buf_put(&ask->uri, str_from(name));
	buf_put_char(&ask->uri, '=');
	url_put_form(&ask->uri, str_from(value));
}

void ask_release(struct ask *ask)
{
	buf_release(&ask->uri);
}

/* ---- which workers ---- */

static void report(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	fprintf(stderr, "perigee: %s: %s\n", where, what);
}

static void add_socket(struct cli *cli, const char *path)
{
	size_t i = cli->sockets_n;

	if (i == CLI_SOCKETS_MAX || strlen(path) >= CLI_PATH_BYTES)
		return;
	memcpy(cli->found[i], path, strlen(path) + 1);
	cli->sockets[cli->sockets_n++] = cli->found[i];
}

static void add_usual_sockets(struct cli *cli)
{
	glob_t found;

	if (glob(USUAL_SOCKETS, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_socket(cli, found.gl_pathv[i]);
	globfree(&found);
}

static enum cli_exit find_sockets(struct cli *cli)
{
	struct config *config;

	if (cli->sockets_n)
		return CLI_DONE;
	config = config_load(cli->config, environ, report, NULL);
	if (!config)
		return CLI_USAGE;
	if (CONFIG_TEXT(config, admin, socket).n)
		add_socket(cli, CONFIG_TEXT(config, admin, socket).p);
	else
		add_usual_sockets(cli);
	config_free(config);
	if (cli->sockets_n)
		return CLI_DONE;
	fputs("perigee: no worker's admin socket is known; name it with --socket, or by "
	      "[admin] socket with --config\n",
	      stderr);
	return CLI_UNREACHABLE;
}

/* ---- asking one ---- */

/* Passes on the lines of progress that have come since the last time. */
struct progress {
	const struct ask *ask;
	size_t seen;
};

static void on_body(void *ctx, struct str body)
{
	struct progress *p = ctx;
	struct str rest = str_slice(body, p->seen, body.n);

	while (str_find(rest, '\n') < rest.n) {
		struct str line = str_cut(&rest, '\n');
		json_t *o = json_loadb(line.p, line.n, 0, NULL);

		p->seen += line.n + 1;
		/* Only the last line has a type or a scope. */
		if (o && json_object_get(o, "scanned") && !json_object_get(o, "scope"))
			p->ask->on_progress(o);
		json_decref(o);
	}
}

/* The last line: all of it, where there is one. */
static json_t *last_line(struct str body)
{
	struct str rest = str_trim(body);

	while (str_find(rest, '\n') < rest.n)
		str_cut(&rest, '\n');
	return json_loadb(rest.p ? rest.p : "", rest.n, 0, NULL);
}

static void say_problem(const json_t *problem)
{
	const json_t *faults = json_object_get(problem, "faults");
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	const char *nearest = json_string_value(json_object_get(problem, "nearest"));
	const json_t *allowed;
	const json_t *fault;
	size_t i;

	fprintf(stderr, "perigee: %s\n", detail ? detail : "the worker refused it");
	if (nearest)
		fprintf(stderr, "perigee: did you mean %s?\n", nearest);
	json_array_foreach(faults, i, fault)
	{
		allowed = json_object_get(fault, "allowed");
		if (allowed)
			fprintf(stderr, "perigee: %s takes %s\n",
				json_string_value(json_object_get(fault, "parameter")),
				json_string_value(allowed));
	}
}

static bool is_problem(const json_t *answer)
{
	const char *type = json_string_value(json_object_get(answer, "type"));

	return type && str_starts(str_from(type), STR("urn:perigee:problem:"));
}

/* UNREACHABLE: *reterr says why, and nothing was said yet. */
static enum cli_exit ask_at(const struct cli *cli, const char *socket, const struct ask *ask,
			    json_t **ret, struct fail *reterr)
{
	struct progress progress = { .ask = ask };
	const struct fcgi_question q = { .socket = socket,
					 .method = str_from(ask->method),
					 .uri = buf_str(&ask->uri),
					 .silence_ms = SILENCE_MS,
					 .on_body = ask->on_progress ? on_body : NULL,
					 .ctx = &progress };
	struct cgi_answer answer;
	struct fcgi_reply reply;
	enum fcgi_asked asked = fcgi_ask(&q, &reply, &answer, reterr);
	enum cli_exit status = CLI_UNREACHABLE;

	if (asked == FCGI_ANSWERED) {
		*ret = last_line(answer.body);
		status = CLI_DONE;
		if (!json_is_object(*ret)) {
			fputs("perigee: the worker's answer is no JSON\n", stderr);
			status = CLI_FAILED;
		} else if (answer.status >= 400 || is_problem(*ret)) {
			say_problem(*ret);
			if (cli->json)
				show_json(*ret);
			status = CLI_FAILED;
		}
		if (status != CLI_DONE) {
			json_decref(*ret);
			*ret = NULL;
		}
	}
	fcgi_reply_release(&reply);
	return status;
}

/* ---- asking ---- */

static bool is_sendable(const struct ask *ask)
{
	if (ask->uri.failed)
		fputs("perigee: that is too long\n", stderr);
	return !ask->uri.failed;
}

enum cli_exit ask_one(struct cli *cli, const struct ask *ask, json_t **ret)
{
	enum cli_exit status = find_sockets(cli);
	struct fail failures[CLI_SOCKETS_MAX];

	*ret = NULL;
	if (status != CLI_DONE)
		return status;
	if (!is_sendable(ask))
		return CLI_USAGE;
	for (size_t i = 0; i < cli->sockets_n; i++) {
		status = ask_at(cli, cli->sockets[i], ask, ret, &failures[i]);
		if (status != CLI_UNREACHABLE)
			return status;
	}
	for (size_t i = 0; i < cli->sockets_n; i++)
		fprintf(stderr, "perigee: %s: %s\n", cli->sockets[i], failures[i].text);
	return CLI_UNREACHABLE;
}

enum cli_exit ask_all(struct cli *cli, const struct ask *ask, json_t **ret)
{
	enum cli_exit status = find_sockets(cli);

	*ret = json_array();
	if (status == CLI_DONE && !is_sendable(ask))
		status = CLI_USAGE;
	for (size_t i = 0; status == CLI_DONE && i < cli->sockets_n; i++) {
		struct fail failure;
		json_t *answer = NULL;
		enum cli_exit one = ask_at(cli, cli->sockets[i], ask, &answer, &failure);

		if (one == CLI_UNREACHABLE)
			fprintf(stderr, "perigee: %s: %s\n", cli->sockets[i], failure.text);
		else
			status = one;
		if (answer)
			json_array_append_new(*ret, answer);
	}
	if (status == CLI_DONE && !json_array_size(*ret))
		status = CLI_UNREACHABLE;
	if (status != CLI_DONE) {
		json_decref(*ret);
		*ret = NULL;
	}
	return status;
}

enum cli_exit show_json(const json_t *answer)
{
	bool shown = json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;

	putchar('\n');
	return shown ? CLI_DONE : CLI_FAILED;
}

enum cli_exit ask_and_show(struct cli *cli, struct ask *ask, void (*show)(const json_t *answer))
{
	json_t *answer;
	enum cli_exit status = ask_one(cli, ask, &answer);

	ask_release(ask);
	if (status != CLI_DONE)
		return status;
	if (cli->json)
		show_json(answer);
	else
		show(answer);
	json_decref(answer);
	return status;
}
