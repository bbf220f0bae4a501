#ifndef PERIGEE_CLI_ASK_H
#define PERIGEE_CLI_ASK_H

/*
 * Asking workers. Which: those of --socket; else that of the configuration, `[admin]
 * socket`; else those that are found in /run/perigee. Mostly the first that answers will do,
 * since what they tell is in Redis, which they share.
 */

#include "cli/cli.h"

/* A request being put together. */
struct ask {
	const char *method;
	struct buf uri;
	/* With progress: called with each line that is not the last; may be NULL. */
	void (*on_progress)(const json_t *line);
};

struct ask ask_init(const char *method, const char *path);
void ask_param(struct ask *ask, const char *name, const char *value);
void ask_release(struct ask *ask);

/*
 * Asks the first worker that answers. CLI_DONE: *ret is its answer, the caller's. Otherwise
 * it has been said on standard error (and with --json the problem shown) what is wrong.
 */
enum cli_exit ask_one(struct cli *cli, const struct ask *ask, json_t **ret);

/* Asks all of them, at least one of which must answer: *ret is an array of answers. */
enum cli_exit ask_all(struct cli *cli, const struct ask *ask, json_t **ret);

/* Shows the answer as JSON. */
enum cli_exit show_json(const json_t *answer);

/* Asks the first that answers, and shows that: as JSON where --json says so, else by `show`.
 * Releases the ask. */
enum cli_exit ask_and_show(struct cli *cli, struct ask *ask, void (*show)(const json_t *answer));

#endif
