#include "api/load.h"

#include "api/openapi.h"
#include "api/table.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define CATALOG_BYTES (64UL * 1024 * 1024)
#define TABLE_BYTES   (4UL * 1024 * 1024)

static bool roots_differ(const struct api *apis, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_starts(apis[i].root, apis[k].root) ||
			    str_starts(apis[k].root, apis[i].root))
				return false;
	return true;
}

static bool budgets_agree(const struct api *apis, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(apis[i].budget, apis[k].budget) &&
			    (apis[i].quota.calls != apis[k].quota.calls ||
			     apis[i].quota.window_ms != apis[k].quota.window_ms))
				return false;
	return true;
}

struct catalog *catalog_read(const struct catalog_table *tables, size_t n,
			     const struct catalog_options *options, reader_report *report,
			     void *ctx)
{
	struct catalog *c = calloc(1, sizeof(*c));
	struct api *apis;
	bool failed;

	if (!c)
		return NULL;
	atomic_init(&c->refs, 1);
	c->memory = arena_new(CATALOG_BYTES);
	apis = c->memory ? arena_array(c->memory, n, sizeof(struct api)) : NULL;
	c->apis = apis;
	failed = !apis || n == 0;
	for (size_t i = 0; apis && i < n; i++) {
		struct reader r = { .file = tables[i].file,
				    .text = tables[i].text,
				    .arena = c->memory,
				    .report = report,
				    .ctx = ctx,
				    .time_scale = options->time_scale };

		apis[i].catalog = c;
		table_read(&r, tables[i].name, options, &apis[c->apis_n++]);
		failed |= r.failed;
	}
	if (!failed && !roots_differ(apis, n)) {
		report(ctx, tables[n - 1].file, 0, "root", "two tables have the same root");
		failed = true;
	}
	if (!failed && !budgets_agree(apis, n)) {
		report(ctx, tables[n - 1].file, 0, "quota",
		       "a table of the same budget has another quota");
		failed = true;
	}
	if (!failed && !openapi_describe(c)) {
		report(ctx, tables[n - 1].file, 0, "", "there is no memory to describe it");
		failed = true;
	}
	if (failed) {
		catalog_unref(c);
		return NULL;
	}
	return c;
}

/* Fills *table from a file of the folder; what it points to is the caller's to free. */
static bool load_file(const char *folder, const char *name, struct catalog_table *table)
{
	char *path = NULL;
	char *text = malloc(TABLE_BYTES);
	FILE *f = NULL;
	size_t n;

	if (!text || asprintf(&path, "%s/%s", folder, name) < 0)
		goto fail;
	f = fopen(path, "re");
	n = f ? fread(text, 1, TABLE_BYTES, f) : 0;
	if (!f || ferror(f) || n == TABLE_BYTES)
		goto fail;
	fclose(f);
	table->file = path;
	table->text = (struct str){ text, n };
	table->name = strndup(name, strlen(name) - strlen(".json"));
	return true;
fail:
	if (f)
		fclose(f);
	free(path);
	free(text);
	return false;
}

static int is_table(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(str_from(entry->d_name), STR(".json"));
}

struct catalog *catalog_load(const char *folder, const struct catalog_options *options,
			     reader_report *report, void *ctx)
{
	struct dirent **names = NULL;
	struct catalog_table *tables = NULL;
	struct catalog *c = NULL;
	int found = scandir(folder, &names, is_table, alphasort);
	int loaded = 0;

	if (found <= 0) {
		report(ctx, folder, 0, "",
		       found < 0 ? "the folder cannot be read" : "there is no table");
		goto out;
	}
	tables = calloc((size_t)found, sizeof(*tables));
	for (; tables && loaded < found; loaded++) {
		if (!load_file(folder, names[loaded]->d_name, &tables[loaded])) {
			report(ctx, names[loaded]->d_name, 0, "", "the file cannot be read");
			break;
		}
	}
	if (loaded == found)
		c = catalog_read(tables, (size_t)loaded, options, report, ctx);
out:
	for (int i = 0; i < loaded; i++) {
		free((char *)tables[i].name);
		free((char *)tables[i].file);
		free((char *)tables[i].text.p);
	}
	free(tables);
	for (int i = 0; i < found; i++)
		free(names[i]);
	free(names);
	return c;
}
