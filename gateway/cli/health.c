#include "cli/cli.h"

#include "app/config.h"
#include "io/fcgi_client.h"

#include <unistd.h>

/* It says at once that it lives, and that it is ready as soon as Redis has answered or not. */
#define SILENCE_MS 3000

static void report(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	fprintf(stderr, "perigee: %s: %s\n", where, what);
}

static enum cli_exit ask(const struct cli *cli, const char *socket, bool ready)
{
	const struct fcgi_question q = { .socket = socket,
					 .method = STR("GET"),
					 .uri = ready ? STR("/readyz") : STR("/healthz"),
					 .silence_ms = SILENCE_MS };
	struct fcgi_reply reply;
	struct cgi_answer answer;
	struct fail failure;
	enum cli_exit status = CLI_UNREACHABLE;

	if (fcgi_ask(&q, &reply, &answer, &failure) != FCGI_ANSWERED) {
		fprintf(stderr, "perigee: %s: %s\n", socket, failure.text);
	} else {
		/* /readyz is JSON as it is. */
		if (cli->json && !ready)
			printf("{\"live\":%s}\n", answer.status == 200 ? "true" : "false");
		else
			printf("%.*s", STR_ARG(answer.body));
		status = answer.status == 200 ? CLI_DONE : CLI_FAILED;
	}
	fcgi_reply_release(&reply);
	return status;
}

enum cli_exit health_run(struct cli *cli)
{
	bool ready = cli_value(cli, "ready") != NULL;
	struct config *config;
	enum cli_exit status;

	if (cli->sockets_n > 1)
		return cli_usage(cli, "it asks one worker");
	if (cli->sockets_n)
		return ask(cli, cli->sockets[0], ready);
	config = config_load(cli->config, environ, report, NULL);
	if (!config)
		return CLI_USAGE;
	status = ask(cli, CONFIG_TEXT(config, server, socket).p, ready);
	config_free(config);
	return status;
}
