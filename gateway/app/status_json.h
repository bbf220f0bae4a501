#ifndef PERIGEE_APP_STATUS_JSON_H
#define PERIGEE_APP_STATUS_JSON_H

/* Values of the status page's JSON (app/status_state.h); references are the caller's. */

#include <jansson.h>
#include <stdint.h>

#include "base/str.h"

/* What is no UTF-8 is said to be none. */
json_t *status_text(struct str s);

/* ms since 1970; 0 is none, and null. */
json_t *status_moment(int64_t ms);

json_t *status_number(uint64_t n);

#endif
