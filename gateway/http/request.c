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
