#include "unit/test.h"

#include "app/exchange.h"
#include "base/limits.h"

static struct entry *new_entry(const char *target)
{
	const struct entry facts = {
		.kind = ENTRY_OBJECT, .status = 200, .target = str_from(target), .body = STR("{}")
	};
	struct entry *e = entry_new(&facts);

	assert_non_null(e);
	return e;
}

static int set_up(void **state)
{
	struct exchange *x = calloc(1, sizeof(*x));

	assert_non_null(x);
	x->arena = arena_new(1 << 16);
	assert_non_null(x->arena);
	exchange_reset(x);
	*state = x;
	return 0;
}

static int tear_down(void **state)
{
	struct exchange *x = *state;

	exchange_reset(x);
	buf_release(&x->head);
	arena_free(x->arena);
	free(x);
	return 0;
}

static void bring(struct exchange *x, struct entry *e, bool collapsed, bool stored)
{
	x->news = (struct news){ .entry = e, .collapsed = collapsed, .stored = stored };
	exchange_take_news(x);
}

static void news_of_an_entry(void **state)
{
	struct exchange *x = *state;
	struct entry *e = new_entry("/a");

	bring(x, e, false, true);
	assert_int_equal(x->fills, 1);
	assert_true(x->stored);
	assert_false(x->collapsed);
	assert_int_equal(x->failed.fault, FAULT_NONE);
	assert_null(x->news.entry);
	assert_ptr_equal(exchange_held(x, STR("/a")), e);
	assert_null(exchange_held(x, STR("/b")));
	assert_null(exchange_held(x, STR("/")));
}

static void news_of_a_failure(void **state)
{
	struct exchange *x = *state;

	x->news = (struct news){ .fail = { .fault = FAULT_UPSTREAM_DOWN, .retry_after_s = 7 } };
	exchange_take_news(x);
	assert_int_equal(x->fills, 1);
	assert_int_equal(x->failed.fault, FAULT_UPSTREAM_DOWN);
	assert_int_equal(x->failed.retry_after_s, 7);
}

static void the_newest_entries_are_held(void **state)
{
	struct exchange *x = *state;
	struct entry *first = new_entry("/a");
	struct entry *second = new_entry("/b");
	struct entry *newer = new_entry("/a");
	struct entry *third = new_entry("/c");

	entry_ref(first);
	entry_ref(second);
	bring(x, first, false, true);
	bring(x, second, true, false);
	assert_ptr_equal(exchange_held(x, STR("/a")), first);
	assert_ptr_equal(exchange_held(x, STR("/b")), second);
	/* One for the same target takes the place of the old one, and its reference goes. */
	bring(x, newer, false, true);
	assert_ptr_equal(exchange_held(x, STR("/a")), newer);
	assert_ptr_equal(exchange_held(x, STR("/b")), second);
	assert_int_equal(first->refs, 1);
	bring(x, third, false, true);
	/* There is room for so many: the one that came first goes. */
	bring(x, new_entry("/d"), false, true);
	bring(x, new_entry("/e"), false, true);
	assert_non_null(exchange_held(x, STR("/b")));
	bring(x, new_entry("/f"), false, true);
	assert_null(exchange_held(x, STR("/b")));
	assert_ptr_equal(exchange_held(x, STR("/a")), newer);
	assert_ptr_equal(exchange_held(x, STR("/c")), third);
	assert_int_equal(second->refs, 1);
	assert_int_equal(x->fills, 7);
	/* Once collapsed, the request was. */
	assert_true(x->collapsed);
	assert_true(x->stored);
	entry_unref(first);
	entry_unref(second);
}

static void reset_gives_everything_back(void **state)
{
	struct exchange *x = *state;
	struct entry *held = entry_ref(new_entry("/a"));
	struct entry *in_news = entry_ref(new_entry("/b"));
	struct arena *arena = x->arena;
	int connection;

	x->connection = &connection;
	bring(x, held, false, true);
	x->news.entry = in_news;
	x->routed = true;
	x->failed.fault = FAULT_INTERNAL;
	buf_put(&x->head, STR("head"));
	buf_put(&x->body, STR("body"));
	exchange_reset(x);
	assert_int_equal(held->refs, 1);
	assert_int_equal(in_news->refs, 1);
	assert_null(x->held[0]);
	assert_null(x->news.entry);
	assert_false(x->routed);
	assert_int_equal(x->fills, 0);
	assert_int_equal(x->failed.fault, FAULT_NONE);
	assert_int_equal(x->head.n, 0);
	assert_null(x->body.p);
	assert_ptr_equal(x->connection, &connection);
	assert_ptr_equal(x->arena, arena);
	entry_unref(held);
	entry_unref(in_news);
}

static void a_failed_head_is_good_again(void **state)
{
	struct exchange *x = *state;

	for (size_t i = 0; i <= LIMIT_HEAD_BYTES; i++)
		buf_put_char(&x->head, 'x');
	assert_true(x->head.failed);
	exchange_reset(x);
	assert_false(x->head.failed);
	buf_put(&x->head, STR("x"));
	assert_view(buf_str(&x->head), "x");
}

static void every_result_has_a_word(void **state)
{
	(void)state;
	for (enum result r = 0; r < RESULT_COUNT; r++) {
		assert_non_null(result_word(r));
		for (enum result s = 0; s < r; s++)
			assert_string_not_equal(result_word(r), result_word(s));
	}
	assert_string_equal(result_word(RESULT_HIT), "hit");
	assert_string_equal(result_word(RESULT_COLLAPSED), "collapsed");
}

static void a_client_is_known_by_its_network_or_as_the_web_server_says(void **state)
{
	struct exchange *x = *state;
	char client[CLIENT_BYTES];

	exchange_name_client(x, STR("2001:db8:1:2::3"));
	assert_view(x->address, "2001:db8:1:2::3");
	memcpy(client, x->client, sizeof(client));
	exchange_name_client(x, STR("2001:db8:1:2:3::4"));
	assert_string_equal(x->client, client);
	exchange_name_client(x, STR("2001:db8:1:3::3"));
	assert_string_not_equal(x->client, client);
	x->named = STR("ann");
	exchange_name_client(x, STR("2001:db8:1:2::3"));
	assert_string_not_equal(x->client, client);
	memcpy(client, x->client, sizeof(client));
	exchange_name_client(x, STR("192.0.2.1"));
	assert_string_equal(x->client, client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(news_of_an_entry),
		TEST(news_of_a_failure),
		TEST(the_newest_entries_are_held),
		TEST(reset_gives_everything_back),
		TEST(a_failed_head_is_good_again),
		TEST(every_result_has_a_word),
		TEST(a_client_is_known_by_its_network_or_as_the_web_server_says),
	};

	return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
