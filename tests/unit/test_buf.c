#include "unit/test.h"

#include "base/buf.h"

static void writes_follow_one_another(void **state)
{
	struct buf b = buf_init(1000);

	(void)state;
	buf_put(&b, STR("ab"));
	buf_put(&b, (struct str){ NULL, 0 });
	buf_put_char(&b, 'c');
	buf_put_u64(&b, 0);
	buf_put_u64(&b, UINT64_MAX);
	buf_putf(&b, "[%d %s]", -5, "x");
	assert_false(b.failed);
	assert_view(buf_str(&b), "abc018446744073709551615[-5 x]");
	buf_release(&b);
	assert_null(b.p);
	assert_int_equal(b.n, 0);
	assert_int_equal(b.cap, 1000);
}

static void the_cap_is_exact(void **state)
{
	struct buf b = buf_init(4);

	(void)state;
	buf_put(&b, STR("abcd"));
	assert_false(b.failed);
	assert_view(buf_str(&b), "abcd");
	buf_put_char(&b, 'e');
	assert_true(b.failed);
	buf_release(&b);
}

static void a_failed_buffer_stays_failed_and_empty(void **state)
{
	struct buf b = buf_init(3);
	size_t n = 77;

	(void)state;
	buf_put(&b, STR("ab"));
	buf_putf(&b, "%s", "cd");
	assert_true(b.failed);
	assert_int_equal(b.n, 0);
	assert_null(b.p);
	buf_put_char(&b, 'x');
	buf_put_u64(&b, 1);
	assert_int_equal(b.n, 0);
	assert_null(buf_room(&b, 0));
	assert_null(buf_take(&b, &n));
	assert_int_equal(n, 77);
	buf_clear(&b);
	assert_false(b.failed);
	buf_put(&b, STR("xyz"));
	assert_view(buf_str(&b), "xyz");
	buf_release(&b);
}

static void growing_keeps_what_is_there(void **state)
{
	struct buf b = buf_init(1 << 20);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_put_char(&b, (char)('a' + i % 26));
	assert_false(b.failed);
	assert_int_equal(b.n, 100000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	buf_release(&b);
}

static void clearing_keeps_the_memory(void **state)
{
	struct buf b = buf_init(1000);
	char *p;

	(void)state;
	buf_put(&b, STR("abc"));
	p = b.p;
	buf_clear(&b);
	assert_int_equal(b.n, 0);
	buf_put(&b, STR("de"));
	assert_ptr_equal(b.p, p);
	assert_view(buf_str(&b), "de");
	buf_release(&b);
}

static void room_is_filled_by_the_caller(void **state)
{
	struct buf b = buf_init(10);
	char *to = buf_room(&b, 10);

	(void)state;
	assert_non_null(to);
	memcpy(to, "0123456789", 10);
	assert_int_equal(b.n, 0);
	buf_grew(&b, 10);
	assert_view(buf_str(&b), "0123456789");
	assert_null(buf_room(&b, 1));
	assert_true(b.failed);
	buf_release(&b);
}

static void taking_ends_the_string(void **state)
{
	struct buf b = buf_init(3);
	size_t n = 0;
	char *p;

	(void)state;
	buf_put(&b, STR("abc"));
	p = buf_take(&b, &n);
	assert_string_equal(p, "abc");
	assert_int_equal(n, 3);
	assert_null(b.p);
	free(p);
	p = buf_take(&b, &n);
	assert_string_equal(p, "");
	assert_int_equal(n, 0);
	free(p);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_follow_one_another),
		cmocka_unit_test(the_cap_is_exact),
		cmocka_unit_test(a_failed_buffer_stays_failed_and_empty),
		cmocka_unit_test(growing_keeps_what_is_there),
		cmocka_unit_test(clearing_keeps_the_memory),
		cmocka_unit_test(room_is_filled_by_the_caller),
		cmocka_unit_test(taking_ends_the_string),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
