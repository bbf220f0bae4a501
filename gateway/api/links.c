#include "api/links.h"

static struct str link_to(const struct canon *c, int64_t offset, struct arena *a)
{
	return canon_page_target(c, &c->echo, c->limit, offset, a);
}

bool links_make(const struct canon *c, int64_t count, struct arena *a, struct links *ret)
{
	bool has_next = c->offset + c->limit < count;
	bool has_previous = c->offset > 0;
	int64_t last = count > 0 ? (count - 1) / c->limit * c->limit : 0;
	struct links links = { .first = link_to(c, 0, a), .last = link_to(c, last, a) };

	if (has_next)
		links.next = link_to(c, c->offset + c->limit, a);
	if (has_previous)
		links.previous = link_to(c, c->offset - c->limit, a);
	*ret = links;
	return links.first.p && links.last.p && (!has_next || links.next.p) &&
	       (!has_previous || links.previous.p);
}
