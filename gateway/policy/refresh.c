#include "policy/refresh.h"

/* A single request a moment ago is no rate yet: as if it had been watched for so long. */
#define WATCHED_MS 60000.0

double refresh_index(uint32_t asked, int64_t asked_ms, int64_t age_ms)
{
	double rate = asked / ((double)asked_ms + WATCHED_MS);
	double age = (double)age_ms;

	return rate * age * age / 2;
}
