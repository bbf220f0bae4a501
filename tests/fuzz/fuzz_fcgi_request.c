/* What a web server sends: a plain request is whole and read from the first byte to the last, and
 * what is said of it lies in these bytes; until the last one has come it is neither. */
#include "fuzz/fuzz.h"

#include "io/fcgi_request.h"

static void check_pairs(struct str params)
{
	const char *at = params.p;
	const char *end = params.p + params.n;
	struct str name;
	struct str value;

	while (fcgi_take_pair(&params, &name, &value)) {
		must(name.p > at && value.p == name.p + name.n, "a pair stands behind its lengths");
		must(value.p + value.n <= end, "and within the record");
		at = value.p + value.n;
	}
	must(!params.n && at == end, "nothing is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = fuzz_input(data, size);
	struct str pairs = bytes;
	struct str name;
	struct str value;
	struct fcgi_request r;
	struct fcgi_request part;

	while (fcgi_take_pair(&pairs, &name, &value))
		must(value.p + value.n <= bytes.p + bytes.n, "a pair lies within what was given");
	if (!fcgi_request_read(bytes, &r))
		return 0;
	must(fcgi_request_is_whole(bytes), "what is plain is whole");
	must(r.params.p > bytes.p && r.params.p + r.params.n < bytes.p + bytes.n,
	     "parameters lie within it");
	check_pairs(r.params);
	for (size_t n = 0; n < bytes.n; n++) {
		must(!fcgi_request_read(str_slice(bytes, 0, n), &part), "a part is not plain");
		must(!fcgi_request_is_whole(str_slice(bytes, 0, n)), "and not whole");
	}
	return 0;
}
