#ifndef PERIGEE_APP_TABLES_H
#define PERIGEE_APP_TABLES_H

/*
 * The endpoint tables in force. Any thread takes the catalog of the moment and
 * keeps it as long as it likes; another one can be put in its place at any time.
 */

#include "api/catalog.h"

struct tables;

/* `catalog` becomes its own. NULL without memory. */
struct tables *tables_new(struct catalog *catalog);
void tables_free(struct tables *t);

/* The catalog of the moment: a reference, which the caller gives back (catalog_unref). */
struct catalog *tables_take(struct tables *t);

/* `catalog` becomes its own, and what tables_take() gives from here on. */
void tables_replace(struct tables *t, struct catalog *catalog);

#endif
