#ifndef PERIGEE_BASE_RECORD_H
#define PERIGEE_BASE_RECORD_H

/*
 * One line of a log, made of pairs of a key and a value, in one of two forms:
 *
 *     ts=2026-11-23T21:20:00.123Z level=warn event=redis_failed reason="timed out"
 *     {"ts":"2026-11-23T21:20:00.123Z","level":"warn","event":"redis_failed","reason":"timed out"}
 *
 * Pairs are given as one printf format, `a=%d b="%s and %s"`: blanks part them, and quotes let
 * a value have some. The format says where a value begins and ends, never what is in it: so nothing
 * that came from outside can end a value, a pair or a line. A value that is made of whole numbers
 * and dots alone is a number in JSON, all else is text.
 *
 * Text becomes valid UTF-8 (what is not is U+FFFD), with control characters escaped as JSON does,
 * in both forms. A value is cut after RECORD_VALUE_BYTES, and a pair for which there is no room is
 * left out; the line says `truncated` then. It is always whole, and at most RECORD_BYTES long: what
 * one write(2) puts into a pipe without mixing it with others.
 */

#include <stdarg.h>

#include "base/str.h"

#define RECORD_BYTES	    4096
#define RECORD_VALUE_BYTES  2048
#define RECORD_REASON_BYTES 96

enum record_form {
	RECORD_LOGFMT,
	RECORD_JSON,
	RECORD_FORMS,
};

struct record {
	enum record_form form;
	bool truncated;
	size_t n;
	char reason[RECORD_REASON_BYTES]; /* the beginning of the value of that key; NUL-terminated
					   */
	char text[RECORD_BYTES];
};

void record_begin(struct record *r, enum record_form form);

/* Formats: 0 with a width, precision (.* and .n), h, l, ll, z, j, t, and d i u x c s %. */
void record_putf(struct record *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void record_vputf(struct record *r, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* One pair; `key` is a word of ours. */
void record_put(struct record *r, struct str key, struct str value, bool is_number);

/* The line, with its newline; a view of the record. */
struct str record_end(struct record *r);

#endif
