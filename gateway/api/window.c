#include "api/window.h"

int64_t window_start(int64_t at, uint32_t size)
{
	return at / size * size;
}

struct span window_page(int64_t offset, int64_t limit, int64_t count)
{
	struct span page = { offset, offset + limit };

	if (page.to > count)
		page.to = count;
	if (page.from > page.to)
		page.from = page.to;
	return page;
}

uint32_t window_expected(int64_t start, uint32_t size, int64_t count)
{
	struct span page = window_page(start, size, count);

	return (uint32_t)(page.to - page.from);
}

bool window_ids_overlap(struct str a, struct str b)
{
	/* A hundred ids against a hundred, once per answer that spans two windows. */
	while (a.n) {
		struct str id = str_cut(&a, ',');
		struct str rest = b;

		while (id.n && rest.n)
			if (str_eq(str_cut(&rest, ','), id))
				return true;
	}
	return false;
}
