#ifndef PERIGEE_API_PAGE_H
#define PERIGEE_API_PAGE_H

/*
 * Reading upstream's bodies: a list page (`{"count", "next", "previous",
 * "results"}`, DRF's LimitOffsetPagination) or one object.
 *
 * The objects come out as the bytes that upstream wrote, links made neutral
 * (api/rewrite.h) and nothing else touched. Those of a page are joined by
 * commas in one run, so that any slice of the page is one piece of memory.
 */

#include "api/rewrite.h"
#include "base/fault.h"
#include "base/limits.h"

struct page {
	int64_t count;			     /* as upstream counted: objects in the whole list */
	uint32_t n;			     /* objects on this page */
	uint32_t ends[LIMIT_WINDOW_OBJECTS]; /* object i ends here in the run, before its comma */
	/* The id of each object as JSON, empty if it has none. Views of the text that was read. */
	struct str ids[LIMIT_WINDOW_OBJECTS];
};

/*
 * Reads the list page `text`; appends its objects to *objects. Members beside
 * the four are passed over. Fails with UPSTREAM_GARBAGE when the text is not
 * JSON, not such a page, or holds a result that is no object.
 */
bool page_read(struct str text, const struct link_rules *rules, struct page *ret,
	       struct buf *objects, struct fail *reterr);

/* Reads `text`, which must be one JSON object, and appends it to *object. *ret_id is its id as
 * JSON, a view of the text, empty if it has none. Fails likewise. */
bool page_read_object(struct str text, const struct link_rules *rules, struct buf *object,
		      struct str *ret_id, struct fail *reterr);

#endif
