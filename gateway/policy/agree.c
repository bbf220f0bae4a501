#include "policy/agree.h"

#include "api/window.h"

bool agree(const struct entry *a, const struct entry *b, int64_t skew_ms)
{
	int64_t apart = a->fetched.ms - b->fetched.ms;

	if (a->count != b->count)
		return false;
	if (apart > skew_ms || -apart > skew_ms)
		return false;
	return !window_ids_overlap(a->ids, b->ids);
}
