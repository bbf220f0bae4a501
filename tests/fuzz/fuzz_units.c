/* Durations and quotas as people write them: within their bounds, and stable when written out. */
#include "fuzz/fuzz.h"

#include "base/units.h"

#define DAY_MS (24 * 3600 * 1000LL)

static void check_duration(struct str text)
{
	char again[32];
	int64_t ms;
	int64_t same;

	if (!duration_parse(text, &ms))
		return;
	must(ms >= 0 && ms <= 36525 * DAY_MS, "a duration is 0 to 100 years");
	snprintf(again, sizeof(again), "%lldms", (long long)ms);
	must(duration_parse(str_from(again), &same) && same == ms, "a duration reads back");
}

static void check_quota(struct str text)
{
	char again[48];
	struct quota q;
	struct quota same;

	if (!quota_parse(text, &q))
		return;
	must(q.calls >= 1 && q.calls <= 1000000, "a quota has 1 to 1,000,000 calls");
	must(q.window_ms >= 1000 && q.window_ms <= 31 * DAY_MS, "within 1 s to 31 days");
	must(q.window_ms % 1000 == 0, "in whole seconds");
	snprintf(again, sizeof(again), "%u/%lld", (unsigned int)q.calls,
		 (long long)q.window_ms / 1000);
	must(quota_parse(str_from(again), &same) && same.calls == q.calls &&
		     same.window_ms == q.window_ms,
	     "a quota reads back");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);

	check_duration(text);
	check_quota(text);
	return 0;
}
