#include "policy/outlook.h"

#include <stdarg.h>
#include <stdio.h>

/* Thousandths of the requests of the last minutes from which on something is worth saying. */
#define UNANSWERED_SHOWS  10
#define REFUSED_IS_BAD	  100
#define STALE_SHOWS	  200
#define FROM_CACHE_WANTED 800

/* Fewer requests say little of what share comes from the cache. */
#define ENOUGH_TO_JUDGE 50

#define SPAN_BYTES    24
#define PERCENT_BYTES 24

uint64_t served_asked(const struct served *s)
{
	return s->fresh + s->stale + s->fetched + s->refused + s->failed;
}

/* In thousandths; `up`: rounded up, so that something is never nothing. */
static int share(uint64_t part, uint64_t whole, bool up)
{
	if (!whole)
		return 0;
	return (int)((part * 1000 + (up ? whole - 1 : 0)) / whole);
}

int served_from_cache(const struct served *s)
{
	uint64_t asked = served_asked(s);

	return asked ? share(s->fresh + s->stale, asked, false) : -1;
}

const char *outlook_word(enum outlook_level level)
{
	static const char *const words[] = {
		[OUTLOOK_GOOD] = "good",
		[OUTLOOK_IDLE] = "idle",
		[OUTLOOK_DEGRADED] = "degraded",
		[OUTLOOK_BAD] = "bad",
	};

	return words[level];
}

/* ---- words ---- */

/* Rounded up: whoever waits for so long has waited long enough. */
static const char *span(int64_t ms, char text[static SPAN_BYTES])
{
	static const struct {
		int64_t ms;
		int64_t below; /* of these units; then the next one is used */
		const char *name;
	} units[] = {
		{ 1000, 120, "s" },
		{ 60000, 120, "min" },
		{ 3600000, 48, "h" },
		{ 86400000, INT64_MAX, "days" },
	};
	size_t i = 0;

	while ((ms + units[i].ms - 1) / units[i].ms >= units[i].below)
		i++;
	snprintf(text, SPAN_BYTES, "%lld %s", (long long)((ms + units[i].ms - 1) / units[i].ms),
		 units[i].name);
	return text;
}

static const char *percent(int thousandths, char text[static PERCENT_BYTES])
{
	if (thousandths % 10)
		snprintf(text, PERCENT_BYTES, "%d.%d %%", thousandths / 10, thousandths % 10);
	else
		snprintf(text, PERCENT_BYTES, "%d %%", thousandths / 10);
	return text;
}

static void __attribute__((format(printf, 3, 4)))
say(struct outlook *o, enum outlook_level level, const char *format, ...)
{
	va_list args;

	o->level = level;
	va_start(args, format);
	vsnprintf(o->sentence, sizeof(o->sentence), format, args);
	va_end(args);
}

static void __attribute__((format(printf, 2, 3))) note(struct outlook *o, const char *format, ...)
{
	va_list args;

	if (o->notes_n == OUTLOOK_NOTES)
		return;
	va_start(args, format);
	vsnprintf(o->notes[o->notes_n++], OUTLOOK_TEXT_BYTES, format, args);
	va_end(args);
}

/* `clients get answers up to 1 h old` */
static const char *what_clients_get(const struct vitals *v, char text[static OUTLOOK_TEXT_BYTES])
{
	char age[SPAN_BYTES];

	if (!v->recent.stale)
		return "what clients ask for is still fresh";
	if (v->stale_upto_s < 0)
		return "clients get old answers";
	snprintf(text, OUTLOOK_TEXT_BYTES, "clients get answers up to %s old",
		 span(v->stale_upto_s * 1000, age));
	return text;
}

/* ---- what is told beside the sentence ---- */

static void note_supply(struct outlook *o, const struct supply *s)
{
	char wait[SPAN_BYTES];

	if (s->off)
		note(o, "Upstream is not asked, as an operator has said (perigee origin).");
	if (s->off || !s->known)
		return;
	if (s->silent)
		note(o, "Upstream does not answer; it is tried again by itself.");
	else if (s->cooldown_ms > 0)
		note(o, "Upstream refuses calls for another %s.", span(s->cooldown_ms, wait));
	else if (!s->remaining)
		note(o, "The quota is spent; the next call is free in %s.",
		     span(s->next_free_ms, wait));
}

static void note_store(struct outlook *o, const struct vitals *v)
{
	if (!v->store_up)
		note(o, "Redis is away; workers answer from memory.");
}

static void note_hour(struct outlook *o, const struct served *hour)
{
	char part[PERCENT_BYTES];
	int cached = served_from_cache(hour);

	if (cached >= 0)
		note(o, "In the last hour %s came from the cache.", percent(cached, part));
}

static void note_unanswered(struct outlook *o, const struct served *hour)
{
	char part[PERCENT_BYTES];
	int lost = share(hour->refused + hour->failed, served_asked(hour), true);

	if (lost)
		note(o, "%s of the last hour's requests were not answered.", percent(lost, part));
}

/* ---- the sentence ---- */

static void tell_idle(struct outlook *o, const struct vitals *v)
{
	bool well = v->store_up && !v->supply.silent && !v->supply.cooldown_ms;

	if (well)
		say(o, OUTLOOK_IDLE, "Ready: nobody has asked for anything in the last hour.");
	else
		say(o, OUTLOOK_DEGRADED,
		    "Nobody has asked for anything in the last hour, but not all is well.");
	note_store(o, v);
	note_supply(o, &v->supply);
}

static void tell_unanswered(struct outlook *o, const struct vitals *v, int failed, int refused)
{
	char part[PERCENT_BYTES];
	const struct supply *s = &v->supply;

	if (failed >= UNANSWERED_SHOWS)
		say(o, OUTLOOK_BAD, "%s of the last 5 minutes' requests could not be answered.",
		    percent(failed, part));
	else
		say(o, refused >= REFUSED_IS_BAD ? OUTLOOK_BAD : OUTLOOK_DEGRADED,
		    "%s of the last 5 minutes' requests were refused: nothing was stored, "
		    "and no call left.",
		    percent(refused, part));
	note_store(o, v);
	note_supply(o, s);
	note_hour(o, &v->hour);
}

static void tell_trouble(struct outlook *o, const struct vitals *v)
{
	char wait[SPAN_BYTES];
	char get[OUTLOOK_TEXT_BYTES];

	if (!v->store_up)
		say(o, OUTLOOK_DEGRADED, "Redis is away; clients are answered from memory.");
	else if (v->supply.silent)
		say(o, OUTLOOK_DEGRADED, "Upstream does not answer; %s.", what_clients_get(v, get));
	else
		say(o, OUTLOOK_DEGRADED, "Upstream refuses calls for another %s; %s.",
		    span(v->supply.cooldown_ms, wait), what_clients_get(v, get));
	note_hour(o, &v->hour);
	note_unanswered(o, &v->hour);
}

static void tell_stale(struct outlook *o, const struct vitals *v, int stale)
{
	char part[PERCENT_BYTES];
	char age[SPAN_BYTES];

	if (v->stale_upto_s < 0)
		say(o, OUTLOOK_DEGRADED,
		    "Clients get old answers: %s of those of the last 5 minutes were stale.",
		    percent(stale, part));
	else
		say(o, OUTLOOK_DEGRADED,
		    "Clients get old answers: %s of those of the last 5 minutes were stale, "
		    "up to %s old.",
		    percent(stale, part), span(v->stale_upto_s * 1000, age));
	note_supply(o, &v->supply);
	note_hour(o, &v->hour);
	note_unanswered(o, &v->hour);
}

static void tell_well(struct outlook *o, const struct vitals *v)
{
	char part[PERCENT_BYTES];
	int cached = served_from_cache(&v->hour);

	if (cached >= FROM_CACHE_WANTED)
		say(o, OUTLOOK_GOOD, "Clients are served well: %s from the cache in the last hour.",
		    percent(cached, part));
	else if (served_asked(&v->hour) < ENOUGH_TO_JUDGE)
		say(o, OUTLOOK_GOOD,
		    "Clients are answered; there were few requests in the last "
		    "hour, %s of them from the cache.",
		    percent(cached, part));
	else
		say(o, OUTLOOK_DEGRADED,
		    "Clients are answered, but often have to wait: only %s came from the "
		    "cache in the last hour.",
		    percent(cached, part));
	note_supply(o, &v->supply);
	note_unanswered(o, &v->hour);
}

struct outlook outlook_of(const struct vitals *v)
{
	struct outlook o = { .notes_n = 0 };
	uint64_t recent = served_asked(&v->recent);
	int failed = share(v->recent.failed, recent, true);
	int refused = share(v->recent.refused, recent, true);
	int stale = share(v->recent.stale, recent, true);

	if (!served_asked(&v->hour))
		tell_idle(&o, v);
	else if (failed >= UNANSWERED_SHOWS || refused >= UNANSWERED_SHOWS)
		tell_unanswered(&o, v, failed, refused);
	else if (!v->store_up || v->supply.silent || v->supply.cooldown_ms > 0)
		tell_trouble(&o, v);
	else if (stale >= STALE_SHOWS)
		tell_stale(&o, v, stale);
	else
		tell_well(&o, v);
	return o;
}
