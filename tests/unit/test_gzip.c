#include "unit/test.h"

#include "io/gzip.h"

#include <libdeflate.h>

#define CAP 2000000

/* Reads `coded` with a reader that looks at the CRC too; the caller gives it back. */
static char *gunzip(struct str coded, size_t n)
{
	char *plain = malloc(n + 1);
	struct libdeflate_decompressor *reader = libdeflate_alloc_decompressor();
	size_t used;

	assert_non_null(plain);
	assert_non_null(reader);
	assert_int_equal(
		libdeflate_gzip_decompress_ex(reader, coded.p, coded.n, plain, n, &used, NULL),
		LIBDEFLATE_SUCCESS);
	assert_int_equal(used, coded.n);
	libdeflate_free_decompressor(reader);
	return plain;
}

static void it_reads_back(void **state)
{
	static char text[1000000];
	uint64_t random = 3;

	(void)state;
	/* The first half shrinks, the second does not. */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i < sizeof(text) / 2 ? (char)('a' + i % 7) : (char)next_random(&random);
	for (size_t n = 0; n <= sizeof(text); n = n * 3 + 1) {
		struct buf b = buf_init(CAP);
		struct str body = { n ? text + sizeof(text) - n : NULL, n };
		char *plain;

		gzip_put(&b, body);
		assert_false(b.failed);
		plain = gunzip(buf_str(&b), n);
		assert_true(str_eq((struct str){ plain, n }, body));
		free(plain);
		buf_release(&b);
	}
}

static void the_same_gives_the_same(void **state)
{
	struct str body = STR("{\"results\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}");
	struct buf a = buf_init(CAP);
	struct buf b = buf_init(CAP);

	(void)state;
	gzip_put(&a, body);
	gzip_put(&b, body);
	assert_true(str_eq(buf_str(&a), buf_str(&b)));
	assert_true(a.n < body.n);
	/* No time, no name: RFC 1952 has them in the first ten bytes. */
	assert_memory_equal(a.p, "\x1F\x8B\x08\0\0\0\0\0", 8);
	buf_release(&a);
	buf_release(&b);
}

static void it_comes_behind_what_is_there(void **state)
{
	struct buf b = buf_init(CAP);
	char *plain;

	(void)state;
	buf_put(&b, STR("head"));
	gzip_put(&b, STR("body"));
	assert_memory_equal(b.p, "head", 4);
	plain = gunzip(str_slice(buf_str(&b), 4, b.n), 4);
	assert_memory_equal(plain, "body", 4);
	free(plain);
	buf_release(&b);
}

static void over_the_cap_it_fails(void **state)
{
	struct buf b = buf_init(20);

	(void)state;
	gzip_put(&b, STR("some text that does not become any shorter: 0123456789"));
	assert_true(b.failed);
	assert_int_equal(b.n, 0);
	buf_release(&b);
}

/* What gzip_put() makes is taken back whole; in another's place, cut, changed or too large it is
 * refused. */
static void taken_back(void **state)
{
	static char text[100000];
	struct buf coded = buf_init(CAP);
	struct buf plain = buf_init(sizeof(text));
	struct buf small = buf_init(sizeof(text) - 1);

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 7);
	gzip_put(&coded, (struct str){ text, sizeof(text) });
	gzip_take(&plain, buf_str(&coded));
	assert_false(plain.failed);
	assert_int_equal(plain.n, sizeof(text));
	assert_memory_equal(plain.p, text, sizeof(text));
	gzip_take(&small, buf_str(&coded));
	assert_true(small.failed);
	for (size_t n = 0; n < coded.n; n++) {
		buf_clear(&plain);
		gzip_take(&plain, (struct str){ coded.p, n });
		assert_true(plain.failed);
		/* The last four bytes say that there is nothing. */
		memset(coded.p + coded.n - 4, 0, 4);
	}
	buf_clear(&plain);
	gzip_take(&plain, buf_str(&coded));
	assert_true(plain.failed);
	buf_clear(&plain);
	gzip_take(&plain, STR("no gzip at all, but long enough"));
	assert_true(plain.failed);
	buf_release(&coded);
	buf_release(&plain);
	buf_release(&small);
}

static void nothing_taken_back(void **state)
{
	struct buf coded = buf_init(CAP);
	struct buf plain = buf_init(CAP);

	(void)state;
	gzip_put(&coded, STR(""));
	gzip_take(&plain, buf_str(&coded));
	assert_false(plain.failed);
	assert_int_equal(plain.n, 0);
	buf_release(&coded);
	buf_release(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_back),
		cmocka_unit_test(taken_back),
		cmocka_unit_test(nothing_taken_back),
		cmocka_unit_test(the_same_gives_the_same),
		cmocka_unit_test(it_comes_behind_what_is_there),
		cmocka_unit_test(over_the_cap_it_fails),
	};

	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
