#ifndef PERIGEE_API_FRESH_RULES_H
#define PERIGEE_API_FRESH_RULES_H

/*
 * For how long an answer is fresh, by what it says: the rules that an endpoint's
 * `fresh_when` lists. What they come to is worked out in policy/freshness.h.
 *
 *     "1m net:-15m..+15m status.id!=3,4,7"
 *
 * reads: fresh for a minute while `net` is no further away than 15 minutes and
 * the status is none of three. The grammar, words apart by blanks:
 *
 *     rule      = time 1*condition                 all of them have to hold
 *     condition = path ":" [ edge ] ".." [ edge ]  one edge may be left out
 *               / path ( "=" / "!=" ) value *( "," value )
 *               / "list"                           the answer is a window of a list
 *     edge      = ( "-" / "+" ) time
 *
 * A path names a member of the objects (api/path.h). An edge is where a band
 * begins or ends, as a countdown says it: `-15m` is 15 minutes before the moment
 * at the path, `+15m` after it. Values are compared with the JSON as it is
 * written, without quotes; a member that is missing equals none.
 *
 * The order of rules has no meaning, so those of an endpoint, of what it is like
 * and of the defaults are simply added up.
 */

#include "api/reader.h"

#define FRESH_RULES_MAX 32 /* of an endpoint, all layers together */
#define FRESH_TERMS_MAX 4  /* of a rule */
#define FRESH_PATHS_MAX 8  /* that the rules of an endpoint look at */

/* An edge that was left out. Further than any two moments of the years 1 to 9999 are apart, and
 * small enough to be added to one. */
#define FRESH_EVER_MS (20000LL * 366 * 24 * 3600 * 1000)

enum fresh_test {
	FRESH_NEAR,   /* the moment at the path is near */
	FRESH_IS,     /* the value at the path is one of some */
	FRESH_IS_NOT, /* it is none of them, or missing */
};

struct fresh_term {
	enum fresh_test test;
	size_t path;	   /* which of the paths it looks at */
	int64_t from_ms;   /* FRESH_NEAR: from so long after the moment (below 0: before it), */
	int64_t to_ms;	   /* until so long after it, this exclusive; above from_ms */
	struct str values; /* the others: with commas between */
};

struct fresh_rule {
	int64_t fresh_ms; /* above 0 */
	bool lists_only;
	struct fresh_term terms[FRESH_TERMS_MAX];
	size_t terms_n;
};

struct fresh_rules {
	const struct fresh_rule *list;
	size_t n;
	const struct str *paths; /* each once */
	size_t paths_n;
};

/* Reads the rules of all layers; times, but not bands, are divided by the time scale. Complains of
 * each that cannot be read, and leaves it out. */
struct fresh_rules fresh_rules_read(struct reader *r, const struct view *v);

#endif
