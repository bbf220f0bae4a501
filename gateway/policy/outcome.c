#include "policy/outcome.h"

enum counted outcome_counted(const struct reply *reply)
{
	if (reply->fault == FAULT_NONE)
		return reply->status == 429 ? COUNTED_NO : COUNTED_YES;
	/* It may still be on its way, and be counted when it arrives. */
	return reply->reached ? COUNTED_PERHAPS : COUNTED_NO;
}

bool outcome_is_answer(const struct reply *reply)
{
	return reply->fault == FAULT_NONE && reply->status < 500;
}

bool outcome_is_locked_out(const struct reply *reply)
{
	return reply->fault == FAULT_NONE && (reply->status == 401 || reply->status == 403);
}
