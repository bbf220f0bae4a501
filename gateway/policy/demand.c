#include "policy/demand.h"

#define SECOND_MS 1000

static bool is_power_of_two(uint32_t n)
{
	return (n & (n - 1)) == 0;
}

static void begin_second(struct demand *d, uint32_t second)
{
	if (second - d->second > DEMAND_FORGET_S)
		d->score = 0;
	d->second = second;
	d->asked = 0;
}

/* The first request of a second, and none is known of those before: only when it comes tells
 * anything. */
static bool is_first_worth(struct demand *d, int64_t past_ms)
{
	if (!d->score)
		return false;
	if (past_ms > DEMAND_EARLY_MS)
		d->score--;
	else if (d->score < DEMAND_SCORE)
		d->score++;
	/* So late hardly more will come in this one. */
	return d->score && past_ms < SECOND_MS - DEMAND_EARLY_MS;
}

static bool is_worth(struct demand *d, int64_t past_ms)
{
	if (d->asked * (SECOND_MS - past_ms) < DEMAND_WORTH * past_ms)
		return false;
	if (d->score < DEMAND_SCORE / 2)
		d->score = DEMAND_SCORE / 2;
	return true;
}

bool demand_ask(struct demand *d, struct wall now)
{
	uint32_t second = (uint32_t)(now.ms / SECOND_MS);
	int64_t past_ms = now.ms % SECOND_MS;

	if (second != d->second)
		begin_second(d, second);
	if (d->asked == UINT16_MAX)
		return false;
	d->asked++;
	if (d->asked == 1)
		return is_first_worth(d, past_ms);
	return is_power_of_two(d->asked) && is_worth(d, past_ms);
}
