#include "base/units.h"

#define MS_PER_DAY (24 * 3600 * 1000LL)

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", MS_PER_DAY },
};

bool duration_parse(struct str text, int64_t *ret_ms)
{
	size_t digits = 0;
	int64_t number;

	while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (!str_to_i64(str_slice(text, 0, digits), &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t ms;

		if (!str_eq(str_slice(text, digits, text.n), str_from(units[i].name)))
			continue;
		if (__builtin_mul_overflow(number, units[i].ms, &ms) || ms > 36525 * MS_PER_DAY)
			return false;
		*ret_ms = ms;
		return true;
	}
	return false;
}

bool quota_parse(struct str text, struct quota *ret)
{
	struct str rest = text;
	int64_t calls;
	int64_t seconds;

	if (!str_to_i64(str_cut(&rest, '/'), &calls) || !str_to_i64(rest, &seconds))
		return false;
	if (calls < 1 || calls > 1000000 || seconds < 1 || seconds > 31 * 24 * 3600)
		return false;
	*ret = (struct quota){ (uint32_t)calls, seconds * 1000 };
	return true;
}
