#include "app/fill_look.h"

#include "app/fill_state.h"

#include <stdio.h>

struct fill_report fills_look(struct fills *f, struct str target)
{
	struct fill_report report = { .known = false };
	const struct fill *fill;

	pthread_mutex_lock(&f->lock);
	fill = fill_table_find(&f->table, target);
	if (fill) {
		report = (struct fill_report){ .known = true,
					       .under_way = fill->stage != FILL_FAILED,
					       .calling = fill->calling,
					       .class = fill->class };
		for (const struct exchange *x = fill->waiters; x; x = x->next)
			report.waiters++;
		if (!report.under_way)
			report.failure = fill_failure(fill, f->clock->mono(f->clock));
	}
	pthread_mutex_unlock(&f->lock);
	return report;
}

struct fills_stats fills_stats(struct fills *f)
{
	struct fills_stats stats = { .calling = 0 };

	pthread_mutex_lock(&f->lock);
	for (const struct fill *fill = f->table.active; fill; fill = fill->next)
		*(fill->calling ? &stats.calling : &stats.queued) += 1;
	stats.waiting = f->table.waiting;
	pthread_mutex_unlock(&f->lock);
	return stats;
}

static void show(const struct fill *fill, struct fill_shown *ret)
{
	size_t waiting = 0;

	for (const struct exchange *x = fill->waiters; x; x = x->next)
		waiting++;
	*ret = (struct fill_shown){ .class = fill->class,
				    .calling = fill->calling,
				    .waiting = waiting };
	snprintf(ret->target, sizeof(ret->target), "%.*s", STR_ARG(fill->want.target));
}

size_t fills_show(struct fills *f, struct fill_shown *ret, size_t n)
{
	size_t shown = 0;
	size_t all = 0;

	pthread_mutex_lock(&f->lock);
	for (int calling = 1; calling >= 0; calling--) {
		for (const struct fill *fill = f->table.active; fill; fill = fill->next) {
			if (fill->calling != calling)
				continue;
			all++;
			if (shown < n)
				show(fill, &ret[shown++]);
		}
	}
	pthread_mutex_unlock(&f->lock);
	return all;
}
