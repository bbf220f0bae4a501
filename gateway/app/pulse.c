#include "app/pulse.h"

#include <stddef.h>

struct pulse *pulse_new(struct pulses *pulses)
{
	unsigned int i = pulses ? atomic_fetch_add(&pulses->n, 1) : PULSES_MAX;

	return i < PULSES_MAX ? &pulses->list[i] : NULL;
}

void pulse_begin(struct pulse *p, struct mono now)
{
	if (p)
		atomic_store_explicit(&p->busy_since, now.ms, memory_order_relaxed);
}

void pulse_end(struct pulse *p)
{
	if (p)
		atomic_store_explicit(&p->busy_since, 0, memory_order_relaxed);
}

bool pulses_beat(const struct pulses *pulses, struct mono since)
{
	for (size_t i = 0; i < PULSES_MAX; i++) {
		long long busy =
			atomic_load_explicit(&pulses->list[i].busy_since, memory_order_relaxed);

		if (busy && busy < since.ms)
			return false;
	}
	return true;
}
