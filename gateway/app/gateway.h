#ifndef PERIGEE_APP_GATEWAY_H
#define PERIGEE_APP_GATEWAY_H

/*
 * What the whole process shares, built once in main() and read-only after that;
 * the tables, the fills, the memory, the answers, the tops, the scrape and the status have locks
 * of their own.
 */

#include <stdatomic.h>

#include "api/canon.h"
#include "app/config.h"
#include "app/pulse.h"
#include "http/bases.h"
#include "policy/ports.h"

struct answers;
struct fills;
struct identities;
struct memory;
struct metrics;
struct origin_switch;
struct scrape;
struct status;
struct tables;
struct tops;

struct gateway {
	const struct config *config;
	struct tables *tables;
	struct canon_options canon;
	struct bases bases;
	int64_t time_step_us; /* grid of bounds of time that cannot be cut to; 0: they stay */
	const struct clock *clock;
	struct fills *fills;
	struct memory *memory;
	struct answers *answers;
	struct tops *tops;
	struct metrics *metrics;
	struct scrape *scrape;
	struct status *status;
	const struct identities *identities; /* who calls upstream; NULL: one without a key */
	struct origin_switch *origin;	     /* how much upstream may be asked now */
	struct pulses pulses;		     /* of the threads that serve */
	atomic_bool stopping;		     /* answers go out, nothing new is accepted */
};

#endif
