#ifndef PERIGEE_APP_REPORT_H
#define PERIGEE_APP_REPORT_H

/* What is told of a request when its answer is there: it is counted (app/metrics.h) and
 * logged. Once for each. */

#include "app/exchange.h"
#include "app/gateway.h"

/* Will it have a line? Then x->cause and x->address have to be there. */
bool report_has_line(const struct gateway *gw, const struct exchange *x);

void report(const struct gateway *gw, const struct exchange *x);

#endif
