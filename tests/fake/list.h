#ifndef PERIGEE_FAKE_LIST_H
#define PERIGEE_FAKE_LIST_H

/*
 * A list as Launch Library answers it, for fake_origin's script: objects with
 * the ids first_id, first_id + 1, ..., in windows of whatever limit and offset
 * are asked. A test may change it between calls.
 */

#include <stdatomic.h>

#include "fake/origin.h"

struct fake_list {
	_Atomic int64_t count;
	_Atomic int64_t first_id;
	atomic_int version; /* stands in every object: which answer it came from */
	/* instead of a page, once for each of `failures` calls */
	atomic_int failures;
	atomic_int status; /* 0: no answer at all */
	_Atomic int64_t retry_after_s;
};

/* A fake_script; ctx is the list. */
struct reply fake_list_script(void *ctx, struct str target);

/* The page for limit and offset, as upstream would write it but for its links. */
void fake_list_put(const struct fake_list *list, int64_t limit, int64_t offset, struct buf *to);

#endif
