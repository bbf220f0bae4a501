/* A traceparent field: what is read is a trace-id that stands in it, and reads the same in a field
 * that is made of it. */
#include "fuzz/fuzz.h"

#include "http/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str field = fuzz_input(data, size);
	struct str id = traceparent_id(field);
	char again[64];
	int n;

	if (!id.n)
		return 0;
	must(trace_id_is_valid(id), "it is a trace-id");
	must(id.p == field.p + 3 && id.p + id.n <= field.p + field.n, "that stands in the field");
	n = snprintf(again, sizeof(again), "00-%.*s-00f067aa0ba902b7-01", STR_ARG(id));
	must(str_eq(traceparent_id((struct str){ again, (size_t)n }), id), "and is read again");
	return 0;
}
