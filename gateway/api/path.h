#ifndef PERIGEE_API_PATH_H
#define PERIGEE_API_PATH_H

/*
 * One value in a JSON object, by the path that a table gives it:
 * `rocket.configuration.name` (api/filters.h). The object may be as upstream wrote
 * it or as it is stored, with neutral links (api/rewrite.h). Names are compared as
 * they are written: upstream escapes none.
 */

#include "api/json.h"

/*
 * The value at `path` in `object`, raw as the token has it; its kind is
 * TOKEN_ERROR where there is none: the object is not JSON, a member is missing
 * or is no object, or the path leads through an array (`[]`) or is empty. Of an
 * object or array only the kind and the first byte are given.
 */
struct json_token path_value(struct str object, struct str path);

#endif
