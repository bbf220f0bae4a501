#ifndef PERIGEE_CLI_CLI_H
#define PERIGEE_CLI_CLI_H

/*
 * The commands of operators: `perigee purge`, `perigee quota` and so on. Each asks a running
 * worker over its admin socket (app/admin.h; health at the one that serves) and shows the answer.
 *
 * A command is a row in the table of cli/commands.c and a file of its own. The row has all
 * that there is to know of its name, options and help; the parser, --help and the shells'
 * completion are made from it, and a test compares the manual page with it.
 *
 * Exit status: one of enum cli_exit. What is asked for goes to standard output, all else to
 * standard error.
 */

#include <jansson.h>
#include <stdio.h>

#include "base/buf.h"

enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,	     /* the worker refused it, or could not do it */
	CLI_USAGE = 2,	     /* the command line or the configuration is wrong */
	CLI_UNREACHABLE = 3, /* no worker answers on the socket */
};

#define CLI_OPTIONS_MAX	 12
#define CLI_OPERANDS_MAX 64
#define CLI_SOCKETS_MAX	 64
#define CLI_PATH_BYTES	 512

struct cli_option {
	const char *name;  /* `endpoint`, for --endpoint; NULL ends a list */
	const char *value; /* what stands behind it, in the help; NULL: nothing does */
	const char *help;
};

struct cli;

struct cli_command {
	const char *name;
	const char *operands; /* as the synopsis has them; empty: there are none */
	const char *summary;  /* half a line */
	const char *words;    /* operands to choose from, for completion; may be empty */
	const struct cli_option *options; /* beside the common ones */
	const char *help;		  /* what it does, and examples */
	enum cli_exit (*run)(struct cli *cli);
};

/* What was asked on the command line. */
struct cli {
	const struct cli_command *command;
	const char *config; /* of --config; NULL: none */
	const char *sockets[CLI_SOCKETS_MAX];
	size_t sockets_n;
	char found[CLI_SOCKETS_MAX][CLI_PATH_BYTES]; /* where the sockets were not named */
	bool json;
	const char *values[CLI_OPTIONS_MAX]; /* of the command's options; NULL: not given */
	const char *operands[CLI_OPERANDS_MAX];
	size_t operands_n;
};

/* The commands, each in the file of its name. */
enum cli_exit purge_run(struct cli *cli);
enum cli_exit inspect_run(struct cli *cli);
enum cli_exit quota_run(struct cli *cli);
enum cli_exit top_run(struct cli *cli);
enum cli_exit origin_run(struct cli *cli);
enum cli_exit warm_run(struct cli *cli);
enum cli_exit health_run(struct cli *cli);

/* The value of one of the command's options (of one without a value its name), or NULL. */
const char *cli_value(const struct cli *cli, const char *name);

/* Says on standard error what is wrong with the command line. */
enum cli_exit cli_usage(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
