#include "app/status_json.h"

json_t *status_text(struct str s)
{
	json_t *found = json_stringn(s.p ? s.p : "", s.n);

	return found ? found : json_string("(not UTF-8)");
}

json_t *status_moment(int64_t ms)
{
	return ms > 0 ? json_integer(ms) : json_null();
}

json_t *status_number(uint64_t n)
{
	return json_integer((json_int_t)n);
}
