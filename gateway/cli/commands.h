#ifndef PERIGEE_CLI_COMMANDS_H
#define PERIGEE_CLI_COMMANDS_H

/*
 * The table of commands, and what main() needs of it.
 */

#include "cli/cli.h"

/* NULL: there is no such command. */
const struct cli_command *command_named(const char *name);

/* Runs `argv[0]`, the name of a command, with the arguments behind it. `cli` has what stood
 * before it. */
enum cli_exit command_run(struct cli *cli, int argc, char **argv);

/* A line for each command. */
void commands_put(FILE *to);

/* For the shells' completion: the commands' names, or with one its options and words. */
enum cli_exit commands_put_words(FILE *to, const char *name);

#endif
