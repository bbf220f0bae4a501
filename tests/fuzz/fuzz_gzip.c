/*
 * What is to be taken out of gzip, as it may come back from Redis: never more than the cap, and
 * what was taken out can be put in again. And any bytes, put in, come out the same.
 */
#include "fuzz/fuzz.h"

#include "io/gzip.h"

#define CAP (1024UL * 1024)

static void check_round_trip(struct str body)
{
	struct buf coded = buf_init(CAP);
	struct buf plain = buf_init(CAP);

	gzip_put(&coded, body);
	gzip_take(&plain, buf_str(&coded));
	must(!coded.failed && !plain.failed && str_eq(buf_str(&plain), body),
	     "what was put in comes out the same");
	buf_release(&coded);
	buf_release(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = fuzz_input(data, size);
	struct buf plain = buf_init(CAP / 2);

	gzip_take(&plain, input);
	must(plain.failed || plain.n <= CAP / 2, "the cap holds");
	if (!plain.failed)
		check_round_trip(buf_str(&plain));
	check_round_trip(str_slice(input, 0, input.n < CAP / 2 ? input.n : CAP / 2));
	buf_release(&plain);
	return 0;
}
