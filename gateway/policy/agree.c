#include "policy/agree.h"

#include "api/window.h"

bool agree(const struct entry *a, const struct entry *b, int64_t skew_ms)
{
	int64_t apart_ms = a->fetched.ms - b->fetched.ms;
	/* Has the newer one (at the same moment: one of them) been tried again already? */
	bool tried = (apart_ms >= 0 && a->again) || (apart_ms <= 0 && b->again);

	if (a->count != b->count)
		return a->again && b->again;
	if (apart_ms <= skew_ms && -apart_ms <= skew_ms && !window_ids_overlap(a->ids, b->ids))
		return true;
	return tried;
}
