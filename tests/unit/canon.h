#ifndef PERIGEE_UNIT_CANON_H
#define PERIGEE_UNIT_CANON_H

/* What tests of canonical requests share: set_up() and tear_down() are a group's. */

#include "unit/catalog.h"

#include "base/limits.h"

/* One catalog and one arena for all tests. */
static struct catalog *catalog;
static struct arena *arena;
static struct canon_options options;

static int set_up(void **state)
{
	(void)state;
	catalog = test_catalog();
	options = test_canon_options();
	arena = arena_new(LIMIT_REQUEST_BYTES);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	catalog_unref(catalog);
	return 0;
}

#endif
