#ifndef PERIGEE_POLICY_WARM_LIST_H
#define PERIGEE_POLICY_WARM_LIST_H

/*
 * The list of what is to be kept fresh, as an operator writes it: a request target
 * a line, as clients would ask for it; `#` begins a comment line.
 *
 *     # the front page of the app
 *     /2.3.0/launches/upcoming/?limit=10&mode=detailed
 *     /2.3.0/spacecraft/430/
 *
 * A line that would be refused to a client is refused here, with the reason. Pure.
 */

#include "api/canon.h"

#define WARM_LINES_MAX	500
#define WARM_FILE_BYTES (1024UL * 1024)

/* Read-only; it owns its targets. */
struct warm_list {
	struct str *targets; /* canonical, each once */
	size_t n;
	struct arena *memory;
};

/* Receives one fault: the line, and what is wrong with it. */
typedef void warm_report(void *ctx, int line, const char *what);

/* Reports every fault, and returns NULL if there was one, or without memory. */
struct warm_list *warm_list_read(struct str text, const struct catalog *catalog,
				 const struct canon_options *options, warm_report *report,
				 void *ctx);

/* NULL is fine. */
void warm_list_free(struct warm_list *list);

#endif
