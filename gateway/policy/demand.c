#include "policy/demand.h"

#define SECOND_MS 1000

static bool is_power_of_two(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

bool demand_ask(struct demand *d, struct wall now)
{
	uint32_t second = (uint32_t)(now.ms / SECOND_MS);
	int64_t past_ms = now.ms % SECOND_MS;
	uint32_t passed = second - d->second;

	if (passed) {
		d->second = second;
		d->asked = 0;
	}
	d->asked++;
	/* (A clock that was set back is far ahead.) */
	return passed <= DEMAND_FORGET_S && is_power_of_two(d->asked) &&
	       d->asked * (SECOND_MS - past_ms) >= DEMAND_WORTH * past_ms;
}
