#include "policy/agree.h"

#include "api/window.h"

bool agree(const struct entry *a, const struct entry *b, int64_t skew_ms)
{
	const struct entry *newer = a->fetched.ms > b->fetched.ms ? a : b;
	int64_t apart_ms = newer->fetched.ms - (newer == a ? b : a)->fetched.ms;

	if (a->count != b->count)
		return a->again && b->again;
	if (apart_ms > skew_ms || window_ids_overlap(a->ids, b->ids))
		return newer->again;
	return true;
}
