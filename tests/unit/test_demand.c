#include "unit/table.h"

#include "policy/demand.h"

static int64_t number(struct table *t, size_t field)
{
	int64_t n = 0;

	if (!str_to_i64(t->field[field], &n))
		table_complain(t, "not a number");
	return n;
}

static void requests(void **state)
{
	struct demand d = { .asked = 0 };
	struct table t;

	(void)state;
	table_open(&t, "demand.tsv", 4);
	while (table_next(&t)) {
		struct wall now = { number(&t, 1) };
		int64_t n = number(&t, 2);
		int64_t wanted = number(&t, 3);
		int64_t kept = 0;

		if (str_eq(t.field[0], STR("begin")))
			d = (struct demand){ .asked = 0 };
		for (int64_t i = 0; i < n; i++)
			kept += demand_ask(&d, now);
		if (kept != wanted) {
			table_complain(&t, "kept another number of times:");
			print_error("%lld\n", (long long)kept);
		}
	}
	table_close(&t);
}

/* Two workers behind one cache, either of which may be asked next: what becomes of requests that
 * come by chance, so many a second on average. */
static void ask_for(double rate, int seconds, int *ret_asked, int *ret_seen, int *ret_kept)
{
	struct demand workers[2] = { { .asked = 0 }, { .asked = 0 } };
	uint64_t random = 1;
	int64_t kept_in = -1;

	*ret_asked = *ret_seen = *ret_kept = 0;
	for (int64_t ms = 0; ms < seconds * 1000; ms++) {
		if ((double)(next_random(&random) % 1000000) >= rate * 1000)
			continue;
		++*ret_asked;
		if (kept_in == ms / 1000)
			continue;
		++*ret_seen;
		if (!demand_ask(&workers[next_random(&random) % 2], (struct wall){ 1000000 + ms }))
			continue;
		++*ret_kept;
		kept_in = ms / 1000;
	}
}

/* What that costs a request, where one that reaches a worker costs 1, with the file DEMAND_WORTH
 * more. */
static double cost_of(double rate)
{
	int asked, seen, kept;

	ask_for(rate, 2000, &asked, &seen, &kept);
	assert_true(asked > 0.9 * rate * 2000);
	return (seen + DEMAND_WORTH * (double)kept) / asked;
}

static void rates(void **state)
{
	static const double rare[] = { 0.1, 0.3, 1, 2, 3 };
	static const double often[] = { 5, 6, 8, 12, 20, 50, 100, 200 };

	(void)state;
	/* Never to keep it would cost 1. */
	for (size_t i = 0; i < COUNT(rare); i++)
		assert_true(cost_of(rare[i]) < 1.5);
	/* To keep it of the first of each second cannot be beaten. */
	for (size_t i = 0; i < COUNT(often); i++)
		assert_true(cost_of(often[i]) < 1.1 * (1 + DEMAND_WORTH) / often[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
