#include "app/behind.h"

#include "app/fill.h"

/* Is the entry old, or there only in the place of another that is wanted? */
static bool is_outdated(const struct entry *e, const struct want *want, struct wall now)
{
	return entry_state(e, now) == ENTRY_STALE || !str_eq(e->target, want->target);
}

void refresh_behind(const struct gateway *gw, const struct lookup *found)
{
	struct wall now = gw->clock->wall(gw->clock);
	struct fail ignored;

	for (size_t i = 0; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (is_outdated(found->entries[i], &found->wants[i], now))
			fills_join(gw->fills, &found->wants[i], found->entries[i]->fetched, NULL,
				   &ignored);
}

void fetch_behind(const struct gateway *gw, const struct lookup *found)
{
	struct fail ignored;

	fills_join(gw->fills, &found->wants[found->wanted], found->newer_than, NULL, &ignored);
}
