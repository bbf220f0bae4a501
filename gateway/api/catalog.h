#ifndef PERIGEE_API_CATALOG_H
#define PERIGEE_API_CATALOG_H

/*
 * What there is to ask: the APIs behind the gateway, their endpoints, and what
 * each endpoint accepts. Loaded from conf/apis/ (see its README for the
 * format), checked whole before anything is served, read-only after that.
 */

#include "api/rewrite.h"
#include "api/value.h"
#include "base/arena.h"
#include "base/units.h"

/* Where limit, offset and format stand among an endpoint's parameters is decided by their type. */
struct param {
	struct str name;
	struct value_rule rule;
};

struct endpoint {
	struct str
		name; /* path below the root, without slashes at its ends: `dashboard/starship` */
	bool has_objects; /* `{name}/{id}/` is answered too */
	struct str
		detail_mode;  /* the mode that objects have unless asked otherwise; may be empty */
	struct param *params; /* sorted by name */
	size_t params_n;
	struct str *param_names; /* the same names, for nearest() */
	int64_t limit;		 /* objects on a page unless asked otherwise */
	uint32_t window;	 /* objects per stored window: as many as upstream grants */
	int64_t fresh_ms;	 /* an answer this young is given without asking upstream */
	int64_t stale_ms; /* beyond that, still given while a newer one is fetched or cannot be */
	int64_t skew_ms;  /* how far apart two windows of one answer may have been fetched */
};

struct api {
	struct str name; /* the table's file name without `.json`: `ll2-2.3.0` */
	struct str title;
	struct str root;     /* `/2.3.0/` */
	struct str upstream; /* base URL without a slash at its end */
	struct str budget;   /* APIs of one budget share upstream's quota */
	struct quota quota;
	int64_t negative_ms; /* how long upstream's 400 and 404 are believed */
	struct link_rules links;
	struct endpoint *endpoints; /* sorted by name */
	size_t endpoints_n;
	struct str *endpoint_names; /* the same names, for nearest() */
};

struct catalog {
	struct api *apis;
	size_t apis_n;
	struct arena *memory; /* everything above lives here */
};

/* Receives one fault of a table: the file, the key (`endpoints.spacecraft.fresh`), what is wrong.
 */
typedef void catalog_report(void *ctx, const char *file, const char *key, const char *what);

struct catalog_options {
	struct str upstream; /* base URL that replaces every table's own; empty: none does */
	struct quota quota;  /* likewise; calls == 0: none */
	int64_t time_scale;  /* divides every fresh, stale, skew and negative time; 1 or more */
};

/*
 * Loads every *.json of the folder, in the order of their names. Reports every
 * fault of every file, and returns NULL if there was one (or no table at all).
 */
struct catalog *catalog_load(const char *folder, const struct catalog_options *options,
			     catalog_report *report, void *ctx);

/* The same from memory: n tables, each a name and its JSON text. */
struct catalog_table {
	const char *name; /* `ll2-2.3.0` */
	const char *file; /* for reports */
	struct str text;
};
struct catalog *catalog_read(const struct catalog_table *tables, size_t n,
			     const struct catalog_options *options, catalog_report *report,
			     void *ctx);

void catalog_free(struct catalog *c);

const struct endpoint *api_endpoint(const struct api *api, struct str name);
const struct param *endpoint_param(const struct endpoint *endpoint, struct str name);

#endif
