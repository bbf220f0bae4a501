#include "fake/clock.h"

static struct mono read_mono(const struct clock *clock)
{
	return (struct mono){ ((const struct fake_clock *)clock)->mono_ms };
}

static struct wall read_wall(const struct clock *clock)
{
	return (struct wall){ ((const struct fake_clock *)clock)->wall_ms };
}

static int64_t read_us(const struct clock *clock)
{
	return read_mono(clock).ms * 1000;
}

void fake_clock_init(struct fake_clock *c)
{
	c->clock = (struct clock){ .mono = read_mono, .wall = read_wall, .us = read_us };
	c->mono_ms = 5000;
	c->wall_ms = 1795468800000;
}

void fake_clock_advance(struct fake_clock *c, int64_t ms)
{
	c->mono_ms += ms;
	c->wall_ms += ms;
}
