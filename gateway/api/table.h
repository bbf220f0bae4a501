#ifndef PERIGEE_API_TABLE_H
#define PERIGEE_API_TABLE_H

/*
 * One endpoint table, from JSON to struct api. The format is described in
 * conf/apis/README.md; api/catalog.h is what the rest of the gateway uses.
 */

#include "api/catalog.h"

/* Reads the table into *ret, which lives in the reader's arena. Faults are reported to the reader,
 * which has `failed` then. */
void table_read(struct reader *r, const char *name, const struct catalog_options *options,
		struct api *ret);

#endif
