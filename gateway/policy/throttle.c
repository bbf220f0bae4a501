#include "policy/throttle.h"

#include <jansson.h>

/* More than any plan grants, and what Redis can well keep. */
#define CALLS_MAX   1000000
#define SECONDS_MAX (366.0 * 24 * 3600)

/* The number `name`, whole or not, from `least` to `most`. */
static bool number(const json_t *object, const char *name, double least, double most, double *ret)
{
	const json_t *value = json_object_get(object, name);

	*ret = json_number_value(value);
	return json_is_number(value) && *ret >= least && *ret <= most;
}

static int64_t up_to_ms(double seconds)
{
	return (int64_t)(seconds * 1000 + 0.999);
}

/* More cannot be used than there is. */
static uint32_t up_to(double used, uint32_t limit)
{
	return used < limit ? (uint32_t)(used + 0.999) : limit;
}

bool throttle_read(struct str body, struct count *ret)
{
	json_t *object = json_loadb(body.p, body.n, 0, NULL);
	double limit;
	double window_s;
	double used;
	double wait_s;
	bool read = number(object, "your_request_limit", 1, CALLS_MAX, &limit) &&
		    number(object, "limit_frequency_secs", 0.001, SECONDS_MAX, &window_s) &&
		    number(object, "current_use", 0, 1e9, &used);

	if (read) {
		/* Below 0 has been seen: it is free now. */
		if (!number(object, "next_use_secs", 0, SECONDS_MAX, &wait_s))
			wait_s = 0;
		ret->quota = (struct quota){ (uint32_t)limit, up_to_ms(window_s) };
		ret->used = up_to(used, ret->quota.calls);
		ret->wait_ms = up_to_ms(wait_s);
	}
	json_decref(object);
	return read;
}
