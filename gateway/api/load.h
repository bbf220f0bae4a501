#ifndef PERIGEE_API_LOAD_H
#define PERIGEE_API_LOAD_H

/*
 * Loading a catalog: all tables of a folder, and what has to hold between them.
 */

#include "api/catalog.h"

/*
 * Loads every *.json of the folder, in the order of their names. Reports every
 * fault of every file, and returns NULL if there was one (or no table at all).
 */
struct catalog *catalog_load(const char *folder, const struct catalog_options *options,
			     reader_report *report, void *ctx);

/* The same from memory: n tables, each a name and its JSON text. */
struct catalog_table {
	const char *name; /* `ll2-2.3.0` */
	const char *file; /* for reports */
	struct str text;
};
struct catalog *catalog_read(const struct catalog_table *tables, size_t n,
			     const struct catalog_options *options, reader_report *report,
			     void *ctx);

#endif
