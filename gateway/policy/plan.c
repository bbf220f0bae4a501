#include "policy/plan.h"

enum plan plan_choose(const struct situation *s)
{
	bool answers = s->state != ENTRY_ABSENT;
	bool can_fetch = s->may_fetch && !s->fetch_failed && s->mode != MODE_NEVER;

	if (s->state == ENTRY_FRESH && s->agrees)
		return PLAN_HIT;
	if (answers && s->mode == MODE_AVOID)
		return PLAN_LAST_GOOD;
	if (s->state == ENTRY_STALE && s->agrees)
		return can_fetch ? PLAN_STALE : PLAN_LAST_GOOD;
	if (can_fetch)
		return PLAN_FETCH;
	return answers ? PLAN_LAST_GOOD : PLAN_REFUSE;
}
