#ifndef PERIGEE_IO_LOG_H
#define PERIGEE_IO_LOG_H

/*
 * One logfmt line per event on standard error, written with a single write(2):
 *
 *     ts=2026-11-23T21:20:00.123Z level=info event=request id=... status=200 ...
 *
 * Thread safe. Callers write the pairs behind `event` themselves and put
 * nothing secret into them; control characters and what follows 2 kB are lost.
 */

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

extern const char *const log_level_names[LOG_LEVELS];

/* Lines above this level are not written. Set once, before threads start. */
void log_set_level(enum log_level level);

void log_line(enum log_level level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
