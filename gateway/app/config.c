#include "app/config.h"

#include "io/log.h"
#include "policy/mode.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define FILE_BYTES (1024UL * 1024)
#define DAY_MS	   (24 * 3600 * 1000LL)

enum type {
	TYPE_TEXT,
	TYPE_SECRET, /* text that no message shows */
	TYPE_NUMBER,
	TYPE_OCTAL,
	TYPE_DURATION,
	TYPE_STEP,   /* a duration that divides a day, or none */
	TYPE_CHOICE, /* reject or pass */
	TYPE_BOOL,
	TYPE_LEVEL,
	TYPE_MODE,
	TYPE_FORM,   /* of the log */
	TYPE_CLIENT, /* likewise */
	TYPE_REQUESTS,
};

static const struct row {
	const char *section;
	const char *key;
	enum type type;
	const char *default_;
	const char *help;
} rows[CONFIG_KEY_COUNT] = {
#define X(section, key, type, default_, help) { #section, #key, TYPE_##type, default_, help },
	CONFIG_KEYS(X)
#undef X
};

static const bool is_reloaded[CONFIG_KEY_COUNT] = {
#define X(section, key) [CONFIG_##section##_##key] = true,
	CONFIG_RELOADED(X)
#undef X
};

struct loader {
	struct config *config;
	const char *path;
	config_report *report;
	void *ctx;
	bool failed;
};

static void complain(struct loader *l, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void complain(struct loader *l, const char *where, const char *format, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	l->report(l->ctx, where, what);
	l->failed = true;
}

/* ---- values ---- */

static bool read_octal(struct str text, int64_t *ret)
{
	int64_t mode = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7' || mode > 0777)
			return false;
		mode = mode * 8 + (text.p[i] - '0');
	}
	*ret = mode;
	return text.n > 0 && mode <= 0777;
}

/* The place of text among the words, or false. */
static bool read_word(struct str text, const char *const *words, size_t n, int64_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(text, str_from(words[i]))) {
			*ret = (int64_t)i;
			return true;
		}
	}
	return false;
}

/* Reads text as the type wants it; NULL, or what would have been right. */
static const char *read_number(enum type type, struct str text, int64_t *ret)
{
	static const char *const choices[] = { "reject", "pass" };
	static const char *const bools[] = { "no", "yes" };
	enum mode mode = MODE_NORMAL;
	static const char *const clients[] = { "no", "address", "hash" };
	static const char *const requests[] = { "no", "misses", "yes" };
	bool good = true;

	switch (type) {
	case TYPE_TEXT:
	case TYPE_SECRET:
		return NULL;
	case TYPE_NUMBER:
		good = str_to_i64(text, ret) && *ret >= 0 && *ret <= 1LL << 31;
		return good ? NULL : "a whole number";
	case TYPE_OCTAL:
		return read_octal(text, ret) ? NULL : "permissions such as 0660";
	case TYPE_DURATION:
		good = duration_parse(text, ret) && *ret > 0;
		return good ? NULL : "a duration above 0 such as 250ms, 12s, 5m, 6h or 30d";
	case TYPE_STEP:
		good = duration_parse(text, ret) && (!*ret || DAY_MS % *ret == 0);
		return good ? NULL : "a duration that divides a day, such as 10m, or 0s";
	case TYPE_CHOICE:
		return read_word(text, choices, 2, ret) ? NULL : "reject or pass";
	case TYPE_BOOL:
		return read_word(text, bools, 2, ret) ? NULL : "yes or no";
	case TYPE_LEVEL:
		good = read_word(text, log_level_names, LOG_LEVELS, ret);
		return good ? NULL : "error, warn, info or debug";
	case TYPE_MODE:
		good = mode_parse(text, &mode);
		*ret = mode;
		return good ? NULL : "normal, avoid or never";
	case TYPE_FORM:
		good = read_word(text, log_form_names, RECORD_FORMS, ret);
		return good ? NULL : "logfmt or json";
	case TYPE_CLIENT:
		return read_word(text, clients, 3, ret) ? NULL : "no, address or hash";
	case TYPE_REQUESTS:
		return read_word(text, requests, 3, ret) ? NULL : "yes, misses or no";
	}
	return NULL;
}

static bool has_control(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			return true;
	return false;
}

static void set(struct loader *l, const char *where, size_t i, struct str text)
{
	struct config_value *value = &l->config->values[i];
	int64_t number = 0;
	const char *wanted = read_number(rows[i].type, text, &number);
	char *copy;

	if (has_control(text)) {
		complain(l, where, "[%s] %s has a control character", rows[i].section, rows[i].key);
		return;
	}
	if (wanted) {
		complain(l, where, "[%s] %s must be %s", rows[i].section, rows[i].key, wanted);
		return;
	}
	copy = strndup(text.p ? text.p : "", text.n);
	if (!copy) {
		complain(l, where, "there is no memory left");
		return;
	}
	free(value->text);
	*value = (struct config_value){ copy, number };
}

/* ---- the file ---- */

static bool find(struct str section, struct str key, size_t *ret)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		if (str_eq(str_from(rows[i].section), section) &&
		    str_eq(str_from(rows[i].key), key)) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool is_section(struct str name)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		if (str_eq(str_from(rows[i].section), name))
			return true;
	return false;
}

static void read_line(struct loader *l, const char *where, struct str line, struct str *section)
{
	struct str value = line;
	struct str key;
	size_t i;

	if (!line.n || line.p[0] == '#' || line.p[0] == ';')
		return;
	if (line.p[0] == '[' && str_ends(line, STR("]"))) {
		*section = str_trim(str_slice(line, 1, line.n - 1));
		if (!is_section(*section))
			complain(l, where, "there is no section [%.*s]", STR_ARG(*section));
		return;
	}
	if (str_find(line, '=') == line.n) {
		complain(l, where, "a line is `[section]`, `key = value` or a # comment");
		return;
	}
	key = str_trim(str_cut(&value, '='));
	if (find(*section, key, &i))
		set(l, where, i, str_trim(value));
	else if (is_section(*section))
		complain(l, where, "[%.*s] has no key %.*s", STR_ARG(*section), STR_ARG(key));
	else if (!section->n)
		complain(l, where, "a [section] must stand before the first key");
}

static void read_file(struct loader *l, struct str text)
{
	struct str section = { NULL, 0 };

	for (int number = 1; text.n; number++) {
		char where[512];

		snprintf(where, sizeof(where), "%s:%d", l->path, number);
		read_line(l, where, str_trim(str_cut(&text, '\n')), &section);
	}
}

/* ---- the environment ---- */

/* PERIGEE_SECTION_ for an empty key, else PERIGEE_SECTION_KEY. */
static struct str variable_name(const char *section, const char *key, char text[static 128])
{
	int n = snprintf(text, 128, "PERIGEE_%s_%s", section, key);

	for (int i = 0; i < n; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	return (struct str){ text, (size_t)n };
}

static void read_environment(struct loader *l, char *const *environment)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		char text[128];
		struct str wanted = variable_name(rows[i].section, rows[i].key, text);

		for (char *const *e = environment; e && *e; e++) {
			struct str value = str_from(*e);

			if (str_eq(str_cut(&value, '='), wanted))
				set(l, text, i, str_trim(value));
		}
	}
}

/* One of our sections with a key that it does not have, or in small letters: a slip, and a silent
 * one would hurt. */
static bool is_slip(struct str name)
{
	bool ours = false;

	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		char text[128];
		struct str prefix = variable_name(rows[i].section, "", text);

		ours |= name.n > prefix.n && str_eq_nocase(str_slice(name, 0, prefix.n), prefix);
		if (str_eq(name, variable_name(rows[i].section, rows[i].key, text)))
			return false;
	}
	return ours;
}

static void check_environment(struct loader *l, char *const *environment)
{
	for (char *const *e = environment; e && *e; e++) {
		struct str value = str_from(*e);
		struct str name = str_cut(&value, '=');
		char where[128];

		if (!is_slip(name))
			continue;
		snprintf(where, sizeof(where), "%.*s", STR_ARG(name));
		complain(l, where, "there is no such setting");
	}
}

/* ---- */

struct config *config_read(const char *path, struct str text, char *const *environment,
			   config_report *report, void *ctx)
{
	struct loader l = { .path = path, .report = report, .ctx = ctx };

	l.config = calloc(1, sizeof(*l.config));
	if (!l.config)
		return NULL;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		set(&l, "default", i, str_from(rows[i].default_));
	read_file(&l, text);
	read_environment(&l, environment);
	check_environment(&l, environment);
	if (l.failed) {
		config_free(l.config);
		return NULL;
	}
	return l.config;
}

struct config *config_load(const char *path, char *const *environment, config_report *report,
			   void *ctx)
{
	struct config *config = NULL;
	char *text = malloc(FILE_BYTES);
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t n = 0;

	if (path && !f) {
		report(ctx, path, strerrordesc_np(errno));
		goto out;
	}
	if (f && text)
		n = fread(text, 1, FILE_BYTES, f);
	if (!text || n == FILE_BYTES || (f && ferror(f))) {
		report(ctx, path ? path : "", "the file cannot be read");
		goto out;
	}
	config = config_read(path ? path : "", (struct str){ text, n }, environment, report, ctx);
out:
	if (f)
		fclose(f);
	free(text);
	return config;
}

bool config_keep(struct config *config, const struct config *running, config_report *report,
		 void *ctx)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		const struct config_value *has = &running->values[i];
		char where[128];
		char *copy;

		if (is_reloaded[i] || strcmp(config->values[i].text, has->text) == 0)
			continue;
		copy = strdup(has->text);
		if (!copy)
			return false;
		free(config->values[i].text);
		config->values[i] = (struct config_value){ copy, has->number };
		snprintf(where, sizeof(where), "[%s] %s", rows[i].section, rows[i].key);
		report(ctx, where, "it changes with a restart only");
	}
	return true;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++)
		free(config->values[i].text);
	free(config);
}

void config_print(FILE *to)
{
	const char *section = "";

	fputs("# perigee's configuration. Every key is shown with its default; each can also be "
	      "set by\n"
	      "# an environment variable PERIGEE_<SECTION>_<KEY>. Durations have a unit: ms, s, m, "
	      "h, d.\n",
	      to);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		struct str help = str_from(rows[i].help);

		if (strcmp(section, rows[i].section) != 0)
			fprintf(to, "\n[%s]\n", rows[i].section);
		section = rows[i].section;
		fputc('\n', to);
		while (help.n) {
			struct str line = str_cut(&help, '\n');

			fprintf(to, "# %.*s\n", STR_ARG(line));
		}
		if (is_reloaded[i])
			fputs("# Read again on SIGHUP.\n", to);
		fprintf(to, "%s =%s%s\n", rows[i].key, rows[i].default_[0] ? " " : "",
			rows[i].default_);
	}
}
