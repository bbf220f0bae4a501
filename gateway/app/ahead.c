#include "app/ahead.h"

#include "app/fill.h"
#include "base/hash.h"
#include "policy/crawl.h"

#include <pthread.h>
#include <stdlib.h>

struct ahead {
	pthread_mutex_t lock;
	struct crawls crawls;
};

struct ahead *ahead_new(void)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (a)
		pthread_mutex_init(&a->lock, NULL);
	return a;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* Of whole lists only: what is cut at a moving bound moves itself. */
static bool is_page(const struct exchange *x, const struct lookup *found)
{
	const struct canon *c = &x->canon;

	return !c->is_object && !c->bounds.n && c->limit > 0 && found->entries[0] &&
	       found->entries[0]->kind == ENTRY_WINDOW;
}

/* The window that begins at `start`; no target: there is no memory left. */
static struct want window_at(const struct exchange *x, int64_t start)
{
	const struct canon *c = &x->canon;

	return (struct want){
		.api = c->api,
		.endpoint = c->endpoint,
		.start = start,
		.size = c->endpoint->window,
		.target = canon_page_target(c, &c->filter, c->endpoint->window, start, x->arena),
	};
}

void ahead_note(const struct gateway *gw, const struct exchange *x, const struct lookup *found)
{
	struct crawl_page page;
	struct fail ignored;
	struct want want;
	int64_t start;

	if (!gw->ahead || !is_page(x, found))
		return;
	/* By which all pages of the list are known. */
	want = window_at(x, 0);
	if (!want.target.p)
		return;
	page = (struct crawl_page){
		.key = (hash64(want.target) ^ hash64(str_from(x->client))) | 1,
		.offset = x->canon.offset,
		.limit = x->canon.limit,
		.count = found->entries[0]->count,
		.window = want.size,
	};
	pthread_mutex_lock(&gw->ahead->lock);
	start = crawl_note(&gw->ahead->crawls, &page, gw->clock->mono(gw->clock));
	pthread_mutex_unlock(&gw->ahead->lock);
	if (start < 0)
		return;
	want = window_at(x, start);
	if (want.target.p)
		fills_spare(gw->fills, &want, (struct wall){ 0 }, &ignored);
}
