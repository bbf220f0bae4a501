#ifndef PERIGEE_UNIT_TABLE_H
#define PERIGEE_UNIT_TABLE_H

/*
 * Tables of inputs and what is wanted of them, one case a line, in .tsv files
 * beside the tests that read them.
 *
 * Fields are separated by one tab or more. `<empty>` is the empty text, `\xHH`
 * one byte, anything else is itself. Lines that are empty or begin with `#` do
 * not count. Every row is tried; what differs is reported as file:line, and at
 * the end fails the test.
 */

#include <string.h>

#include "unit/test.h"

#define TABLE_FIELDS_MAX 9

struct table {
	char path[64];
	FILE *file;
	size_t columns;
	int line;
	size_t rows;
	size_t differing;
	char text[16384];
	struct str field[TABLE_FIELDS_MAX]; /* of the current row */
};

/* Programs run from the top of the repository. */
static inline void table_open(struct table *t, const char *name, size_t columns)
{
	*t = (struct table){ .columns = columns };
	snprintf(t->path, sizeof(t->path), "tests/unit/%s", name);
	t->file = fopen(t->path, "re");
	if (!t->file)
		fail_msg("%s cannot be read (run it from the top of the repository)", t->path);
}

static inline void table_complain(struct table *t, const char *what)
{
	print_error("%s:%d: %s\n", t->path, t->line, what);
	t->differing++;
}

static inline int table_hex(const char *p, size_t n)
{
	char digits[3] = { n > 1 ? p[0] : 'x', n > 1 ? p[1] : 'x', '\0' };
	char *end;
	long value = strtol(digits, &end, 16);

	return end == digits + 2 ? (int)value : -1;
}

/* Resolves `<empty>` and `\xHH` in place. */
static inline struct str table_field(char *p, size_t n)
{
	size_t to = 0;

	if (str_eq((struct str){ p, n }, STR("<empty>")))
		return STR("");
	for (size_t i = 0; i < n; i++) {
		int byte = -1;

		if (p[i] == '\\' && i + 1 < n && p[i + 1] == 'x')
			byte = table_hex(p + i + 2, n - i - 2);
		p[to++] = byte < 0 ? p[i] : (char)byte;
		if (byte >= 0)
			i += 3;
	}
	return (struct str){ p, to };
}

static inline bool table_next(struct table *t)
{
	while (fgets(t->text, sizeof(t->text), t->file)) {
		size_t n = strlen(t->text);
		size_t columns = 0;
		size_t at = 0;

		t->line++;
		if (n && t->text[n - 1] == '\n')
			n--;
		if (!n || t->text[0] == '#')
			continue;
		while (at < n && columns < TABLE_FIELDS_MAX) {
			size_t end = at + str_find((struct str){ t->text + at, n - at }, '\t');

			t->field[columns++] = table_field(t->text + at, end - at);
			for (at = end; at < n && t->text[at] == '\t';)
				at++;
		}
		if (columns != t->columns || at < n) {
			table_complain(t, "it has not as many fields as the table has columns");
			continue;
		}
		t->rows++;
		return true;
	}
	return false;
}

/* Compares what the row wants with what came; the first field of a row is its input. */
static inline void table_expect(struct table *t, const char *what, struct str want, struct str got)
{
	if (str_eq(want, got))
		return;
	print_error("%s:%d: `%.*s`\n\t%s\n\twant: `%.*s`\n\tgot:  `%.*s`\n", t->path, t->line,
		    STR_ARG(t->field[0]), what, STR_ARG(want), STR_ARG(got));
	t->differing++;
}

static inline int64_t table_number(struct table *t, size_t column)
{
	int64_t number = 0;

	if (!str_to_i64(t->field[column], &number))
		table_complain(t, "a number is needed");
	return number;
}

static inline void table_close(struct table *t)
{
	fclose(t->file);
	if (!t->rows)
		fail_msg("%s has no rows", t->path);
	if (t->differing)
		fail_msg("%s: %zu of %zu rows differ", t->path, t->differing, t->rows);
}

#endif
