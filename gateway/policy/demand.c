#include "policy/demand.h"

#define SECOND_MS 1000

static struct demand in_second(const struct demand *d, uint32_t second)
{
	if (d->second == second)
		return *d;
	return (struct demand){ .second = second,
				.given_before = d->given && d->second + 1 == second };
}

static bool is_power_of_two(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

bool demand_ask(struct demand *d, struct wall now)
{
	int64_t past_ms = now.ms % SECOND_MS;
	bool give;

	*d = in_second(d, (uint32_t)(now.ms / SECOND_MS));
	if (d->asked == UINT16_MAX)
		return false;
	d->asked++;
	give = is_power_of_two(d->asked) && (d->asked >= DEMAND_WORTH || d->given_before) &&
	       d->asked * (SECOND_MS - past_ms) >= DEMAND_WORTH * past_ms;
	d->given |= give;
	return give;
}
