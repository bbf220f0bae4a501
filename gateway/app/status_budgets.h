#ifndef PERIGEE_APP_STATUS_BUDGETS_H
#define PERIGEE_APP_STATUS_BUDGETS_H

/* The budgets of upstream calls, for the status page. */

#include <jansson.h>

#include "app/status_view.h"
#include "policy/outlook.h"

/* Of budgets with a shorter window Redis keeps no hour of calls. */
#define STATUS_CALLS_FROM_MS 600000

/* `budgets[]` of app/status_state.h, and in *ret the one that is worst off. `known`: the store
 * answers. */
json_t *status_budgets(const struct status_view *v, struct wall now, bool known,
		       struct supply *ret);

#endif
