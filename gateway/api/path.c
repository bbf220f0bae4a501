#include "api/path.h"

static const struct json_token nothing = { .kind = TOKEN_ERROR };

/* The value of the member `name` of the object that j has just gone into; j stands behind its
 * first token. */
static struct json_token member(struct json *j, struct str name)
{
	for (;;) {
		struct json_token t = json_next(j);
		struct json_token value;

		if (t.kind != TOKEN_NAME)
			return nothing;
		value = json_next(j);
		if (str_eq(t.raw, name))
			return value;
		if (!json_skip(j, value))
			return nothing;
	}
}

struct json_token path_value(struct str object, struct str path)
{
	struct json j = json_init_neutral(object);
	struct json_token value = json_next(&j);

	if (!path.n)
		return nothing;
	while (path.n) {
		if (value.kind != TOKEN_OBJECT)
			return nothing;
		value = member(&j, str_cut(&path, '.'));
	}
	return value;
}
