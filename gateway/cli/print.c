#include "cli/print.h"

#include "base/utf8.h"

#include <stdarg.h>

#define CELLS_BYTES (16UL * 1024 * 1024)

struct columns columns_init(const char *const *heads)
{
	struct columns c = { .cells = buf_init(CELLS_BYTES) };

	for (; heads[c.n] && c.n < COLUMNS_MAX; c.n++) {
		c.right[c.n] = heads[c.n][0] == '>';
		c.heads[c.n] = heads[c.n] + c.right[c.n];
		columns_put(&c, "%s", c.heads[c.n]);
	}
	return c;
}

void columns_put(struct columns *c, const char *format, ...)
{
	char text[4096];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	buf_put(&c->cells, str_from(text));
	buf_put_char(&c->cells, '\0');
}

/* Characters, each taken for one place wide; a byte that is none counts, too. */
static size_t width(struct str s)
{
	size_t n = 0;

	while (s.n) {
		size_t bytes = utf8_char(s);

		s = str_slice(s, bytes ? bytes : 1, s.n);
		n++;
	}
	return n;
}

static void put_blanks(FILE *to, size_t n)
{
	while (n--)
		fputc(' ', to);
}

/* Puts the blanks before a cell rather than behind it, so that no line ends with any. *owed: how
 * many the cells before have left. */
static void print_cell(FILE *to, struct str cell, size_t room, bool right, size_t *owed)
{
	size_t blanks = room - width(cell);

	if (cell.n) {
		put_blanks(to, *owed + (right ? blanks : 0));
		fprintf(to, "%.*s", STR_ARG(cell));
		*owed = 2 + (right ? 0 : blanks);
	} else {
		*owed += room + 2;
	}
}

void columns_print(struct columns *c, FILE *to, int indent)
{
	size_t widths[COLUMNS_MAX] = { 0 };
	struct str rest = buf_str(&c->cells);

	for (size_t i = 0; rest.n; i++) {
		size_t w = width(str_cut(&rest, '\0'));

		if (w > widths[i % c->n])
			widths[i % c->n] = w;
	}
	rest = buf_str(&c->cells);
	while (rest.n) {
		size_t owed = (size_t)indent;

		for (size_t i = 0; i < c->n; i++)
			print_cell(to, str_cut(&rest, '\0'), widths[i], c->right[i], &owed);
		fputc('\n', to);
	}
	buf_release(&c->cells);
}

const char *say_seconds(int64_t seconds, char text[static QUANTITY_BYTES])
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	const char *sign = seconds < 0 ? "-" : "";
	int64_t left = seconds < 0 ? -seconds : seconds;
	size_t i = 0;

	while (i < 3 && left < units[i].s)
		i++;
	if (i == 3 || left % units[i].s < units[i + 1].s)
		snprintf(text, QUANTITY_BYTES, "%s%lld %s", sign, (long long)(left / units[i].s),
			 units[i].name);
	else
		snprintf(text, QUANTITY_BYTES, "%s%lld %s %lld %s", sign,
			 (long long)(left / units[i].s), units[i].name,
			 (long long)(left % units[i].s / units[i + 1].s), units[i + 1].name);
	return text;
}

const char *say_bytes(int64_t bytes, char text[static QUANTITY_BYTES])
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		snprintf(text, QUANTITY_BYTES, "%lld B", (long long)bytes);
		return text;
	}
	for (; value >= 999.95 && i < 3; i++)
		value /= 1000;
	snprintf(text, QUANTITY_BYTES, "%.1f %s", value, units[i]);
	return text;
}
