#include "io/log.h"

#include "http/date.h"
#include "io/sysclock.h"
#include "policy/repeat.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static atomic_int threshold = LOG_INFO;
static atomic_int form = RECORD_LOGFMT;
static _Thread_local struct log_cause cause_of_thread;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for the one below */
static struct repeats repeats;

/* Lines that wait for others, to be written together. */
static struct {
	pthread_mutex_t lock; /* for all below */
	int64_t slot_ms;      /* the moment to which the next one belongs */
	int in_slot;	      /* lines of that moment so far */
	size_t n;
	char text[RECORD_BYTES];
} pending = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* So many lines in so short a time are written at once; further ones wait. */
#define SLOT_MS	   10
#define SLOT_LINES 10

const char *const log_level_names[LOG_LEVELS] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

const char *const log_form_names[RECORD_FORMS] = {
	[RECORD_LOGFMT] = "logfmt",
	[RECORD_JSON] = "json",
};

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, level);
}

void log_set_form(enum record_form new_form)
{
	atomic_store(&form, new_form);
}

void log_set_cause(const struct log_cause *cause)
{
	cause_of_thread = cause ? *cause : (struct log_cause){ .id = "" };
}

struct log_cause log_get_cause(void)
{
	return cause_of_thread;
}

/* ---- lines ---- */

/* Now, as text; what changes once a second is made once a second. */
static struct str timestamp(void)
{
	static _Thread_local char text[DATE_ISO_BYTES];
	static _Thread_local int64_t second = -1;
	struct wall now = sysclock.wall(&sysclock);
	int64_t ms = now.ms % 1000;

	if (now.ms / 1000 != second)
		date_put_iso(now, text);
	second = now.ms / 1000;
	for (size_t at = DATE_ISO_BYTES - 2; at > DATE_ISO_BYTES - 5; at--) {
		text[at] = (char)('0' + ms % 10);
		ms /= 10;
	}
	return (struct str){ text, sizeof(text) };
}

static void put_head(struct record *r, enum log_level level, const char *event)
{

	record_begin(r, (enum record_form)atomic_load_explicit(&form, memory_order_relaxed));
	record_put(r, STR("ts"), timestamp(), false);
	record_put(r, STR("level"), str_from(log_level_names[level]), false);
	record_put(r, STR("event"), str_from(event), false);
}

/* Under the lock. Where standard error is gone there is nobody to tell. */
static void write_pending(void)
{
	size_t n = pending.n;

	pending.n = 0;
	if (n && write(STDERR_FILENO, pending.text, n) < 0)
		return;
}

/* Under the lock: do lines come so fast by now that this one should wait for others? */
static bool is_rush(struct mono now)
{
	if (now.ms / SLOT_MS != pending.slot_ms)
		pending.in_slot = 0;
	pending.slot_ms = now.ms / SLOT_MS;
	return pending.in_slot++ >= SLOT_LINES;
}

static void write_out(struct record *r, enum log_level level)
{
	struct str line = record_end(r);

	pthread_mutex_lock(&pending.lock);
	if (pending.n + line.n > sizeof(pending.text))
		write_pending();
	memcpy(pending.text + pending.n, line.p, line.n);
	pending.n += line.n;
	if (!is_rush(sysclock.mono(&sysclock)) || level <= LOG_WARN)
		write_pending();
	pthread_mutex_unlock(&pending.lock);
}

bool log_begin(struct record *r, enum log_level level, const char *event)
{
	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return false;
	put_head(r, level, event);
	if (cause_of_thread.id[0])
		record_put(r, STR("id"), str_from(cause_of_thread.id), false);
	if (cause_of_thread.trace[0])
		record_put(r, STR("trace"), str_from(cause_of_thread.trace), false);
	return true;
}

static void tell_repeated(bool all)
{
	struct mono now = sysclock.mono(&sysclock);

	for (;;) {
		struct repeat told;
		struct record r;
		bool any;

		pthread_mutex_lock(&lock);
		any = repeats_take(&repeats, now, all, &told);
		pthread_mutex_unlock(&lock);
		if (!any)
			return;
		put_head(&r, (enum log_level)told.level, "repeated");
		record_putf(&r, "of=%s reason=\"%s\" times=%u seconds=%lld", told.event,
			    told.reason, told.held, (long long)(now.ms - told.since.ms) / 1000);
		write_out(&r, (enum log_level)told.level);
	}
}

void log_tick(bool all)
{
	tell_repeated(all);
	pthread_mutex_lock(&pending.lock);
	write_pending();
	pthread_mutex_unlock(&pending.lock);
}

static bool is_allowed(const struct record *r, enum log_level level, const char *event)
{
	bool allowed;

	tell_repeated(false);
	pthread_mutex_lock(&lock);
	allowed = repeats_allow(&repeats, event, r->reason, (int)level, sysclock.mono(&sysclock));
	pthread_mutex_unlock(&lock);
	return allowed;
}

void log_end(struct record *r, enum log_level level, const char *event)
{
	if (level > LOG_WARN || is_allowed(r, level, event))
		write_out(r, level);
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
	struct record r;
	va_list ap;

	if (!log_begin(&r, level, event))
		return;
	va_start(ap, format);
	record_vputf(&r, format, ap);
	va_end(ap);
	log_end(&r, level, event);
}
