/* The list of what is kept warm: what it takes, clients may ask, and read again it is the same. */
#include "fuzz/fuzz.h"

#include "api/load.h"
#include "policy/warm_list.h"

static const struct str ignored[] = { STR("_"), STR("utm_*") };
static const struct canon_options options = { .ignored = ignored, .ignored_n = 2 };

static void no_report(void *ctx, const char *file, int line, const char *key, const char *what)
{
	(void)ctx, (void)file, (void)line, (void)key, (void)what;
}

static struct catalog *tables(void)
{
	static struct catalog *catalog;
	const struct catalog_options of_tables = { .time_scale = 1 };

	if (!catalog)
		catalog = catalog_load("tests/unit/apis", &of_tables, no_report, NULL);
	must(catalog, "the tables are read");
	return catalog;
}

static void count(void *ctx, int line, const char *what)
{
	must(line > 0 && what[0], "a fault has a place and a reason");
	++*(int *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text = buf_init(WARM_LINES_MAX * 8192UL);
	int faults = 0;
	struct warm_list *list =
		warm_list_read(fuzz_input(data, size), tables(), &options, count, &faults);
	struct warm_list *again;

	must((list == NULL) == (faults > 0), "a list is whole or none");
	if (!list)
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		buf_put(&text, list->targets[i]);
		buf_put_char(&text, '\n');
	}
	again = warm_list_read(buf_str(&text), tables(), &options, count, &faults);
	must(again && again->n == list->n, "it reads the same again");
	for (size_t i = 0; i < list->n; i++)
		must(str_eq(list->targets[i], again->targets[i]), "line by line");
	warm_list_free(again);
	warm_list_free(list);
	buf_release(&text);
	return 0;
}
