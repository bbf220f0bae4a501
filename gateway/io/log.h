#ifndef PERIGEE_IO_LOG_H
#define PERIGEE_IO_LOG_H

/*
 * One line per event on standard error: logfmt or JSON (base/record.h has the forms, and how
 * pairs are given). A warning or an error is written at once. Others are too, unless there are
 * more than a thousand in a second: then as many as fit go out together, in one write(2) of at most
 * PIPE_BUF bytes (so that no line is torn where workers share a pipe), and the last ones within a
 * second.
 *
 *     ts=2026-11-23T21:20:00.123Z level=info event=request id=... trace=... status=200 ...
 *
 * A thread that works on behalf of a request says so with log_set_cause(): the ids of that
 * request stand in every line it writes then, wherever that is written.
 *
 * Warnings and errors that repeat themselves are counted instead of written (policy/repeat.h),
 * and told as `event=repeated of=... reason=... times=...`.
 *
 * Thread safe. Callers put nothing secret into it; escaping is done here.
 */

#include "base/clock.h"
#include "base/record.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

extern const char *const log_level_names[LOG_LEVELS];
extern const char *const log_form_names[RECORD_FORMS];

/* Lines above this level are not written. */
void log_set_level(enum log_level level);
void log_set_form(enum record_form form);

void log_line(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A line in pieces: log_begin(), any number of record_putf(), log_end(). False: it is not
 * wanted, and there is nothing to end. */
bool log_begin(struct record *r, enum log_level level, const char *event);
void log_end(struct record *r, enum log_level level, const char *event);

/* The request because of which something happens; NUL-terminated, empty: none. */
struct log_cause {
	char id[33];
	char trace[33];
};

/* For this thread, until it is set again; NULL: none. A copy is kept. */
void log_set_cause(const struct log_cause *cause);

/* This thread's. */
struct log_cause log_get_cause(void);

/* Writes what waits, and tells what was held back: once a second, and (`all`) before the end. */
void log_tick(bool all);

#endif
