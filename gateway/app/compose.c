#include "app/compose.h"

#include "api/rewrite.h"
#include "api/window.h"

/* Windows that do not agree are answered from only in need; then the newest one knows. */
static const struct entry *newest(const struct lookup *found)
{
	const struct entry *e = found->entries[0];

	for (size_t i = 1; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fetched.ms > e->fetched.ms)
			e = found->entries[i];
	return e;
}

static void put_link_member(struct buf *b, struct str name, struct str base, struct str link)
{
	buf_put(b, name);
	if (!link.p) {
		buf_put(b, STR("null"));
		return;
	}
	/* Bases and form encoding hold nothing that JSON must escape. */
	buf_put_char(b, '"');
	buf_put(b, base);
	buf_put(b, link);
	buf_put_char(b, '"');
}

/* The part of the page that lies in the window which begins at `start`. */
static struct str slice_of(const struct entry *e, int64_t start, struct span page)
{
	int64_t from = page.from - start;
	int64_t to = page.to - start;

	if (from < 0)
		from = 0;
	if (to > e->n)
		to = e->n;
	return from < to ? entry_slice(e, (uint32_t)from, (uint32_t)to) : (struct str){ NULL, 0 };
}

/* Results, with commas between them. */
struct results {
	struct exchange *x;
	struct str base;
	bool begun;
};

static void put_results(struct results *r, struct str objects)
{
	if (!objects.n)
		return;
	if (r->begun)
		buf_put_char(&r->x->body, ',');
	r->begun = true;
	rewrite_put(&r->x->body, objects, r->base, r->x->canon.api->root);
}

/* Cuts the page out of the windows; of the first one only the kept objects, where some are. */
static void put_cut(struct results *r, const struct lookup *found, struct span page)
{
	const struct cut *cut = &found->cut;

	if (cut->kept) {
		for (int64_t i = page.from; i < page.to; i++)
			put_results(r,
				    entry_slice(found->entries[0], cut->kept[i], cut->kept[i] + 1));
		return;
	}
	for (size_t i = 0; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		put_results(r, slice_of(found->entries[i], found->wants[i].start, page));
}

bool compose_page(struct exchange *x, const struct lookup *found, struct str base,
		  struct links *ret_links)
{
	const struct canon *c = &x->canon;
	int64_t asked = newest(found)->count;
	int64_t count = cut_count(&found->cut, asked);
	struct results results = { .x = x, .base = base };
	struct buf *b = &x->body;

	if (!links_make(c, count, x->arena, ret_links))
		return false;
	buf_put(b, STR("{\"count\":"));
	buf_put_u64(b, (uint64_t)count);
	put_link_member(b, STR(",\"next\":"), base, ret_links->next);
	put_link_member(b, STR(",\"previous\":"), base, ret_links->previous);
	buf_put(b, STR(",\"results\":["));
	put_cut(&results, found, cut_page(&found->cut, c->offset, c->limit, asked));
	buf_put(b, STR("]}"));
	return true;
}
