#ifndef PERIGEE_POLICY_IDENTITY_H
#define PERIGEE_POLICY_IDENTITY_H

/*
 * Who we are to upstream: it counts calls by API key, and without one by address.
 * Each identity has a budget of its own, and is known here, in keys and in logs by
 * its name; the key itself goes to upstream only.
 *
 * Several are named in a file, one a line, `#` begins a comment line:
 *
 *     # name    quota     key
 *     main      -         token_file=/etc/perigee/main.key
 *     second    60/3600   token=0123456789abcdef
 *     address   15/3600   anonymous
 *
 * `-`: the quota that the tables say, until upstream tells another.
 */

#include "base/str.h"
#include "base/units.h"

#define IDENTITIES_MAX	    16
#define IDENTITY_NAME_BYTES 32

struct identity {
	struct str name;    /* empty: the only one, or the one of `[upstream] token` */
	struct quota quota; /* calls == 0: what the tables say */
	struct str token;   /* empty: anonymous */
};

struct identities {
	struct identity list[IDENTITIES_MAX];
	size_t n;
};

/* What one line of the file says: views of it. */
struct identity_line {
	struct identity identity;
	struct str token_file; /* where the token stands, if not in the line */
};

/* Reads a line that is neither empty nor a comment. NULL, or what is wrong with it, without a word
 * of the line. */
const char *identity_parse(struct str line, struct identity_line *ret);

/* Can it be sent in a header field? */
bool token_is_sound(struct str token);

/* Is there one of that name? */
bool identities_have(const struct identities *ids, struct str name);

#endif
