#include "unit/test.h"

#include "policy/composed.h"

#define SUM  "0123456789abcdef0123456789abcdef"
#define SUM2 "fedcba9876543210fedcba9876543210"
#define HASH "00000000000000000000000000000001"

static const struct composed page = {
	.coding = CODING_GZIP,
	.length = 20563,
	.hash = STR(HASH),
	.parts_n = 2,
	.parts = { { .sum = STR(SUM),
		     .kind = ENTRY_WINDOW,
		     .count = 596,
		     .fetched = { 1795468800123 },
		     .fresh_until = { 1795490400123 },
		     .usable_until = { 1798082400123 } },
		   { .sum = STR(SUM2),
		     .kind = ENTRY_WINDOW,
		     .count = 596,
		     .fetched = { 1795468801000 },
		     .fresh_until = { 1795490401000 },
		     .usable_until = { 1798082401000 } } },
	.body = STR("\x1f\x8b\n\n\0 whatever"),
};

static const struct composed object = {
	.coding = CODING_IDENTITY,
	.length = 8,
	.hash = STR(HASH),
	.parts_n = 1,
	.parts = { { .sum = STR(SUM), .kind = ENTRY_OBJECT, .usable_until = { 1 } } },
	.body = STR("{\"id\":1}"),
};

static struct buf written(const struct composed *c)
{
	struct buf b = buf_init(COMPOSED_BYTES);

	composed_write(c, &b);
	assert_false(b.failed);
	return b;
}

static void assert_same_part(const struct composed_part *a, const struct composed_part *b)
{
	assert_view_at(a->sum, b->sum, __FILE__, __LINE__);
	assert_int_equal(a->kind, b->kind);
	assert_true(a->count == b->count);
	assert_true(a->fetched.ms == b->fetched.ms);
	assert_true(a->fresh_until.ms == b->fresh_until.ms);
	assert_true(a->usable_until.ms == b->usable_until.ms);
}

static void it_reads_back(void **state)
{
	static const struct composed *const all[] = { &page, &object };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct buf b = written(all[i]);
		struct composed c;

		assert_true(composed_read(buf_str(&b), &c));
		assert_int_equal(c.coding, all[i]->coding);
		assert_int_equal(c.length, all[i]->length);
		assert_view_at(c.hash, all[i]->hash, __FILE__, __LINE__);
		assert_view_at(c.body, all[i]->body, __FILE__, __LINE__);
		assert_int_equal(c.parts_n, all[i]->parts_n);
		for (size_t k = 0; k < c.parts_n; k++)
			assert_same_part(&c.parts[k], &all[i]->parts[k]);
		buf_release(&b);
	}
}

static void a_person_can_read_it(void **state)
{
	struct buf b = written(&object);

	(void)state;
	assert_true(str_starts(buf_str(&b), STR("1 ")));
	assert_view(str_slice(buf_str(&b), sizeof("1 \n") - 1 + HASH_HEX_BYTES, b.n),
		    "identity 8 " HASH "\n"
		    "object " SUM " 0 1970-01-01T00:00:00.000Z 1970-01-01T00:00:00.000Z "
		    "1970-01-01T00:00:00.001Z\n"
		    "\n"
		    "{\"id\":1}");
	buf_release(&b);
}

static void any_other_byte_is_noticed(void **state)
{
	struct buf b = written(&page);
	struct composed c;

	(void)state;
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		assert_false(composed_read(buf_str(&b), &c));
		b.p[i] ^= 1;
		assert_false(composed_read(str_slice(buf_str(&b), 0, i), &c));
		assert_false(composed_read(str_slice(buf_str(&b), i + 1, b.n), &c));
	}
	assert_true(composed_read(buf_str(&b), &c));
	buf_release(&b);
}

/* With the right sum over it. */
static bool is_read(const char *rest)
{
	struct buf b = buf_init(COMPOSED_BYTES);
	struct composed c;
	char check[HASH_HEX_BYTES];
	bool read;

	hash_hex(str_from(rest), check);
	buf_putf(&b, "1 %.*s\n%s", HASH_HEX_BYTES, check, rest);
	read = composed_read(buf_str(&b), &c);
	buf_release(&b);
	return read;
}

#define MOMENT "2026-11-23T21:20:00.123Z"
#define PART   "window " SUM " 596 " MOMENT " " MOMENT " " MOMENT "\n"

static void what_cannot_be_is_not_read(void **state)
{
	static const char *const wrong[] = {
		"",
		"identity 2 " HASH "\n\n{}",
		"identity 3 " HASH "\n" PART "\n{}",
		"identity -2 " HASH "\n" PART "\n{}",
		"identity 999999999999 " HASH "\n" PART "\n{}",
		"identity 2 " HASH "0\n" PART "\n{}",
		"identity 2 \"\r\nSet-Cookie: a=b;                  \n" PART "\n{}",
		"identity 2 " HASH "\n" PART PART PART "\n{}",
		"br 2 " HASH "\n" PART "\n{}",
		"identity 2 " HASH "\nrefusal " SUM " 596 " MOMENT " " MOMENT " " MOMENT "\n\n{}",
		"identity 2 " HASH "\nwindow " SUM "  596 " MOMENT " " MOMENT " " MOMENT "\n\n{}",
		"identity 2 " HASH "\nwindow " SUM " -1 " MOMENT " " MOMENT " " MOMENT "\n\n{}",
		"identity 2 " HASH "\nwindow x 596 " MOMENT " " MOMENT " " MOMENT "\n\n{}",
		"identity 2 " HASH "\nwindow " SUM " 596 " MOMENT " " MOMENT "\n\n{}",
	};

	(void)state;
	assert_true(is_read("identity 2 " HASH "\n" PART "\n{}"));
	assert_true(is_read("identity 2 " HASH "\n" PART PART "\n{}"));
	for (size_t i = 0; i < COUNT(wrong); i++)
		if (is_read(wrong[i]))
			fail_msg("read: %s", wrong[i]);
}

static void a_large_one_is_not_written(void **state)
{
	struct composed large = object;
	struct buf b = buf_init(COMPOSED_BYTES);
	char *body = calloc(1, COMPOSED_BYTES);

	(void)state;
	assert_non_null(body);
	large.body = (struct str){ body, COMPOSED_BYTES };
	composed_write(&large, &b);
	assert_true(b.failed);
	buf_release(&b);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_back),
		cmocka_unit_test(a_person_can_read_it),
		cmocka_unit_test(any_other_byte_is_noticed),
		cmocka_unit_test(what_cannot_be_is_not_read),
		cmocka_unit_test(a_large_one_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
