#include "io/sysclock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct mono read_mono(const struct clock *clock)
{
	(void)clock;
	return (struct mono){ read_ms(CLOCK_MONOTONIC) };
}

static struct wall read_wall(const struct clock *clock)
{
	(void)clock;
	return (struct wall){ read_ms(CLOCK_REALTIME) };
}

static int64_t read_us(const struct clock *clock)
{
	struct timespec t;

	(void)clock;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

const struct clock sysclock = { .mono = read_mono, .wall = read_wall, .us = read_us };
