#include "unit/test.h"

#include "policy/news.h"

#define TARGET "/2.3.0/spacecraft/?limit=100&name=a%20b"

static struct buf line;

static int set_up(void **state)
{
	(void)state;
	line = buf_init(NEWS_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_release(&line);
	return 0;
}

static struct str written(enum news_kind kind, const char *target, enum fault fault, int retry_s)
{
	struct bulletin b = { .kind = kind, .target = str_from(target) };

	if (kind == NEWS_PURGED)
		b.purge = (struct purge){ PURGE_INVALIDATE, PURGE_TARGET, str_from(target) };

	if (fault != FAULT_NONE)
		fail_set(&b.fail, fault, "What is said here is not told to others.");
	b.fail.retry_after_s = retry_s;
	buf_clear(&line);
	news_put(&line, &b);
	assert_false(line.failed);
	return buf_str(&line);
}

static void lines_read_as_the_header_says(void **state)
{
	(void)state;
	assert_view(written(NEWS_FILLED, TARGET, FAULT_NONE, 0), "filled " TARGET);
	assert_view(written(NEWS_FAILED, TARGET, FAULT_UPSTREAM_SLOW, 1),
		    "failed upstream-timeout 1 " TARGET);
	assert_view(written(NEWS_PURGED, TARGET, FAULT_NONE, 0),
		    "purged invalidate target " TARGET);
	assert_view(written(NEWS_ORIGIN, NULL, FAULT_NONE, 0), "origin");
}

static void what_is_written_reads_back(void **state)
{
	struct bulletin b;

	(void)state;
	assert_true(news_parse(written(NEWS_FILLED, TARGET, FAULT_NONE, 0), &b));
	assert_int_equal(b.kind, NEWS_FILLED);
	assert_view(b.target, TARGET);
	assert_int_equal(b.fail.fault, FAULT_NONE);
	assert_true(news_parse(written(NEWS_PURGED, TARGET, FAULT_NONE, 0), &b));
	assert_int_equal(b.kind, NEWS_PURGED);
	assert_int_equal(b.target.n, 0);
	assert_int_equal(b.purge.mode, PURGE_INVALIDATE);
	assert_int_equal(b.purge.scope, PURGE_TARGET);
	assert_view(b.purge.what, TARGET);
	assert_true(news_parse(written(NEWS_ORIGIN, NULL, FAULT_NONE, 0), &b));
	assert_int_equal(b.kind, NEWS_ORIGIN);
	assert_false(news_parse(STR("origin never"), &b));
	/* What a person may say by redis-cli. */
	assert_true(news_parse(STR("purged"), &b));
	assert_int_equal(b.purge.mode, PURGE_DELETE);
	assert_int_equal(b.purge.scope, PURGE_ALL);
	assert_true(news_parse(STR("origin"), &b));
	assert_int_equal(b.kind, NEWS_ORIGIN);
	assert_false(news_parse(STR("origin never"), &b));
	for (enum fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++) {
		assert_true(news_parse(written(NEWS_FAILED, TARGET, fault, (int)fault * 300), &b));
		assert_int_equal(b.kind, NEWS_FAILED);
		assert_view(b.target, TARGET);
		assert_int_equal(b.fail.fault, fault);
		assert_int_equal(b.fail.retry_after_s, (int)fault * 300);
		/* The text is ours, whoever wrote the line. */
		assert_holds(str_from(b.fail.text), fault_title(fault));
	}
}

/* The longest target that upstream is asked fits, and so does the longest word before it. */
static void the_longest_fits(void **state)
{
	static char target[LIMIT_TARGET_BYTES + 1];
	struct bulletin b;

	(void)state;
	memset(target, 'x', sizeof(target) - 1);
	for (enum fault fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++) {
		assert_true(news_parse(written(NEWS_FAILED, target, fault, 24 * 3600), &b));
		assert_int_equal(b.target.n, LIMIT_TARGET_BYTES);
	}
}

static void what_is_no_news_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"filled",
		"filled ",
		"Filled /a",
		"filledx /a",
		" filled /a",
		"fill /a",
		"purged ",
		"purged /a",
		"purged all",
		"purged delete",
		"purgedx",
		"failed",
		"failed ",
		"failed /a",
		"failed upstream-timeout",
		"failed upstream-timeout 1",
		"failed upstream-timeout 1 ",
		"failed upstream-timeout /a",
		"failed upstream-timeout  /a",
		"failed upstream-timeout -1 /a",
		"failed upstream-timeout 86401 /a",
		"failed upstream-timeout 99999999999999999999 /a",
		"failed upstream-timeout 1.5 /a",
		"failed upstream-timeout 1s /a",
		"failed upstream-timeout +1 /a",
		"failed upstream-timeout 0x1 /a",
		"failed none 1 /a",
		"failed  1 /a",
		"failed no-such-fault 1 /a",
		"failed UPSTREAM-TIMEOUT 1 /a",
		"told /a",
		"*3\r\n$7\r\nmessage\r\n",
	};
	struct bulletin b;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		if (news_parse(str_from(lines[i]), &b))
			fail_msg("taken for news: `%s`", lines[i]);
	assert_false(news_parse((struct str){ NULL, 0 }, &b));
	assert_false(news_parse(STR("filled\0/a"), &b));
	assert_false(news_parse(STR("failed upstream-timeout\0 1 /a"), &b));
}

/* A target is compared with those that are waited for, byte by byte: nothing else is done with it,
 * so anything may stand there. */
static void a_target_is_any_bytes(void **state)
{
	struct bulletin b;

	(void)state;
	assert_true(news_parse(STR("filled a b\0c\xff\n"), &b));
	assert_true(str_eq(b.target, STR("a b\0c\xff\n")));
	assert_true(news_parse(STR("failed not-found 0  a"), &b));
	assert_view(b.target, " a");
	assert_true(news_parse(STR("failed not-found 86400 a"), &b));
	assert_int_equal(b.fail.retry_after_s, 86400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_read_as_the_header_says),
		TEST(what_is_written_reads_back),
		TEST(the_longest_fits),
		TEST(what_is_no_news_is_passed_over),
		TEST(a_target_is_any_bytes),
	};

	return cmocka_run_group_tests_name("news", tests, NULL, NULL);
}
