/*
 * Configuration files: any text is read or refused with a word, the printed
 * defaults are accepted and are the defaults, and what was read says the same
 * when it is written down again.
 */
#include "fuzz/fuzz.h"

#include "app/config.h"

#define CAP (4UL * 1024 * 1024)

static const struct {
	const char *section;
	const char *key;
} rows[CONFIG_KEY_COUNT] = {
#define X(section, key, type, default_, help) { #section, #key },
	CONFIG_KEYS(X)
#undef X
};

static void count(void *ctx, const char *where, const char *what)
{
	size_t *n = ctx;

	must(where && *what, "a fault says what is wrong");
	++*n;
}

static struct config *read_text(struct str text)
{
	size_t faults = 0;
	struct config *config = config_read("perigee.conf", text, NULL, count, &faults);

	must(!config == (faults > 0), "a text is refused with a word, and only then");
	return config;
}

static bool same(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (strcmp(a->values[i].text, b->values[i].text) != 0 ||
		    a->values[i].number != b->values[i].number)
			return false;
	return true;
}

static void check_defaults(void)
{
	static bool done;
	char *text = NULL;
	size_t n = 0;
	FILE *f;
	struct config *printed;
	struct config *none;

	if (done)
		return;
	done = true;
	f = open_memstream(&text, &n);
	config_print(f);
	fclose(f);
	printed = read_text((struct str){ text, n });
	none = read_text(STR(""));
	must(printed && none, "the defaults are accepted");
	must(same(printed, none), "the printed defaults are the defaults");
	config_free(printed);
	config_free(none);
	free(text);
}

static void check(const struct config *config)
{
	struct buf written = buf_init(CAP);
	struct config *again;

	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		must(config->values[i].text, "every key has a value");
		buf_putf(&written, "[%s]\n%s = %s\n", rows[i].section, rows[i].key,
			 config->values[i].text);
	}
	must(!written.failed, "there is room for the file");
	again = read_text(buf_str(&written));
	must(again, "what was written is read");
	must(same(config, again), "what was written says the same");
	config_free(again);
	buf_release(&written);
}

/* A setting that stands before any section sets nothing, which nobody who wrote it would expect. */
static bool begins_without_section(struct str text)
{
	struct str line = str_trim(fuzz_line(&text));

	return line.n && !strchr("#;[", line.p[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);
	struct config *config;

	check_defaults();
	config = read_text(text);
	must(!config || !begins_without_section(text), "no setting is passed over");
	if (config)
		check(config);
	config_free(config);
	return 0;
}
