#include "policy/crawl.h"

#include "api/window.h"

/* Steps after which it is a walk: three pages. One more could be a person who turns the page. */
#define STEPS_MIN 2

/* Pages that a step may leave out. */
#define PAGES_MAX 4

/* Who has not asked for so long does not walk. */
#define PAUSE_MS (10 * 60 * 1000)

/* Does the page come after the last one of this walk? */
static bool is_next(const struct crawl *c, const struct crawl_page *page)
{
	int64_t step = page->offset - c->offset;

	return step > 0 && step <= PAGES_MAX * page->limit && step % page->limit == 0;
}

static bool is_same_walk(const struct crawl *c, const struct crawl_page *page, struct mono now)
{
	return c->key == page->key && c->limit == page->limit && now.ms - c->seen.ms <= PAUSE_MS;
}

/* Is the end of the window so near that the next one will soon be needed? */
static bool is_near(const struct crawl_page *page, int64_t next)
{
	int64_t left = next - (page->offset + page->limit);

	return left <= page->limit || left <= page->window / 4;
}

int64_t crawl_note(struct crawls *c, const struct crawl_page *page, struct mono now)
{
	struct crawl *walk = &c->list[page->key % CRAWLS];
	bool same = is_same_walk(walk, page, now);
	int64_t next;

	if (same && page->offset == walk->offset)
		return -1;
	if (!same || !is_next(walk, page)) {
		*walk = (struct crawl){ .key = page->key };
	} else {
		walk->steps++;
	}
	walk->offset = page->offset;
	walk->limit = page->limit;
	walk->seen = now;
	next = window_start(page->offset + page->limit - 1, page->window) + page->window;
	if (walk->steps < STEPS_MIN || next >= page->count || next <= walk->named ||
	    !is_near(page, next))
		return -1;
	walk->named = next;
	return next;
}
