#ifndef PERIGEE_UNIT_CATALOG_H
#define PERIGEE_UNIT_CATALOG_H

/*
 * The endpoint table of these tests: tests/unit/apis/, which stays as it is when
 * conf/apis/ grows.
 */

#include "unit/test.h"

#include "api/canon.h"
#include "api/load.h"

static inline void report_to_test(void *ctx, const char *file, int line, const char *key,
				  const char *what)
{
	(void)ctx;
	print_error("%s:%d: %s: %s\n", file, line, key, what);
}

static inline struct catalog *test_catalog(void)
{
	const struct catalog_options options = { .time_scale = 1 };
	struct catalog *c = catalog_load("tests/unit/apis", &options, report_to_test, NULL);

	if (!c)
		fail_msg(
			"tests/unit/apis cannot be loaded (run it from the top of the repository)");
	return c;
}

/* What is ignored as it is by default. */
static inline struct canon_options test_canon_options(void)
{
	static const struct str ignored[] = { STR("_"), STR("cb"), STR("utm_*") };

	return (struct canon_options){ .ignored = ignored, .ignored_n = COUNT(ignored) };
}

#endif
