#include "http/trace.h"

/* `00-<trace-id>-<parent-id>-<flags>` */
#define TRACE_AT     3
#define PARENT_AT    36
#define PARENT_BYTES 16
#define FLAGS_AT     53
#define FIELD_BYTES  55

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return true;
}

static bool is_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '0')
			return false;
	return true;
}

bool trace_id_is_valid(struct str id)
{
	return id.n == TRACE_ID_BYTES && is_hex(id) && !is_zero(id);
}

struct str traceparent_id(struct str field)
{
	const struct str none = { NULL, 0 };
	struct str version;
	struct str trace;
	struct str parent;

	if (field.n < FIELD_BYTES || field.p[TRACE_AT - 1] != '-' ||
	    field.p[PARENT_AT - 1] != '-' || field.p[FLAGS_AT - 1] != '-')
		return none;
	version = str_slice(field, 0, 2);
	trace = str_slice(field, TRACE_AT, TRACE_AT + TRACE_ID_BYTES);
	parent = str_slice(field, PARENT_AT, PARENT_AT + PARENT_BYTES);
	if (!is_hex(version) || str_eq(version, STR("ff")) || !trace_id_is_valid(trace) ||
	    !is_hex(parent) || is_zero(parent) || !is_hex(str_slice(field, FLAGS_AT, FIELD_BYTES)))
		return none;
	/* Version 00 ends here, and later ones may go on. */
	if (field.n > FIELD_BYTES && (str_eq(version, STR("00")) || field.p[FIELD_BYTES] != '-'))
		return none;
	return trace;
}
