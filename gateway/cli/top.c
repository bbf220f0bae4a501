#include "cli/ask.h"
#include "cli/print.h"

#include <stdlib.h>

static const struct part {
	const char *name;
	const char *unit; /* what rows are ordered by */
	const char *title;
	const char *heads[5];
} parts[] = {
	{ "wanted", "requests", "Most wanted", { ">REQUESTS", ">SEEN", "TARGET", NULL } },
	{ "slow", "ms", "Took the most time", { ">TOTAL", ">SLOWEST", "TARGET", NULL } },
	{ "endpoints", "requests", "Endpoints", { ">REQUESTS", "ENDPOINT", NULL } },
};

static double amount(const json_t *row, const char *name)
{
	return json_number_value(json_object_get(row, name));
}

/* Adds what one worker says of a thing to what others have said. */
static void add_row(json_t *sums, const json_t *row, const char *unit)
{
	static const char *const summed[] = { "error", "times" };
	const char *name = json_string_value(json_object_get(row, "name"));
	json_t *sum = json_object_get(sums, name ? name : "");

	if (!name)
		return;
	if (!sum) {
		json_object_set_new(sums, name, json_deep_copy(row));
		return;
	}
	json_object_set_new(sum, unit, json_real(amount(sum, unit) + amount(row, unit)));
	for (size_t i = 0; i < sizeof(summed) / sizeof(summed[0]); i++)
		json_object_set_new(sum, summed[i],
				    json_integer((json_int_t)(amount(sum, summed[i]) +
							      amount(row, summed[i]))));
	if (amount(row, "largest") > amount(sum, "largest"))
		json_object_set(sum, "largest", json_object_get(row, "largest"));
}

struct ranked {
	double amount;
	json_t *row;
};

static int larger(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;

	return (x->amount < y->amount) - (x->amount > y->amount);
}

/* The rows of all workers for one part, summed and ordered. */
static json_t *merge(const json_t *answers, const struct part *part, size_t limit)
{
	json_t *sums = json_object();
	json_t *merged = json_array();
	struct ranked *ranked;
	const json_t *answer;
	const json_t *row;
	const char *name;
	json_t *sum;
	size_t n = 0;
	size_t i;
	size_t k;

	json_array_foreach(answers, i, answer)
	{
		json_array_foreach(json_object_get(answer, part->name), k, row)
		{
			add_row(sums, row, part->unit);
		}
	}
	ranked = calloc(json_object_size(sums) + 1, sizeof(*ranked));
	json_object_foreach(sums, name, sum)
	{
		if (ranked)
			ranked[n++] = (struct ranked){ amount(sum, part->unit), sum };
	}
	if (ranked)
		qsort(ranked, n, sizeof(*ranked), larger);
	for (i = 0; i < n && i < limit; i++)
		json_array_append(merged, ranked[i].row);
	free(ranked);
	json_decref(sums);
	return merged;
}

static void show_part(const struct part *part, const json_t *rows)
{
	struct columns columns = columns_init(part->heads);
	bool by_time = part->unit[0] == 'm';
	const json_t *row;
	size_t i;

	printf("%s:\n", part->title);
	json_array_foreach(rows, i, row)
	{
		columns_put(&columns, by_time ? "%.0f ms" : "%.1f", amount(row, part->unit));
		if (columns.n == 3)
			columns_put(&columns, by_time ? "%.0f ms" : "%.0f",
				    amount(row, by_time ? "largest" : "times"));
		columns_put(&columns, "%s", json_string_value(json_object_get(row, "name")));
	}
	columns_print(&columns, stdout, 2);
}

enum cli_exit top_run(struct cli *cli)
{
	const char *text = cli_value(cli, "limit");
	struct ask ask = ask_init("GET", "/admin/top");
	int64_t limit = 20;
	json_t *answers;
	json_t *merged;
	enum cli_exit status;

	if (text && (!str_to_i64(str_from(text), &limit) || limit < 1 || limit > 256)) {
		ask_release(&ask);
		return cli_usage(cli, "--limit is a number from 1 to 256");
	}
	/* All that each worker has: what is small in each can be large in sum. */
	ask_param(&ask, "limit", "256");
	status = ask_all(cli, &ask, &answers);
	ask_release(&ask);
	if (status != CLI_DONE)
		return status;
	merged = json_pack("{s:I}", "workers", (json_int_t)json_array_size(answers));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_object_set_new(merged, parts[i].name,
				    merge(answers, &parts[i], (size_t)limit));
	if (cli->json)
		show_json(merged);
	for (size_t i = 0; !cli->json && i < sizeof(parts) / sizeof(parts[0]); i++)
		show_part(&parts[i], json_object_get(merged, parts[i].name));
	json_decref(merged);
	json_decref(answers);
	return status;
}
