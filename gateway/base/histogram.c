#include "base/histogram.h"

void histogram_add(struct histogram *h, const struct bins *bins, uint64_t value)
{
	size_t i = 0;

	while (i < bins->n && value > bins->upto[i])
		i++;
	counter_add(&h->in[i], 1);
	counter_add(&h->sum, value);
}

uint64_t histogram_count(const struct histogram *h, const struct bins *bins)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= bins->n; i++)
		n += counter_get(&h->in[i]);
	return n;
}
