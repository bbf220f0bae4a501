#include "cli/commands.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <string.h>

#define EXIT_STATUS_HELP                                                                           \
	"Exit status: 0 done, 1 the worker refused it or failed, 2 usage, 3 no worker answers.\n"

static const struct cli_option common[] = {
	{ "socket", "PATH", "ask the worker whose admin socket this is; may be repeated" },
	{ "config", "FILE", "take [admin] socket from this configuration" },
	{ "json", NULL, "show the answer as JSON, for programs" },
	{ "help", NULL, "this text" },
	{ NULL, NULL, NULL },
};

static const struct cli_option none[] = { { NULL, NULL, NULL } };

static const struct cli_option purge_options[] = {
	{ "endpoint", "PATH", "all lists and objects of an endpoint" },
	{ "object", "PATH", "an object, and every window of a list that holds it" },
	{ "everything", NULL, "all that is stored" },
	{ "delete", NULL, "remove it, instead of letting it be answered as stale" },
	{ "yes", NULL, "with --everything --delete: yes, I mean it" },
	{ NULL, NULL, NULL },
};

static const struct cli_option warm_options[] = {
	{ "stop", NULL, "end the walk; what it has brought stays" },
	{ "wait", NULL, "stay until the walk is over, and show how far it is" },
	{ NULL, NULL, NULL },
};

static const struct cli_option health_options[] = {
	{ "ready", NULL, "whether requests should be sent to it, rather than whether it lives" },
	{ NULL, NULL, NULL },
};

static const struct cli_option top_options[] = {
	{ "limit", "N", "lines of each table, 1 to 256 (20)" },
	{ NULL, NULL, NULL },
};

static const struct cli_command commands[] = {
	{ "purge", "[URL...]", "declare stored answers to be out of date, on all hosts", "",
	  purge_options,
	  "Says that what is stored is out of date. It is answered on as stale, with its true "
	  "age,\n"
	  "while a newer one is fetched; with --delete it is gone, and clients wait for upstream.\n"
	  "All workers of all hosts go by it within a second. A call that was under way before\n"
	  "brings back nothing that counts as fresh.\n"
	  "\n"
	  "A URL may be spelled in any way, with any host: what counts is what it means. All that\n"
	  "its answer would be made of is purged.\n"
	  "\n"
	  "  perigee purge '/2.3.0/launches/upcoming/?limit=10'\n"
	  "                         the page, and the window that it is cut from\n"
	  "  perigee purge --object /2.3.0/spacecraft/430/\n"
	  "                         a spacecraft has changed: itself and all lists that show it\n"
	  "  perigee purge --endpoint /2.3.0/agencies/ --delete\n"
	  "                         nobody shall see what is stored of agencies any more\n"
	  "  perigee purge --everything\n"
	  "                         upstream had a fault; fetch all anew as it is asked for\n"
	  "\n"
	  "Each thing that is purged costs a call when it is next asked for.\n",
	  purge_run },
	{ "warm", "[URL...]", "walk through a whole list, so that all of it is stored", "",
	  warm_options,
	  "Has the list that URL names fetched, a window after the other, by calls that nothing "
	  "else\n"
	  "wants: clients and refreshes go first, so with a small quota it takes hours. One worker "
	  "of\n"
	  "all hosts does it, and another one goes on should that end. Without a URL it shows the\n"
	  "walks that there are, and how far each is.\n"
	  "\n"
	  "  perigee warm /2.3.0/agencies/\n"
	  "  perigee warm\n"
	  "  perigee warm --wait '/2.3.0/launches/?status=3'\n"
	  "  perigee warm --stop /2.3.0/agencies/\n",
	  warm_run },
	{ "inspect", "URL", "why was this a miss, and what is in the entry?", "", none,
	  "Shows what a client that asks for URL now would get, out of which stored entries, in\n"
	  "which state they are, and why. Nothing is fetched and nothing changed.\n"
	  "\n"
	  "  perigee inspect '/2.3.0/spacecraft/?offset=326&ordering=-time_docked'\n"
	  "  perigee inspect https://launches.example.org/2.3.0/launches/upcoming/\n",
	  inspect_run },
	{ "quota", "", "calls to upstream: made, left, under way", "", none,
	  "Shows each budget of calls that all workers share: how many are used, the calls of its\n"
	  "window with time and class, when the next one is free, and what is being fetched now.\n"
	  "\n"
	  "  perigee quota\n"
	  "  perigee quota --json | jq '.budgets[0].remaining'\n",
	  quota_run },
	{ "top", "", "what is most wanted, and what takes longest", "", top_options,
	  "Shows the targets and endpoints that are asked for most, and those that took the most\n"
	  "time, summed over the workers of all sockets that are known. Requests count half after\n"
	  "ten minutes. What nginx answers from its own cache is not seen by workers.\n"
	  "\n"
	  "  perigee top\n"
	  "  perigee --socket run/sock/admin-0 --socket run/sock/admin-1 top --limit 5\n",
	  top_run },
	{ "origin", "[normal|avoid|never]", "how much upstream may be asked, on all hosts",
	  "normal\navoid\nnever", none,
	  "Without a mode it shows the one that is in force. With one, all workers on all hosts go "
	  "by\n"
	  "it at once, and after a restart, too:\n"
	  "\n"
	  "  normal   as the budget allows\n"
	  "  avoid    only for what is missing: all that is stored is an answer, however old\n"
	  "  never    not at all\n"
	  "\n"
	  "  perigee origin\n"
	  "  perigee origin avoid\n"
	  "                         something else needs the quota today\n",
	  origin_run },
	{ "health", "", "does a worker live?", "", health_options,
	  "For what starts a worker anew that hangs, in containers above all. It is asked\n"
	  "where nginx asks it, at [server] socket, or at the socket that --socket names.\n"
	  "\n"
	  "  perigee health\n"
	  "                         /healthz: it lives, and one of its threads answers\n"
	  "  perigee health --ready\n"
	  "                         /readyz: it has Redis, or remembers something\n",
	  health_run },
};

#define COMMANDS_N (sizeof(commands) / sizeof(commands[0]))

const struct cli_command *command_named(const char *name)
{
	for (size_t i = 0; i < COMMANDS_N; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void commands_put(FILE *to)
{
	for (size_t i = 0; i < COMMANDS_N; i++)
		fprintf(to, "  %-15s %s\n", commands[i].name, commands[i].summary);
}

/* ---- help ---- */

static void put_options(FILE *to, const struct cli_option *options)
{
	for (; options->name; options++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "");
		fprintf(to, "  %-17s %s\n", left, options->help);
	}
}

static void put_help(FILE *to, const struct cli_command *command)
{
	fprintf(to, "usage: perigee %s%s%s%s\n\n%s\n", command->name,
		command->operands[0] ? " " : "", command->operands, " [OPTION...]", command->help);
	put_options(to, command->options);
	put_options(to, common);
	fputs("\n" EXIT_STATUS_HELP, to);
}

enum cli_exit cli_usage(const struct cli *cli, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "perigee %s: ", cli->command->name);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n`perigee %s --help` explains it.\n", cli->command->name);
	return CLI_USAGE;
}

enum cli_exit commands_put_words(FILE *to, const char *name)
{
	const struct cli_command *command = command_named(name);
	const struct cli_option *lists[] = { command ? command->options : none, common };

	for (size_t i = 0; !name[0] && i < COMMANDS_N; i++)
		fprintf(to, "%s\n", commands[i].name);
	if (!name[0])
		return CLI_DONE;
	if (!command)
		return CLI_USAGE;
	for (size_t i = 0; i < 2; i++)
		for (const struct cli_option *o = lists[i]; o->name; o++)
			fprintf(to, "--%s\n", o->name);
	if (command->words[0])
		fprintf(to, "%s\n", command->words);
	return CLI_DONE;
}

/* ---- the command line ---- */

static const struct cli_option *find_option(const struct cli_option *options, struct str name)
{
	for (; options->name; options++)
		if (str_eq(str_from(options->name), name))
			return options;
	return NULL;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const struct cli_option *o = find_option(cli->command->options, str_from(name));

	return o ? cli->values[o - cli->command->options] : NULL;
}

/* Notes an option that all commands have. False: it asks for help. */
static enum cli_exit take_common(struct cli *cli, const struct cli_option *o, const char *value)
{
	struct str name = str_from(o->name);

	if (str_eq(name, STR("json")))
		cli->json = true;
	if (str_eq(name, STR("config")))
		cli->config = value;
	if (str_eq(name, STR("socket"))) {
		if (cli->sockets_n == CLI_SOCKETS_MAX)
			return cli_usage(cli, "there are too many sockets");
		cli->sockets[cli->sockets_n++] = value;
	}
	return CLI_DONE;
}

/* `--name`, `--name value` or `--name=value`; *at is moved to the last word that it takes. */
static enum cli_exit take_option(struct cli *cli, int argc, char **argv, int *at)
{
	struct str rest = str_from(argv[*at] + 2);
	struct str name = str_slice(rest, 0, str_find(rest, '='));
	const char *value = name.n < rest.n ? name.p + name.n + 1 : NULL;
	const struct cli_option *own = find_option(cli->command->options, name);
	const struct cli_option *o = own ? own : find_option(common, name);

	if (!o)
		return cli_usage(cli, "there is no option --%.*s", STR_ARG(name));
	if (!o->value && value)
		return cli_usage(cli, "--%s takes no value", o->name);
	if (o->value && !value && *at + 1 < argc)
		value = argv[++*at];
	if (o->value && !value)
		return cli_usage(cli, "--%s needs %s", o->name, o->value);
	if (!own)
		return take_common(cli, o, value);
	if (cli->values[own - cli->command->options])
		return cli_usage(cli, "--%s is there twice", o->name);
	cli->values[own - cli->command->options] = value ? value : o->name;
	return CLI_DONE;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

static enum cli_exit read_arguments(struct cli *cli, int argc, char **argv)
{
	enum cli_exit status = CLI_DONE;
	bool options = true;

	for (int i = 1; status == CLI_DONE && i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && strncmp(argv[i], "--", 2) == 0)
			status = take_option(cli, argc, argv, &i);
		else if (options && argv[i][0] == '-' && argv[i][1])
			status = cli_usage(cli, "there is no option %s", argv[i]);
		else if (!cli->command->operands[0])
			status = cli_usage(cli, "it takes no %s", argv[i]);
		else if (cli->operands_n == CLI_OPERANDS_MAX)
			status = cli_usage(cli, "there are too many arguments");
		else
			cli->operands[cli->operands_n++] = argv[i];
	}
	return status;
}

enum cli_exit command_run(struct cli *cli, int argc, char **argv)
{
	enum cli_exit status;

	cli->command = command_named(argv[0]);
	if (asks_for_help(argc, argv)) {
		put_help(stdout, cli->command);
		return CLI_DONE;
	}
	status = read_arguments(cli, argc, argv);
	return status == CLI_DONE ? cli->command->run(cli) : status;
}
