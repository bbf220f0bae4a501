#ifndef PERIGEE_API_CANON_H
#define PERIGEE_API_CANON_H

/*
 * From a request target as a client spells it to what it means.
 *
 * Two targets that upstream would answer alike have the same `path`, `filter`,
 * `limit` and `offset`, whatever their order, encoding, repetition, defaults
 * written out or missing slash; two that it would answer differently never
 * have. Pure: no I/O, no clock, nothing global. The `target` of the result,
 * canonicalised again, gives the same.
 *
 * What upstream would silently ignore (an unknown parameter, a bad boolean, an
 * unknown field to order by) is refused, because it would return everything
 * and cost a call.
 */

#include "api/bounds.h"
#include "api/catalog.h"
#include "base/fault.h"
#include "http/query.h"

struct canon {
	const struct api *api;
	const struct endpoint *endpoint;
	bool is_object;	     /* one object, not a list: `{endpoint}/{id}/`, or a singleton */
	struct str path;     /* `/2.3.0/spacecraft/`, `/2.3.0/spacecraft/430/` */
	struct query filter; /* all that selects, orders or shapes objects; canonical, sorted */
	struct query echo;   /* the client's own parameters for links, sorted: without limit,
			      * offset, format and what is ignored */
	int64_t limit;	     /* effective; 0 with objects */
	int64_t offset;
	struct bounds bounds; /* of time, within the filter, that lie on no grid of days */
	uint32_t head; /* objects of the small first window in which the page lies; 0: in none */
	struct str target; /* the shortest target that means the same: defaults left out */
};

/* One thing that is wrong with one parameter. Views of the arena, the catalog or static text. */
struct param_fault {
	struct str name;
	struct str value;
	bool is_secret; /* the value may be a key: it is not shown to anyone */
	const char *reason;
	const char *allowed;		 /* what would be taken; may be NULL */
	const struct str *allowed_words; /* the words behind `allowed` */
	size_t allowed_words_n;
	struct str nearest; /* what was perhaps meant; may be empty */
};

struct refusal {
	struct fail fail;	    /* MALFORMED, TOO_LONG, NOT_FOUND or PARAMETERS */
	struct param_fault *faults; /* with PARAMETERS: all of them, in the client's order */
	size_t faults_n;
	struct str nearest_path; /* with NOT_FOUND: what was perhaps meant; may be empty */
};

struct canon_options {
	const struct str *ignored; /* names (globs) of cache-busters, dropped without a word */
	size_t ignored_n;
	bool pass_unknown; /* unknown parameters are kept in `filter` instead of refused, as they
			    * are with tables that say so */
};

/*
 * Canonicalises `target` (path?query as received). On success fills *ret with
 * bytes that live as long as the target, the arena and the catalog; on failure
 * fills *reterr, and *ret is nothing but the endpoint and is_object, if the path was one.
 */
bool canon_request(const struct catalog *catalog, const struct canon_options *options,
		   struct str target, struct arena *a, struct canon *ret, struct refusal *reterr);

/*
 * The target path?query with `params` (c->filter or c->echo) and, where they
 * are above 0, limit and offset; all sorted by name. It lives in the arena;
 * p == NULL if that is exhausted.
 */
struct str canon_page_target(const struct canon *c, const struct query *params, int64_t limit,
			     int64_t offset, struct arena *a);

/* As which the request is counted (endpoint->series); 0 if its path is none. */
uint32_t canon_series(const struct canon *c);

/* The API whose root `target` names, and nothing below it; NULL: it is none. */
const struct api *canon_root(const struct catalog *catalog, struct str target);

#endif
