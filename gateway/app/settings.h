#ifndef PERIGEE_APP_SETTINGS_H
#define PERIGEE_APP_SETTINGS_H

/*
 * The configuration understood: its texts checked and turned into what the
 * modules take, with the endpoint tables it names. Read-only once loaded, but for
 * the tables, which can be read anew.
 */

#include "api/canon.h"
#include "app/admin.h"
#include "app/config.h"
#include "app/fill_options.h"
#include "http/bases.h"
#include "io/redis.h"
#include "io/upstream.h"
#include "policy/identity.h"
#include "policy/warm_list.h"

#define SETTINGS_IGNORED_MAX 64
#define SETTINGS_TOKEN_BYTES 512
#define SETTINGS_ADMIN_TOKEN 16 /* bytes at least: it is to be guessed by nobody */

struct settings {
	struct config *config;
	struct catalog *catalog; /* a reference */
	struct bases bases;
	struct canon_options canon;
	struct redis_options redis;
	struct upstream_options upstream;
	struct identities identities;
	struct fills_options fills;
	struct origin_switch origin;
	struct warm_list *warm; /* NULL: none; its taker sets it to NULL */
	struct admin_options admin;
	/* what the above are views of */
	struct redis_health redis_health;
	struct str ignored[SETTINGS_IGNORED_MAX];
	char token[SETTINGS_TOKEN_BYTES];
	char *identities_text;
	char tokens[IDENTITIES_MAX][SETTINGS_TOKEN_BYTES];
	char admin_token_text[SETTINGS_TOKEN_BYTES];
	char redis_password[SETTINGS_TOKEN_BYTES];
};

/*
 * Reads file (NULL: none), environment and tables. Writes every fault it finds
 * to standard error, and returns false if there was one. Either way
 * settings_release() ends it. *s must not be moved.
 */
bool settings_load(struct settings *s, const char *path, char *const *environment);
void settings_release(struct settings *s);

/*
 * The same while `running` is in force: faults go to the log, and the keys that hold for as long as
 * the process lives keep what they have there (a change of one is logged too).
 */
bool settings_load_again(struct settings *s, const char *path, char *const *environment,
			 const struct settings *running);

#endif
