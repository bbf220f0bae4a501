#include "unit/test.h"

#include "io/ledger.h"

/* Names as io/lua/ writes them: settle, reserve, renew, calibrate. */
static void names_of_calls(void **state)
{
	static const struct {
		const char *name;
		enum ledger_class class;
		bool open;
	} cases[] = {
		{ "c00ff:host:17:00a1:3@1790000000000", LEDGER_DEMAND, false },
		{ "?c00ff:host:17:00a1:3", LEDGER_DEMAND, true },
		{ "c:host:17:00a1:3@0", LEDGER_DEMAND, false },
		{ ":host:17:00a1:4@1790000000000", LEDGER_BACKGROUND, false },
		{ "?:host:17:00a1:4", LEDGER_BACKGROUND, true },
		{ "other:3", LEDGER_OTHER, false },
		{ "", LEDGER_BACKGROUND, false },
		{ "?", LEDGER_BACKGROUND, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ledger_call call = ledger_call_of(str_from(cases[i].name));

		if (call.class != cases[i].class || call.open != cases[i].open)
			fail_msg("`%s` was read as %s, %s", cases[i].name,
				 ledger_class_words[call.class], call.open ? "open" : "over");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_calls),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
