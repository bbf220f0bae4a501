#ifndef PERIGEE_APP_FILL_OPTIONS_H
#define PERIGEE_APP_FILL_OPTIONS_H

/* What fills are built with: by the settings, for app/fill.h. */

#include "app/exchange.h"
#include "app/metrics.h"
#include "app/origin.h"
#include "app/permit.h"
#include "app/pulse.h"

struct fills_options {
	int64_t wait_ms; /* a waiter's patience, from its arrival */
	size_t waiting_max;
	int64_t retry_ms;
	struct permit_options permit;
	struct metrics *metrics;	    /* where calls are counted */
	const struct origin_switch *origin; /* how much upstream may be asked; NULL: as it likes */
	struct pulses *pulses; /* where the thread shows that it lives; NULL: nowhere */
};

/* Called in the fills' thread with an exchange whose news is in; it is the callee's from then. */
typedef void fills_resume(void *ctx, struct exchange *x);

#endif
