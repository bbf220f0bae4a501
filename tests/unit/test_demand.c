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

/* Keeps what comes evenly, a request each 1000 / rate ms: how often in the second one, and of how
 * many requests does a worker see the rest? */
static int kept_at(int rate)
{
	struct demand d = { .asked = 0 };
	int kept = 0;

	for (int i = 0; i < 2 * rate; i++) {
		bool keep = demand_ask(&d, (struct wall){ 20000 + (2 * i + 1) * 500 / rate });

		kept += keep && i >= rate;
	}
	return kept;
}

static void rates(void **state)
{
	(void)state;
	for (int rate = 1; rate <= DEMAND_WORTH; rate++)
		assert_int_equal(kept_at(rate), 0);
	/* Asked of nginx from then on; were it not kept, a few times more. */
	for (int rate = 4 * DEMAND_WORTH; rate <= 1000; rate++)
		assert_in_range(kept_at(rate), 1, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests_name("demand", tests, NULL, NULL);
}
