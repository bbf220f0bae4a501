/*
 * Prints the key of each request target that it reads, a line for a line:
 *
 *   keys <targets >keys                     from the top of the repository
 *
 *   /2.3.0/spacecraft/?limit=10&status=07   ok<TAB>/2.3.0/spacecraft/?status=7
 *   /2.3.0/spacecraft/?orderng=id           invalid-parameters<TAB>orderng: there is ...
 *
 * The tables are those of conf/apis, the ignored parameters those of the fuzz targets.
 */
#include "api/canon.h"
#include "api/load.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

static void say(void *ctx, const char *file, int line, const char *key, const char *what)
{
	(void)ctx;
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, key, what);
}

static void print_refusal(const struct refusal *r)
{
	printf("%s", fault_word(r->fail.fault));
	for (size_t i = 0; i < r->faults_n; i++)
		printf("\t%.*s: %s", STR_ARG(r->faults[i].name), r->faults[i].reason);
	putchar('\n');
}

int main(void)
{
	static const struct str ignored[] = { STR("_"), STR("cb"), STR("utm_*") };
	const struct catalog_options catalog_options = { .time_scale = 1 };
	const struct canon_options options = { .ignored = ignored,
					       .ignored_n = sizeof(ignored) / sizeof(ignored[0]) };
	struct catalog *catalog = catalog_load("conf/apis", &catalog_options, say, NULL);
	struct arena *arena = arena_new(LIMIT_REQUEST_BYTES);
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	if (!catalog || !arena)
		return 1;
	while ((n = getline(&line, &size, stdin)) > 0) {
		struct str target = { line, (size_t)n - (line[n - 1] == '\n') };
		struct refusal refusal;
		struct canon c;

		if (canon_request(catalog, &options, target, arena, &c, &refusal))
			printf("ok\t%.*s\n", STR_ARG(c.target));
		else
			print_refusal(&refusal);
		arena_reset(arena);
	}
	free(line);
	arena_free(arena);
	catalog_unref(catalog);
	return 0;
}
