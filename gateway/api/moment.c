#include "api/moment.h"

#include <stdio.h>
#include <time.h>

#define SECOND_US 1000000LL
#define MINUTE_US (60 * SECOND_US)

/* 0001-01-01T00:00:00Z and the first moment of the year 10000. */
#define YEAR_1_US     (-62135596800 * SECOND_US)
#define YEAR_10000_US (253402300800 * SECOND_US)

static const char not_a_day[] = "it is not a day of the calendar";
static const char not_a_moment[] = "it is not an ISO 8601 date and time";

bool moment_is_writable(int64_t us)
{
	return us >= YEAR_1_US && us < YEAR_10000_US;
}

/* Takes `min` to `max` digits off the front of *rest. */
static bool take_number(struct str *rest, size_t min, size_t max, int *ret)
{
	size_t n = 0;

	*ret = 0;
	while (n < max && n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		*ret = *ret * 10 + (rest->p[n++] - '0');
	*rest = str_slice(*rest, n, rest->n);
	return n >= min;
}

static bool take_char(struct str *rest, char c)
{
	if (!rest->n || rest->p[0] != c)
		return false;
	*rest = str_slice(*rest, 1, rest->n);
	return true;
}

/* The first moment of the day at the front of *rest. */
static const char *take_day(struct str *rest, int64_t *ret_us)
{
	struct tm tm = { 0 };
	int year;
	int month;
	int day;

	if (!take_number(rest, 4, 4, &year) || !take_char(rest, '-') ||
	    !take_number(rest, 1, 2, &month) || !take_char(rest, '-') ||
	    !take_number(rest, 1, 2, &day))
		return not_a_moment;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	*ret_us = (int64_t)timegm(&tm) * SECOND_US;
	/* timegm() takes February 30 for March 2. */
	if (!year || tm.tm_mon != month - 1 || tm.tm_mday != day)
		return not_a_day;
	return NULL;
}

/* `.5`, `,123456`: up to twelve digits are read, six of them count. */
static bool take_fraction(struct str *rest, int64_t *us)
{
	int64_t unit = SECOND_US;
	size_t n = 0;

	if (!take_char(rest, '.') && !take_char(rest, ','))
		return true;
	for (; n < 12 && n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9'; n++) {
		unit /= 10;
		*us += (rest->p[n] - '0') * unit;
	}
	*rest = str_slice(*rest, n, rest->n);
	return n > 0;
}

static bool take_time(struct str *rest, int64_t *us)
{
	int hour;
	int minute;
	int second = 0;

	if (!take_number(rest, 1, 2, &hour) || !take_char(rest, ':') ||
	    !take_number(rest, 1, 2, &minute))
		return false;
	if (take_char(rest, ':') && (!take_number(rest, 1, 2, &second) || !take_fraction(rest, us)))
		return false;
	*us += ((hour * 60LL + minute) * 60 + second) * SECOND_US;
	return hour < 24 && minute < 60 && second < 60;
}

/* `Z`, `+02`, `+0200`, `+02:00`, `-3:00` is none; nothing is UTC. */
static bool take_zone(struct str *rest, int64_t *us)
{
	bool west;
	int hours;
	int minutes = 0;

	if (!rest->n || take_char(rest, 'Z'))
		return true;
	west = take_char(rest, '-');
	if (!west && !take_char(rest, '+') && !take_char(rest, ' '))
		return false;
	if (!take_number(rest, 2, 2, &hours))
		return false;
	if (rest->n && (take_char(rest, ':'), !take_number(rest, 2, 2, &minutes)))
		return false;
	*us += (west ? 1 : -1) * (hours * 60LL + minutes) * MINUTE_US;
	return hours < 24 && minutes < 60;
}

const char *moment_parse(struct str text, int64_t *ret_us)
{
	struct str rest = str_trim(text);
	int64_t us;
	const char *why = take_day(&rest, &us);

	if (why)
		return why;
	if (rest.n && ((!take_char(&rest, 'T') && !take_char(&rest, ' ')) ||
		       !take_time(&rest, &us) || !take_zone(&rest, &us) || rest.n))
		return not_a_moment;
	if (!moment_is_writable(us))
		return not_a_day;
	*ret_us = us;
	return NULL;
}

/* What is broken down is within the years 1 to 9999. */
static void put_day(int64_t us, char *text, size_t size)
{
	int64_t day = us >= 0 ? us / MOMENT_DAY_US : (us + 1) / MOMENT_DAY_US - 1;
	time_t seconds = (time_t)(day * (MOMENT_DAY_US / SECOND_US));
	struct tm tm;

	gmtime_r(&seconds, &tm);
	snprintf(text, size, "%04d-%02d-%02d", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1,
		 tm.tm_mday);
}

struct str moment_put(int64_t us, char text[static MOMENT_BYTES])
{
	int64_t of_day = ((us % MOMENT_DAY_US) + MOMENT_DAY_US) % MOMENT_DAY_US;
	long fraction = (long)(of_day % SECOND_US);
	int second = (int)(of_day / SECOND_US);
	char day[64];
	char time[64];
	size_t n;

	put_day(us, day, sizeof(day));
	n = (size_t)snprintf(time, sizeof(time), "%sT%02d:%02d:%02d.%06ld", day, second / 3600,
			     second / 60 % 60, second % 60, fraction);
	while (time[n - 1] == '0')
		n--;
	if (time[n - 1] == '.')
		n--;
	time[n++] = 'Z';
	memcpy(text, time, n);
	text[n] = '\0';
	return (struct str){ text, n };
}

const char *day_parse(struct str text, char ret[static MOMENT_BYTES], struct str *ret_text)
{
	struct str rest = str_trim(text);
	int64_t us;
	const char *why = take_day(&rest, &us);

	if (why || rest.n)
		return why == not_a_day ? why : "it is not a day such as 2026-11-24";
	put_day(us, ret, MOMENT_BYTES);
	*ret_text = str_from(ret);
	return NULL;
}
