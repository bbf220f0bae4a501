#include "http/date.h"

#include <time.h>

#define YEAR_0_MS    (-62167219200000LL)
#define YEAR_9999_MS 253402300799999LL

#define FIELDS 7

/* A d is a digit of the next field: year, month, day, hour, minute, second, millisecond. */
static const char shape[DATE_ISO_BYTES + 1] = "dddd-dd-ddTdd:dd:dd.dddZ";

/* By hand: a stored answer has three to six of them, and printf's formats were most of that. */
void date_put_iso(struct wall t, char text[static DATE_ISO_BYTES])
{
	int64_t ms = t.ms < YEAR_0_MS ? YEAR_0_MS : t.ms > YEAR_9999_MS ? YEAR_9999_MS : t.ms;
	int64_t below = ((ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((ms - below) / 1000);
	size_t at = FIELDS;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	int field[FIELDS] = { tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			      tm.tm_min,	 tm.tm_sec,	(int)below };

	/* From the last digit to the first. */
	for (size_t i = DATE_ISO_BYTES; i-- > 0;) {
		if (shape[i] == 'd') {
			text[i] = (char)('0' + field[at] % 10);
			field[at] /= 10;
		} else {
			text[i] = shape[i];
			at--;
		}
	}
}

bool date_parse_iso(struct str text, struct wall *ret)
{
	int field[FIELDS + 1] = { 0 };
	struct tm tm = { 0 };
	struct tm read;
	size_t at = 0;

	if (text.n != DATE_ISO_BYTES)
		return false;
	for (size_t i = 0; i < DATE_ISO_BYTES; i++) {
		char c = text.p[i];

		if (shape[i] == 'd') {
			if (c < '0' || c > '9')
				return false;
			field[at] = field[at] * 10 + (c - '0');
		} else if (c != shape[i]) {
			return false;
		} else {
			at++;
		}
	}
	tm.tm_year = field[0] - 1900;
	tm.tm_mon = field[1] - 1;
	tm.tm_mday = field[2];
	tm.tm_hour = field[3];
	tm.tm_min = field[4];
	tm.tm_sec = field[5];
	read = tm;
	ret->ms = (int64_t)timegm(&tm) * 1000 + field[6];
	/* timegm() takes February 30 for March 1, and writes that down. */
	return tm.tm_year == read.tm_year && tm.tm_mon == read.tm_mon &&
	       tm.tm_mday == read.tm_mday && tm.tm_hour == read.tm_hour &&
	       tm.tm_min == read.tm_min && tm.tm_sec == read.tm_sec;
}
