#ifndef PERIGEE_CLI_PRINT_H
#define PERIGEE_CLI_PRINT_H

/*
 * Text for people: aligned columns, and quantities as one says them.
 */

#include <stdio.h>

#include "base/buf.h"

#define COLUMNS_MAX 8

/* Cells are put one after the other, row by row; then all is printed as wide as needed. */
struct columns {
	size_t n; /* in a row */
	const char *heads[COLUMNS_MAX];
	bool right[COLUMNS_MAX]; /* numbers: they end at the same place */
	struct buf cells;	 /* private: each with a NUL behind it */
};

/* The heads, NULL at the end; one that begins with '>' is of a column of numbers. */
struct columns columns_init(const char *const *heads);
void columns_put(struct columns *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes them, each line behind `indent` blanks, and releases them. */
void columns_print(struct columns *c, FILE *to, int indent);

#define QUANTITY_BYTES 64

/* `45 s`, `4 min 10 s`, `5 h 20 min`, `30 d 4 h`; with a minus for what is below 0. */
const char *say_seconds(int64_t seconds, char text[static QUANTITY_BYTES]);

/* `812 B`, `24.1 kB`, `3.2 MB`. */
const char *say_bytes(int64_t bytes, char text[static QUANTITY_BYTES]);

#endif
