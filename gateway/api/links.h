#ifndef PERIGEE_API_LINKS_H
#define PERIGEE_API_LINKS_H

/*
 * `next` and `previous` as DRF's LimitOffsetPagination writes them (rest_framework
 * pagination.py and utils/urls.py): the client's own parameters sorted by name,
 * the effective limit, `offset` left out at 0, form encoding. Only `format`, which
 * changes nothing here, and ignored parameters are not carried over.
 */

#include "api/canon.h"

struct links {
	struct str next;     /* path?query; p == NULL when there is none */
	struct str previous; /* likewise */
	struct str first;
	struct str last;
};

/* The links of a page of c, a list of `count` objects. False if the arena is exhausted. */
bool links_make(const struct canon *c, int64_t count, struct arena *a, struct links *ret);

#endif
