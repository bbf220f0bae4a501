#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

static const struct row {
	int status;
	const char *word;
	const char *title;
} rows[FAULT_COUNT] = {
#define X(name, status, word, title) [FAULT_##name] = { status, word, title },
	FAULTS(X)
#undef X
};

int fault_status(enum fault fault)
{
	return rows[fault].status;
}

const char *fault_word(enum fault fault)
{
	return rows[fault].word;
}

const char *fault_title(enum fault fault)
{
	return rows[fault].title;
}

enum fault fault_named(struct str word)
{
	for (enum fault fault = FAULT_NONE; fault < FAULT_COUNT; fault++)
		if (str_eq(word, str_from(rows[fault].word)))
			return fault;
	return FAULT_NONE;
}

void fail_set(struct fail *f, enum fault fault, const char *format, ...)
{
	va_list ap;

	*f = (struct fail){ .fault = fault };
	va_start(ap, format);
	vsnprintf(f->text, sizeof(f->text), format, ap);
	va_end(ap);
}
