#include "policy/repeat.h"

#include <stdio.h>

static bool is_over(const struct repeat *kind, struct mono now)
{
	return now.ms - kind->since.ms >= REPEAT_MS;
}

static bool is_kind(const struct repeat *kind, const char *event, const char *reason)
{
	return kind->event[0] && strncmp(kind->event, event, REPEAT_EVENT_BYTES - 1) == 0 &&
	       strncmp(kind->reason, reason, REPEAT_REASON_BYTES - 1) == 0;
}

/* Its place; else one that is free, or whose time is over with nothing left to tell; else NULL. */
static struct repeat *place_for(struct repeats *r, const char *event, const char *reason,
				struct mono now)
{
	struct repeat *free = NULL;

	for (size_t i = 0; i < REPEAT_KINDS; i++) {
		struct repeat *kind = &r->kinds[i];

		if (is_kind(kind, event, reason))
			return kind;
		if (!kind->event[0] || (!kind->held && is_over(kind, now)))
			free = kind;
	}
	if (free)
		free->event[0] = '\0';
	return free;
}

bool repeats_allow(struct repeats *r, const char *event, const char *reason, int level,
		   struct mono now)
{
	struct repeat *kind = place_for(r, event, reason, now);

	if (!kind || !event[0])
		return true;
	if (!kind->event[0] || is_over(kind, now)) {
		*kind = (struct repeat){ .level = level, .since = now };
		snprintf(kind->event, sizeof(kind->event), "%s", event);
		snprintf(kind->reason, sizeof(kind->reason), "%s", reason);
	}
	if (level < kind->level)
		kind->level = level;
	if (kind->seen++ < REPEAT_FREE)
		return true;
	kind->held++;
	return false;
}

bool repeats_take(struct repeats *r, struct mono now, bool all, struct repeat *ret)
{
	for (size_t i = 0; i < REPEAT_KINDS; i++) {
		struct repeat *kind = &r->kinds[i];

		if (!kind->event[0] || !kind->held || !(all || is_over(kind, now)))
			continue;
		*ret = *kind;
		kind->event[0] = '\0';
		return true;
	}
	return false;
}
