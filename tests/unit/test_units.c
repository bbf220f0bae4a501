#include "unit/test.h"

#include "base/units.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "250ms", 250 },
		{ "10s", 10000 },
		{ "5m", 300000 },
		{ "6h", 21600000 },
		{ "30d", 2592000000 },
		{ "0s", 0 },
		{ "007s", 7000 },
		{ "36525d", 36525 * 86400000LL },
		{ "36526d", -1 },
		{ "3155760000000ms", 36525 * 86400000LL },
		{ "3155760000001ms", -1 },
		{ "9223372036854775807d", -1 },
		{ "99999999999999999999s", -1 },
		{ "", -1 },
		{ "5", -1 },
		{ "s", -1 },
		{ "-5s", -1 },
		{ "+5s", -1 },
		{ "5 s", -1 },
		{ " 5s", -1 },
		{ "5s ", -1 },
		{ "5S", -1 },
		{ "5min", -1 },
		{ "1.5h", -1 },
		{ "5y", -1 },
		{ "1h30m", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t ms = -1;
		bool good = duration_parse(str_from(cases[i].text), &ms);

		if (good != (cases[i].ms >= 0) || (good && ms != cases[i].ms))
			fail_msg("`%s`: %d, %lld ms", cases[i].text, good, (long long)ms);
	}
}

static void quotas(void **state)
{
	static const struct {
		const char *text;
		uint32_t calls; /* 0: refused */
		int64_t window_ms;
	} cases[] = {
		{ "15/3600", 15, 3600000 },
		{ "1/1", 1, 1000 },
		{ "1000000/2678400", 1000000, 2678400000 },
		{ "1000001/3600", 0, 0 },
		{ "15/2678401", 0, 0 },
		{ "0/3600", 0, 0 },
		{ "15/0", 0, 0 },
		{ "-1/3600", 0, 0 },
		{ "15/-1", 0, 0 },
		{ "15", 0, 0 },
		{ "15/", 0, 0 },
		{ "/3600", 0, 0 },
		{ "15/3600/1", 0, 0 },
		{ "15/1h", 0, 0 },
		{ "15 / 3600", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct quota quota = { 0 };
		bool good = quota_parse(str_from(cases[i].text), &quota);

		if (good != (cases[i].calls > 0) || quota.calls != cases[i].calls ||
		    quota.window_ms != cases[i].window_ms)
			fail_msg("`%s`: %d, %u in %lld ms", cases[i].text, good, quota.calls,
				 (long long)quota.window_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(quotas),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
