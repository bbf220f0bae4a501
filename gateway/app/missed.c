#include "app/missed.h"

#include "app/memory.h"
#include "io/log.h"
#include "io/purges.h"

/* News that were on their way when the feed broke, and clocks that do not run alike. */
#define MARGIN_MS 2000

struct missed {
	struct memory *memory;
	uint64_t purges;
};

static void make_good(void *ctx, const struct purge *p)
{
	struct missed *m = ctx;

	memory_purge(m->memory, p);
	m->purges++;
}

bool missed_make_good(const struct gateway *gw, struct redis *r, struct str prefix,
		      struct mono since)
{
	/* Of longer ago nobody knows what was purged. */
	const struct purge all = { .mode = PURGE_INVALIDATE, .scope = PURGE_ALL };
	int64_t silent_ms = gw->clock->mono(gw->clock).ms - since.ms;
	struct missed m = { .memory = gw->memory };

	memory_doubt_all(gw->memory);
	if (silent_ms > PURGES_TOLD_MS)
		make_good(&m, &all);
	if (!purges_told(r, prefix, mono_after(since, -MARGIN_MS), make_good, &m))
		return false;
	if (m.purges)
		log_line(LOG_INFO, "purges_missed", "silent_ms=%lld purges=%llu",
			 (long long)silent_ms, (unsigned long long)m.purges);
	return true;
}
