#ifndef PERIGEE_API_CATALOG_H
#define PERIGEE_API_CATALOG_H

/*
 * What there is to ask: the APIs behind the gateway, their endpoints, and what
 * each endpoint accepts. Read from conf/apis/ (api/load.h, and the README
 * there for the format), checked whole before anything is served, read-only after that. It
 * lives in one piece until the last reference to it is gone: a catalog can be replaced by
 * another (app/tables.h) while requests that were understood by the old one are still served.
 */

#include <stdatomic.h>

#include "api/filters.h"
#include "api/fresh_rules.h"
#include "api/rewrite.h"
#include "base/units.h"

enum endpoint_kind {
	ENDPOINT_LIST,
	ENDPOINT_SINGLE,   /* one object without an id: `dashboard/starship/` */
	ENDPOINT_THROTTLE, /* upstream's word on the caller's quota: answered by the gateway */
};

/* A small first window of `n` objects, for a mode in which whole windows are heavy. */
struct head {
	struct str mode; /* empty: for every mode that has none of its own */
	uint32_t n;
};

struct endpoint {
	struct str name; /* path below the root, no slashes at its ends: `dashboard/starship` */
	enum endpoint_kind kind;
	enum value_type ids; /* of `{name}/{id}/`: ID or UUID; VALUE_TYPE_COUNT: not answered */
	struct str
		detail_mode;  /* the mode that objects have unless asked otherwise; may be empty */
	struct param *params; /* all that it takes, sorted by name */
	size_t params_n;
	struct str *param_names;   /* the same names, for nearest() */
	const struct field *order; /* what can be ordered by */
	size_t order_n;
	struct str sorted; /* what lists are ordered by unless asked: `-net`; empty: not known */
	const struct field *search; /* what `search` looks at */
	size_t search_n;
	int64_t limit;	 /* objects on a page unless asked otherwise */
	uint32_t window; /* objects per stored window: as many as upstream grants */
	const struct head *heads;
	size_t heads_n;
	int64_t fresh_ms;	       /* an answer this young is given without asking upstream */
	struct fresh_rules fresh_when; /* instead, where what it says has a rule */
	int64_t stale_ms; /* beyond that, still given while a newer one is fetched or cannot be */
	int64_t skew_ms;  /* how far apart two windows of one answer may have been fetched */
	const struct str *former; /* what it was called in other versions, and is asked for */
	size_t former_n;
	/* As which its requests are counted (app/metrics.h): what it is itself, and its `{id}/`.
	 * Set before the catalog is in force. */
	uint32_t series;
	uint32_t object_series;
};

struct api {
	struct catalog *catalog; /* whose it is */
	struct str name;	 /* the table's file name without `.json`: `ll2-2.3.0` */
	struct str title;
	struct str root;     /* `/2.3.0/` */
	struct str upstream; /* base URL without a slash at its end */
	struct str budget;   /* APIs of one budget share upstream's quota */
	struct quota quota;
	bool authorized;     /* the configured key is this upstream's */
	bool pass_unknown;   /* parameters that the table does not know are passed on and keyed */
	int64_t negative_ms; /* how long upstream's 400 and 404 are believed */
	struct link_rules links;
	struct endpoint *endpoints; /* sorted by name */
	size_t endpoints_n;
	uint32_t series;	    /* likewise, of the list of endpoints at its root */
	struct str *endpoint_names; /* the same names, for nearest() */
};

struct catalog {
	atomic_int refs;
	struct api *apis;
	size_t apis_n;
	struct str description; /* of all of it, for programs: api/openapi.h */
	struct arena *memory;	/* everything above lives here */
};

struct catalog_options {
	struct str upstream; /* base URL that replaces every table's own; empty: none does */
	struct quota quota;  /* replaces the quota of the budget; calls == 0: none does */
	struct str budget;   /* empty: of every budget */
	int64_t time_scale;  /* divides every fresh, stale, skew and negative time; 1 or more */
};

struct catalog *catalog_ref(struct catalog *c);

/* Gives a reference back; the last one frees. NULL is fine. */
void catalog_unref(struct catalog *c);

const struct endpoint *api_endpoint(const struct api *api, struct str name);
const struct param *endpoint_param(const struct endpoint *endpoint, struct str name);

/* By name, for qsort() and bsearch(). */
int endpoint_cmp(const void *a, const void *b);
int param_cmp(const void *a, const void *b);

/* The endpoint that another version calls `name`, or NULL. */
const struct endpoint *api_former(const struct api *api, struct str name);

/* Where upstream tells how much of the api's budget is used: the last api of the same budget that
 * has such an endpoint, and the endpoint; NULL: nowhere. */
const struct api *api_throttle(const struct api *api, const struct endpoint **ret_endpoint);

/* Several apis may share a budget: is this one the first of its own? */
bool api_is_first_of_budget(const struct api *api);

/* Objects in the small first window of that mode; 0: there is none. */
uint32_t endpoint_head(const struct endpoint *endpoint, struct str mode);

#endif
