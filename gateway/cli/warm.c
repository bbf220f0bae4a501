#include "cli/ask.h"
#include "cli/print.h"

#include <string.h>
#include <unistd.h>

/* With --wait, between two looks. */
#define LOOK_US 500000

static const char *text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value ? value : "-";
}

static long long number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static void show(const json_t *answer)
{
	static const char *const heads[] = { "LIST",  "STATE",	   ">STORED", ">OF",
					     "MOVED", "WAITS FOR", NULL };
	const json_t *walks = json_object_get(answer, "walks");
	struct columns columns = columns_init(heads);
	const json_t *walk;
	size_t i;

	json_array_foreach(walks, i, walk)
	{
		bool known = json_is_integer(json_object_get(walk, "count"));
		long long count = number(walk, "count");
		long long next = number(walk, "next");

		columns_put(&columns, "%s", text(walk, "target"));
		columns_put(&columns, "%s", text(walk, "state"));
		columns_put(&columns, "%lld", known && next > count ? count : next);
		columns_put(&columns, known ? "%lld" : "?", count);
		columns_put(&columns, "%s", text(walk, "moved_at"));
		columns_put(&columns, "%s",
			    json_is_string(json_object_get(walk, "waits_for"))
				    ? text(walk, "waits_for")
				    : "");
	}
	if (json_array_size(walks))
		columns_print(&columns, stdout, 0);
	else
		puts("there is no walk");
	buf_release(&columns.cells);
}

static enum cli_exit ask_about(struct cli *cli, const char *method, const char *url, json_t **ret)
{
	struct ask ask = ask_init(method, "/admin/warm");
	enum cli_exit status;

	if (url)
		ask_param(&ask, "url", url);
	status = ask_one(cli, &ask, ret);
	ask_release(&ask);
	return status;
}

/* Are all walks over? On a terminal it is shown how far they are. */
static bool is_over(const json_t *answer)
{
	const json_t *walk;
	bool over = true;
	size_t i;

	json_array_foreach(json_object_get(answer, "walks"), i, walk)
	{
		if (strcmp(text(walk, "state"), "running") != 0)
			continue;
		over = false;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[K%s: %lld of %lld", text(walk, "target"),
				number(walk, "next"), number(walk, "count"));
	}
	if (over && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	return over;
}

static bool any_failed(const json_t *answer)
{
	const json_t *walk;
	size_t i;

	json_array_foreach(json_object_get(answer, "walks"), i, walk)
	{
		if (strcmp(text(walk, "state"), "failed") == 0)
			return true;
	}
	return false;
}

/* Looks again and again until all are over. */
static enum cli_exit wait_for_all(struct cli *cli, json_t **answer)
{
	enum cli_exit status = CLI_DONE;

	while (status == CLI_DONE && !is_over(*answer)) {
		json_decref(*answer);
		usleep(LOOK_US);
		status = ask_about(cli, "GET", NULL, answer);
	}
	return status == CLI_DONE && any_failed(*answer) ? CLI_FAILED : status;
}

enum cli_exit warm_run(struct cli *cli)
{
	const char *method = cli_value(cli, "stop") ? "DELETE" : "POST";
	json_t *answer = NULL;
	enum cli_exit status = CLI_DONE;

	if (cli_value(cli, "stop") && (!cli->operands_n || cli_value(cli, "wait")))
		return cli_usage(cli, "--stop needs the URL of a walk, and waits for nothing");
	for (size_t i = 0; status == CLI_DONE && i < cli->operands_n; i++) {
		json_decref(answer);
		status = ask_about(cli, method, cli->operands[i], &answer);
	}
	if (!cli->operands_n)
		status = ask_about(cli, "GET", NULL, &answer);
	if (status == CLI_DONE && cli_value(cli, "wait"))
		status = wait_for_all(cli, &answer);
	if (answer && cli->json)
		show_json(answer);
	else if (answer)
		show(answer);
	json_decref(answer);
	return status;
}
