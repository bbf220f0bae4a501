#include "io/log.h"

#include "http/date.h"
#include "io/sysclock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 2048

static enum log_level threshold = LOG_INFO;

const char *const log_level_names[LOG_LEVELS] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
	char line[LINE_BYTES];
	char ts[DATE_ISO_BYTES];
	size_t n;
	va_list ap;

	if (level > threshold)
		return;
	date_put_iso(sysclock.wall(&sysclock), ts);
	n = (size_t)snprintf(line, sizeof(line), "ts=%.*s level=%s event=%s ", DATE_ISO_BYTES, ts,
			     log_level_names[level], event);
	va_start(ap, format);
	vsnprintf(line + n, sizeof(line) - n - 1, format, ap);
	va_end(ap);
	n = strlen(line);
	/* A line is a line, whatever came into it from outside. */
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?';
	line[n++] = '\n';
	/* Where standard error is gone there is nobody to tell. */
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}
