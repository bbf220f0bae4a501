#include "cli/ask.h"
#include "cli/print.h"

static long long number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

static const char *text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value ? value : "-";
}

static void show_calls(const json_t *calls)
{
	static const char *const heads[] = { "AT", ">AGO", "FOR", "", NULL };
	struct columns columns = columns_init(heads);
	const json_t *call;
	size_t i;

	json_array_foreach(calls, i, call)
	{
		char ago[QUANTITY_BYTES];

		columns_put(&columns, "%s", text(call, "at"));
		columns_put(&columns, "%s", say_seconds(number(call, "age_s"), ago));
		columns_put(&columns, "%s", text(call, "class"));
		columns_put(&columns, "%s",
			    json_is_true(json_object_get(call, "open")) ? "not known to be over"
									: "");
	}
	columns_print(&columns, stdout, 2);
}

static void show_budget(const json_t *budget)
{
	const json_t *fetching = json_object_get(budget, "fetching");
	const json_t *calls = json_object_get(budget, "calls");
	const json_t *target;
	char window[QUANTITY_BYTES];
	char wait[QUANTITY_BYTES];
	size_t i;

	printf("%s: %lld of %lld calls left in %s", text(budget, "budget"),
	       number(budget, "remaining"), number(budget, "limit"),
	       say_seconds(number(budget, "window_s"), window));
	if (number(budget, "wait_s"))
		printf("; the next one is free in %s", say_seconds(number(budget, "wait_s"), wait));
	putchar('\n');
	if (json_is_string(json_object_get(budget, "cool_down_until")))
		printf("  upstream has refused a call: nobody asks before %s\n",
		       text(budget, "cool_down_until"));
	printf("  compared with upstream's own count: %s\n",
	       json_is_string(json_object_get(budget, "compared_at")) ? text(budget, "compared_at")
								      : "not yet");
	if (json_array_size(calls))
		show_calls(calls);
	json_array_foreach(fetching, i, target)
	{
		printf("  being fetched: %s\n", json_string_value(target));
	}
}

static void show(const json_t *answer)
{
	const json_t *budget;
	size_t i;

	json_array_foreach(json_object_get(answer, "budgets"), i, budget)
	{
		show_budget(budget);
	}
}

enum cli_exit quota_run(struct cli *cli)
{
	struct ask ask = ask_init("GET", "/admin/quota");

	return ask_and_show(cli, &ask, show);
}
