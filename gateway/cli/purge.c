#include "cli/ask.h"

#include <string.h>
#include <unistd.h>

static const char *const scopes[] = { "endpoint", "object", "everything" };

/* On a terminal only: a line that is written over again and again. */
static void show_progress(const json_t *line)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rlooked at %lld entries, purged %lld",
			(long long)json_integer_value(json_object_get(line, "scanned")),
			(long long)json_integer_value(json_object_get(line, "entries")));
}

static void clear_progress(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static long long number(const json_t *answer, const char *name)
{
	return json_integer_value(json_object_get(answer, name));
}

static void show(const json_t *answer)
{
	const char *what = json_string_value(json_object_get(answer, "what"));
	const char *mode = json_string_value(json_object_get(answer, "mode"));
	bool deleted = mode && strcmp(mode, "delete") == 0;
	long long entries = number(answer, "entries");
	long long workers = number(answer, "workers");

	printf("%s: %lld %s %s; %lld %s told\n", what ? what : "everything", entries,
	       entries == 1 ? "entry" : "entries", deleted ? "deleted" : "made stale", workers,
	       workers == 1 ? "worker was" : "workers were");
}

static enum cli_exit purge_one(struct cli *cli, const char *param, const char *value, json_t **ret)
{
	struct ask ask = ask_init("POST", "/admin/purge");
	enum cli_exit status;

	ask_param(&ask, param, value);
	if (cli_value(cli, "delete"))
		ask_param(&ask, "mode", "delete");
	ask_param(&ask, "progress", "yes");
	ask.on_progress = show_progress;
	status = ask_one(cli, &ask, ret);
	clear_progress();
	ask_release(&ask);
	return status;
}

/* One after the other, and on to the next one whatever became of the last. */
static enum cli_exit purge_urls(struct cli *cli, json_t *answers)
{
	enum cli_exit worst = CLI_DONE;

	for (size_t i = 0; i < cli->operands_n && worst != CLI_UNREACHABLE; i++) {
		json_t *answer;
		enum cli_exit status = purge_one(cli, "url", cli->operands[i], &answer);

		if (status > worst)
			worst = status;
		if (answer)
			json_array_append_new(answers, answer);
	}
	return worst;
}

static enum cli_exit purge_scope(struct cli *cli, const char *scope, json_t *answers)
{
	const char *value = cli_value(cli, scope);
	json_t *answer;
	enum cli_exit status =
		purge_one(cli, scope, strcmp(scope, "everything") == 0 ? "yes" : value, &answer);

	if (answer)
		json_array_append_new(answers, answer);
	return status;
}

enum cli_exit purge_run(struct cli *cli)
{
	json_t *answers;
	const json_t *answer;
	const char *scope = NULL;
	enum cli_exit status;
	size_t n = cli->operands_n > 0;
	size_t i;

	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (cli_value(cli, scopes[i])) {
			scope = scopes[i];
			n++;
		}
	}
	if (n != 1)
		return cli_usage(cli, "what? URLs, --endpoint, --object or --everything: one of "
				      "them");
	if (cli_value(cli, "everything") && cli_value(cli, "delete") && !cli_value(cli, "yes"))
		return cli_usage(cli, "then clients wait for a call for everything that they ask: "
				      "say --yes, or leave --delete away");
	answers = json_array();
	status = scope ? purge_scope(cli, scope, answers) : purge_urls(cli, answers);
	if (cli->json && json_array_size(answers))
		show_json(json_array_size(answers) == 1 ? json_array_get(answers, 0) : answers);
	json_array_foreach(answers, i, answer)
	{
		if (!cli->json)
			show(answer);
	}
	json_decref(answers);
	return status;
}
