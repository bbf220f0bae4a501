/* Upstream's word on the quota: what is believed can be, and `ident` has no say in it. */
#include "fuzz/fuzz.h"

#include "policy/throttle.h"

#define YEAR_MS (366LL * 24 * 3600 * 1000)

static void check(const struct count *count)
{
	must(count->quota.calls >= 1 && count->quota.calls <= 1000000, "a limit is a limit");
	must(count->quota.window_ms >= 1 && count->quota.window_ms <= YEAR_MS,
	     "a window is up to a year");
	must(count->used <= count->quota.calls, "no more is used than there is");
	must(count->wait_ms >= 0 && count->wait_ms <= YEAR_MS, "there is an end to waiting");
}

/* The same without `ident` says the same. */
static void check_without_ident(struct str body, const struct count *count)
{
	json_t *object = fuzz_json(body);
	struct count same;
	char *text;

	if (!json_is_object(object) || json_object_del(object, "ident") != 0) {
		json_decref(object);
		return;
	}
	/* As many digits as a double has. */
	text = json_dumps(object, JSON_REAL_PRECISION(17));
	must(text != NULL, "what was read can be written");
	must(throttle_read(str_from(text), &same), "it is believed without it, too");
	must(same.quota.calls == count->quota.calls &&
		     same.quota.window_ms == count->quota.window_ms && same.used == count->used &&
		     same.wait_ms == count->wait_ms,
	     "and says the same");
	free(text);
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = fuzz_input(data, size);
	struct count count;

	if (!throttle_read(body, &count))
		return 0;
	check(&count);
	check_without_ident(body, &count);
	return 0;
}
