#ifndef PERIGEE_APP_STATUS_BOARD_H
#define PERIGEE_APP_STATUS_BOARD_H

/* What workers have written onto their boards (app/boards.h), for the status page. */

#include <jansson.h>

#include "app/status_view.h"

/* Adds `fills`, `fills_all`, `wanted` and `slowest` of app/status_state.h to o; nothing without
 * memory. */
void status_put_board(const struct status_view *v, json_t *o);

#endif
