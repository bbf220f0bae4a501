#include "http/request.h"

enum method request_method(const struct request *req)
{
	if (str_eq(req->method, STR("GET")))
		return METHOD_GET;
	if (str_eq(req->method, STR("HEAD")))
		return METHOD_HEAD;
	if (str_eq(req->method, STR("OPTIONS")))
		return METHOD_OPTIONS;
	return METHOD_OTHER;
}

bool request_only_if_cached(const struct request *req)
{
	struct str rest = req->cache_control;

	while (rest.n)
		if (str_eq_nocase(str_trim(str_cut(&rest, ',')), STR("only-if-cached")))
			return true;
	return false;
}

/* Takes one entity-tag off the list, without W/ but with its quotes; a tag may hold commas. */
static struct str next_tag(struct str *rest)
{
	struct str tag = { NULL, 0 };
	size_t end;

	while (rest->n && (rest->p[0] == ' ' || rest->p[0] == '\t' || rest->p[0] == ','))
		*rest = str_slice(*rest, 1, rest->n);
	if (str_starts(*rest, STR("W/")))
		*rest = str_slice(*rest, 2, rest->n);
	if (!rest->n || rest->p[0] != '"') {
		*rest = (struct str){ NULL, 0 };
		return tag;
	}
	end = 1 + str_find(str_slice(*rest, 1, rest->n), '"');
	if (end < rest->n)
		tag = str_slice(*rest, 0, end + 1);
	*rest = str_slice(*rest, end < rest->n ? end + 1 : rest->n, rest->n);
	return tag;
}

bool request_etag_matches(const struct request *req, struct str etag)
{
	struct str rest = str_trim(req->if_none_match);

	if (str_eq(rest, STR("*")))
		return true;
	while (rest.n)
		if (str_eq(next_tag(&rest), etag))
			return true;
	return false;
}
