#ifndef PERIGEE_APP_GATEWAY_H
#define PERIGEE_APP_GATEWAY_H

/*
 * What the whole process shares, built once in main() and read-only after that;
 * the tables, the fills, the memory, the press and the scrape have locks of their own.
 */

#include <stdatomic.h>

#include "api/canon.h"
#include "app/config.h"
#include "http/bases.h"
#include "policy/ports.h"

struct fills;
struct memory;
struct origin_switch;
struct metrics;
struct press;
struct scrape;
struct tables;

struct gateway {
	const struct config *config;
	struct tables *tables;
	struct canon_options canon;
	struct bases bases;
	int64_t time_step_us; /* grid of bounds of time that cannot be cut to; 0: they stay */
	const struct clock *clock;
	struct fills *fills;
	struct memory *memory;
	struct press *press;
	struct origin_switch *origin; /* how much upstream may be asked now */
	struct metrics *metrics;
	struct scrape *scrape;
	atomic_bool stopping; /* answers go out, nothing new is accepted */
};

#endif
