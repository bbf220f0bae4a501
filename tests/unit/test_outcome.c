#include "unit/test.h"

#include "policy/outcome.h"

/* A status, or a fault and whether the request may have reached upstream. */
static const struct row {
	struct reply reply;
	enum counted counted;
	bool answer;
	bool locked_out;
} rows[] = {
	{ { .status = 200 }, COUNTED_YES, true, false },
	{ { .status = 304 }, COUNTED_YES, true, false },
	{ { .status = 400 }, COUNTED_YES, true, false },
	{ { .status = 401 }, COUNTED_YES, true, true },
	{ { .status = 403 }, COUNTED_YES, true, true },
	{ { .status = 404 }, COUNTED_YES, true, false },
	{ { .status = 429 }, COUNTED_NO, true, false },
	{ { .status = 499 }, COUNTED_YES, true, false },
	{ { .status = 500 }, COUNTED_YES, false, false },
	{ { .status = 503 }, COUNTED_YES, false, false },
	{ { .fault = FAULT_UPSTREAM_DOWN }, COUNTED_NO, false, false },
	{ { .fault = FAULT_UPSTREAM_SLOW, .reached = true }, COUNTED_PERHAPS, false, false },
	/* Of an answer that breaks off, the status counts for nothing. */
	{ { .fault = FAULT_UPSTREAM_GARBAGE, .reached = true, .status = 401 },
	  COUNTED_PERHAPS,
	  false,
	  false },
};

static void what_a_reply_says_of_the_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct reply *reply = &rows[i].reply;

		if (outcome_counted(reply) != rows[i].counted ||
		    outcome_is_answer(reply) != rows[i].answer ||
		    outcome_is_locked_out(reply) != rows[i].locked_out)
			fail_msg("row %zu: counted %d, answer %d, locked out %d", i,
				 outcome_counted(reply), outcome_is_answer(reply),
				 outcome_is_locked_out(reply));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_reply_says_of_the_call),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
