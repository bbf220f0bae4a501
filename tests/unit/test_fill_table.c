#include "unit/catalog.h"

#include "app/fill_table.h"

static struct fill_table table;
static struct catalog *catalog;

static int set_up(void **state)
{
	(void)state;
	fill_table_init(&table);
	catalog = test_catalog();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fill_table_release(&table);
	/* Every fill has given back its reference. */
	assert_int_equal(atomic_load(&catalog->refs), 1);
	catalog_unref(catalog);
	return 0;
}

static struct fill *queue(const char *target, enum call_class class)
{
	const struct want want = { .api = &catalog->apis[0], .target = str_from(target) };
	struct fill *fill = fill_table_queue(&table, fill_table_find(&table, want.target), &want,
					     (struct wall){ 0 }, class);

	assert_non_null(fill);
	return fill;
}

/* Long after everything that was held back. */
static struct fill *next_fill(void)
{
	return fill_table_next(&table, (struct mono){ 1LL << 40 }, (struct wall){ 1LL << 40 });
}

static void fail_fill(struct fill *fill, enum fault fault, int64_t now_ms)
{
	struct fail failure;

	fail_set(&failure, fault, "x");
	failure.retry_after_s = 240;
	fill_table_fail(&table, fill, &failure, (struct mono){ now_ms }, 1000);
}

static void a_fill_has_a_target_of_its_own(void **state)
{
	char target[] = "/2.3.0/a/";
	struct fill *fill = queue(target, CALL_DEMAND);

	(void)state;
	memset(target, 'x', sizeof(target) - 1);
	assert_view(fill->want.target, "/2.3.0/a/");
	assert_ptr_equal(fill_table_find(&table, STR("/2.3.0/a/")), fill);
	assert_null(fill_table_find(&table, STR("/2.3.0/a")));
	assert_null(fill_table_find(&table, STR("/2.3.0/b/")));
	assert_int_equal(table.n, 1);
}

static void first_come_first(void **state)
{
	struct fill *a = queue("/a", CALL_DEMAND);
	struct fill *b = queue("/b", CALL_DEMAND);
	struct fill *c = queue("/c", CALL_DEMAND);
	struct fill *d;

	(void)state;
	assert_ptr_equal(next_fill(), a);
	assert_ptr_equal(next_fill(), b);
	assert_int_equal(b->stage, FILL_TAKEN);
	/* Whatever ends in between, the order stays. */
	fill_table_drop(&table, b);
	d = queue("/d", CALL_DEMAND);
	assert_ptr_equal(next_fill(), c);
	fill_table_drop(&table, a);
	assert_ptr_equal(next_fill(), d);
	assert_null(next_fill());
	fill_table_drop(&table, d);
	fill_table_drop(&table, c);
	assert_null(table.active);
	assert_int_equal(table.n, 0);
	a = queue("/a", CALL_DEMAND);
	assert_ptr_equal(next_fill(), a);
}

static struct fill *refresh(const char *target, int64_t fetched_ms, uint32_t asked, int64_t now_ms)
{
	struct fill *fill = queue(target, CALL_BACKGROUND);

	fill->newer_than.ms = fetched_ms;
	for (uint32_t i = 0; i < asked; i++)
		fill_note_asked(fill, CALL_BACKGROUND, (struct mono){ now_ms });
	return fill;
}

static struct fill *next_at(int64_t now_ms)
{
	return fill_table_next(&table, (struct mono){ now_ms }, (struct wall){ now_ms });
}

/* Who waits goes first; then requests times the square of age decide. */
static void the_most_wanted_is_refreshed_first(void **state)
{
	const int64_t now = 10000000;
	struct fill *old = refresh("/old", now - 4000000, 2, now);
	struct fill *wanted = refresh("/wanted", now - 1000000, 100, now);
	struct fill *both = refresh("/both", now - 4000000, 7, now);
	struct fill *demanded = queue("/demanded", CALL_DEMAND);

	(void)state;
	assert_ptr_equal(next_at(now), demanded);
	assert_ptr_equal(next_at(now), both);
	assert_ptr_equal(next_at(now), wanted);
	assert_ptr_equal(next_at(now), old);
	assert_null(next_at(now));
}

static struct fill *spare(const char *target, int64_t now_ms)
{
	struct fill *fill = queue(target, CALL_SPARE);

	fill_note_asked(fill, CALL_SPARE, (struct mono){ now_ms });
	return fill;
}

static void what_is_spare_comes_after_all_refreshes(void **state)
{
	struct fill *first = spare("/first", 1000);
	struct fill *second = spare("/second", 1000);
	struct fill *stale = refresh("/stale", 999, 1, 1000);

	(void)state;
	assert_ptr_equal(next_at(1000), stale);
	assert_ptr_equal(next_at(1000), first);
	/* Also after one that is held back: it is next. */
	fill_table_hold_back(&table, STR("ll2"), CALL_BACKGROUND, (struct mono){ 5000 });
	fill_table_put_back(stale, FILL_QUEUED, (struct mono){ 5000 });
	second->not_before.ms = 0;
	assert_null(next_at(4999));
	assert_ptr_equal(next_at(5000), stale);
	assert_ptr_equal(next_at(5000), second);
}

static void what_is_spare_holds_no_refresh_back(void **state)
{
	struct fill *a = spare("/a", 1000);
	struct fill *b = spare("/b", 1000);
	struct fill *stale;

	(void)state;
	assert_ptr_equal(next_at(1000), a);
	fill_table_hold_back(&table, STR("ll2"), CALL_SPARE, (struct mono){ 5000 });
	fill_table_put_back(a, FILL_QUEUED, (struct mono){ 5000 });
	stale = refresh("/stale", 0, 1, 1000);
	assert_ptr_equal(next_at(1000), stale);
	assert_null(next_at(4999));
	/* What is wanted now is a refresh like any other, and is not held back as that. */
	fill_note_asked(b, CALL_BACKGROUND, (struct mono){ 2000 });
	assert_int_equal(b->class, CALL_BACKGROUND);
	assert_ptr_equal(next_at(2000), b);
	assert_ptr_equal(next_at(5000), a);
	/* And a refresh stays one. */
	fill_note_asked(b, CALL_SPARE, (struct mono){ 6000 });
	assert_int_equal(b->class, CALL_BACKGROUND);
}

static void what_is_held_back_waits(void **state)
{
	struct fill *a = refresh("/a", 0, 1, 1000);
	struct fill *b = refresh("/b", 500, 1, 1000);
	struct exchange x = { .client = "c1", .deadline = { 9000 } };
	struct exchange y = { .client = "c2", .deadline = { 9000 } };

	(void)state;
	assert_ptr_equal(next_at(1000), a);
	fill_table_hold_back(&table, STR("another"), CALL_BACKGROUND, (struct mono){ 9000 });
	fill_table_hold_back(&table, STR("ll2"), CALL_BACKGROUND, (struct mono){ 5000 });
	fill_table_put_back(a, FILL_QUEUED, (struct mono){ 5000 });
	assert_null(next_at(4999));
	/* Unless somebody comes to wait for it. */
	fill_wait(&table, b, &x);
	assert_ptr_equal(next_at(4999), b);
	assert_string_equal(b->client, "c1");
	assert_string_equal(b->caller, "c1");
	assert_null(next_at(4999));
	assert_ptr_equal(next_at(5000), a);
	/* Who comes when it is called already changes nothing about whose call it is. */
	fill_wait(&table, a, &y);
	assert_string_equal(a->client, "c2");
	assert_string_equal(a->caller, "");
	assert_ptr_equal(fill_take_waiters(&table, a), &y);
	assert_ptr_equal(fill_take_waiters(&table, b), &x);
}

static void what_nobody_asks_for_any_more_is_dropped(void **state)
{
	struct fill *taken = refresh("/taken", 0, 1, 0);
	struct fill *kept = refresh("/kept", 0, 1, 60 * 1000);

	(void)state;
	assert_ptr_equal(next_at(0), taken);
	refresh("/unwanted", 0, 1, 0);
	queue("/demanded", CALL_DEMAND);
	fill_table_drop_unwanted(&table, (struct mono){ 30 * 60 * 1000 }, false);
	assert_int_equal(table.n, 4);
	fill_table_drop_unwanted(&table, (struct mono){ 30 * 60 * 1000 + 1 }, false);
	assert_int_equal(table.n, 3);
	assert_null(fill_table_find(&table, STR("/unwanted")));
	assert_ptr_equal(fill_table_find(&table, STR("/kept")), kept);
	fill_table_drop_unwanted(&table, (struct mono){ 0 }, true);
	assert_int_equal(table.n, 2);
	assert_ptr_equal(fill_table_find(&table, STR("/taken")), taken);
}

static void elsewhere_until_news_or_time(void **state)
{
	struct fill *a = queue("/a", CALL_DEMAND);
	struct fill *b = queue("/b", CALL_DEMAND);

	(void)state;
	next_fill();
	next_fill();
	fill_table_put_back(a, FILL_ELSEWHERE, (struct mono){ 5000 });
	/* News that came while it was asked for are not lost. */
	b->heard = true;
	fill_table_put_back(b, FILL_ELSEWHERE, (struct mono){ 5000 });
	assert_int_equal(a->stage, FILL_ELSEWHERE);
	assert_int_equal(b->stage, FILL_QUEUED);
	fill_table_wake(&table, (struct mono){ 4999 }, false);
	assert_int_equal(a->stage, FILL_ELSEWHERE);
	fill_table_wake(&table, (struct mono){ 5000 }, false);
	assert_int_equal(a->stage, FILL_QUEUED);
	next_fill();
	fill_table_put_back(a, FILL_ELSEWHERE, (struct mono){ 9000 });
	fill_table_wake(&table, (struct mono){ 0 }, true);
	assert_int_equal(a->stage, FILL_QUEUED);
}

static void news_of_the_last_time_are_none_of_the_next(void **state)
{
	struct fill *a = queue("/a", CALL_DEMAND);

	(void)state;
	next_fill();
	a->heard = true;
	fail_set(&a->told, FAULT_UPSTREAM_DOWN, "x");
	fail_fill(a, FAULT_UPSTREAM_DOWN, 0);
	assert_ptr_equal(queue("/a", CALL_DEMAND), a);
	assert_false(a->heard);
	assert_int_equal(a->told.fault, FAULT_NONE);
}

static void parked_until_the_budget_is_known(void **state)
{
	struct fill *a = queue("/a", CALL_DEMAND);
	struct fail failure;

	(void)state;
	next_fill();
	fill_table_put_back(a, FILL_PARKED, (struct mono){ 0 });
	fill_table_unpark(&table, STR("another"), NULL);
	fill_table_wake(&table, (struct mono){ 1LL << 40 }, true);
	assert_int_equal(a->stage, FILL_PARKED);
	fill_table_unpark(&table, STR("ll2"), NULL);
	assert_int_equal(a->stage, FILL_QUEUED);
	assert_int_equal(a->told.fault, FAULT_NONE);
	next_fill();
	fill_table_put_back(a, FILL_PARKED, (struct mono){ 0 });
	fail_set(&failure, FAULT_UPSTREAM_DOWN, "x");
	fill_table_unpark(&table, STR("ll2"), &failure);
	assert_int_equal(a->told.fault, FAULT_UPSTREAM_DOWN);
}

/* Far more targets than slots, so that many share one. */
static void many_targets(void **state)
{
	char target[32];

	(void)state;
	for (int i = 0; i < 5 * FILL_SLOTS; i++) {
		snprintf(target, sizeof(target), "/%d", i);
		queue(target, CALL_DEMAND);
	}
	assert_int_equal(table.n, 5 * FILL_SLOTS);
	for (int i = 0; i < 5 * FILL_SLOTS; i += 2) {
		snprintf(target, sizeof(target), "/%d", i);
		fill_table_drop(&table, fill_table_find(&table, str_from(target)));
	}
	for (int i = 0; i < 5 * FILL_SLOTS; i++) {
		snprintf(target, sizeof(target), "/%d", i);
		assert_int_equal(fill_table_find(&table, str_from(target)) != NULL, i % 2);
	}
}

static void waiters_are_taken_by_their_deadlines(void **state)
{
	struct exchange x[4] = { { .deadline = { 30 } },
				 { .deadline = { 10 } },
				 { .deadline = { 20 } },
				 { .deadline = { 30 } } };
	struct fill *fill = queue("/a", CALL_BACKGROUND);
	struct exchange *taken;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		fill_wait(&table, fill, &x[i]);
	assert_int_equal(fill->class, CALL_DEMAND);
	assert_int_equal(table.waiting, 3);
	assert_null(fill_table_expire(&table, (struct mono){ 9 }));
	taken = fill_table_expire(&table, (struct mono){ 20 });
	assert_ptr_equal(taken, &x[1]);
	assert_ptr_equal(taken->next, &x[2]);
	assert_null(taken->next->next);
	assert_int_equal(table.waiting, 1);
	/* Who comes now waits behind the one that is left. */
	fill_wait(&table, fill, &x[3]);
	taken = fill_take_waiters(&table, fill);
	assert_ptr_equal(taken, &x[0]);
	assert_ptr_equal(taken->next, &x[3]);
	assert_null(taken->next->next);
	assert_int_equal(table.waiting, 0);
	assert_null(fill_take_waiters(&table, fill));
	fill_wait(&table, fill, &x[1]);
	assert_ptr_equal(fill_take_waiters(&table, fill), &x[1]);
}

static void the_last_waiter_can_go_first(void **state)
{
	struct exchange x[3] = { { .deadline = { 30 } },
				 { .deadline = { 10 } },
				 { .deadline = { 30 } } };
	struct fill *fill = queue("/a", CALL_DEMAND);
	struct exchange *taken;

	(void)state;
	fill_wait(&table, fill, &x[0]);
	fill_wait(&table, fill, &x[1]);
	assert_ptr_equal(fill_table_expire(&table, (struct mono){ 10 }), &x[1]);
	fill_wait(&table, fill, &x[2]);
	taken = fill_take_waiters(&table, fill);
	assert_ptr_equal(taken, &x[0]);
	assert_ptr_equal(taken->next, &x[2]);
}

static void failures_stand_for_longer_each_time(void **state)
{
	static const int64_t pauses_ms[] = { 1000,  2000,   4000,   8000,   16000, 32000,
					     64000, 128000, 256000, 300000, 300000 };
	struct fill *fill = queue("/a", CALL_DEMAND);
	int64_t now_ms = 5;

	(void)state;
	for (size_t i = 0; i < COUNT(pauses_ms); i++) {
		assert_ptr_equal(next_fill(), fill);
		fail_fill(fill, FAULT_UPSTREAM_DOWN, now_ms);
		assert_null(table.active);
		assert_ptr_equal(fill_table_find(&table, STR("/a")), fill);
		now_ms += pauses_ms[i] - 1;
		assert_true(fill_still_failed(fill, CALL_DEMAND, (struct mono){ now_ms }));
		assert_true(fill_still_failed(fill, CALL_BACKGROUND, (struct mono){ now_ms }));
		assert_int_equal(fill_failure(fill, (struct mono){ now_ms }).retry_after_s, 1);
		now_ms++;
		assert_false(fill_still_failed(fill, CALL_DEMAND, (struct mono){ now_ms }));
		fill_table_forget(&table, (struct mono){ now_ms });
		assert_ptr_equal(queue("/a", CALL_DEMAND), fill);
	}
}

/* The tables were read anew while a failure was remembered. */
static void a_fill_is_queued_by_the_tables_of_its_last_want(void **state)
{
	struct catalog *next = test_catalog();
	const struct want want = { .api = &next->apis[0], .target = STR("/a") };
	struct fill *fill = queue("/a", CALL_DEMAND);

	(void)state;
	next_fill();
	fail_fill(fill, FAULT_UPSTREAM_DOWN, 5);
	assert_ptr_equal(fill_table_queue(&table, fill, &want, (struct wall){ 0 }, CALL_DEMAND),
			 fill);
	assert_ptr_equal(fill->want.api, want.api);
	assert_view(fill->want.target, "/a");
	assert_int_equal(atomic_load(&catalog->refs), 1);
	assert_int_equal(atomic_load(&next->refs), 2);
	catalog_unref(next);
}

/* However long Redis is away: a second after it is back, it is asked. */
static void that_nobody_can_be_asked_is_not_the_targets_fault(void **state)
{
	struct fill *fill = queue("/a", CALL_DEMAND);
	int64_t now_ms = 5;

	(void)state;
	for (int i = 0; i < 10; i++) {
		next_fill();
		fail_fill(fill, FAULT_STORE_DOWN, now_ms);
		assert_true(fill_still_failed(fill, CALL_DEMAND, (struct mono){ now_ms + 999 }));
		now_ms += 1000;
		assert_false(fill_still_failed(fill, CALL_DEMAND, (struct mono){ now_ms }));
		assert_ptr_equal(queue("/a", CALL_DEMAND), fill);
	}
}

static void failures_are_forgotten(void **state)
{
	struct fill *a = queue("/a", CALL_DEMAND);
	struct fill *b = queue("/b", CALL_DEMAND);

	(void)state;
	fail_fill(a, FAULT_UPSTREAM_DOWN, 0);
	fill_table_forget(&table, (struct mono){ 1999 });
	assert_ptr_equal(fill_table_find(&table, STR("/a")), a);
	fill_table_forget(&table, (struct mono){ 2000 });
	assert_null(fill_table_find(&table, STR("/a")));
	/* What is active is never forgotten. */
	fill_table_forget(&table, (struct mono){ INT64_MAX });
	assert_ptr_equal(fill_table_find(&table, STR("/b")), b);
	assert_int_equal(table.n, 1);
}

static void no_budget_is_told_with_its_own_time(void **state)
{
	struct fill *fill = queue("/a", CALL_DEMAND);

	(void)state;
	fail_fill(fill, FAULT_NO_BUDGET, 0);
	assert_int_equal(fill_failure(fill, (struct mono){ 0 }).retry_after_s, 240);
	assert_int_equal(fill_failure(fill, (struct mono){ 999 }).retry_after_s, 240);
	assert_true(fill_still_failed(fill, CALL_DEMAND, (struct mono){ 999 }));
	assert_false(fill_still_failed(fill, CALL_DEMAND, (struct mono){ 1000 }));
	/* It says nothing about upstream: the pause does not grow. */
	queue("/a", CALL_DEMAND);
	fail_fill(fill, FAULT_NO_BUDGET, 1000);
	assert_false(fill_still_failed(fill, CALL_DEMAND, (struct mono){ 2000 }));
}

static void what_background_may_not_do_demand_may(void **state)
{
	struct fill *fill = queue("/a", CALL_BACKGROUND);

	(void)state;
	fail_fill(fill, FAULT_NO_BUDGET, 0);
	assert_true(fill_still_failed(fill, CALL_BACKGROUND, (struct mono){ 1 }));
	assert_false(fill_still_failed(fill, CALL_DEMAND, (struct mono){ 1 }));
	queue("/a", CALL_BACKGROUND);
	fail_fill(fill, FAULT_UPSTREAM_DOWN, 0);
	assert_true(fill_still_failed(fill, CALL_DEMAND, (struct mono){ 1 }));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fill_has_a_target_of_its_own),
		TEST(first_come_first),
		TEST(the_most_wanted_is_refreshed_first),
		TEST(what_is_spare_comes_after_all_refreshes),
		TEST(what_is_spare_holds_no_refresh_back),
		TEST(what_is_held_back_waits),
		TEST(what_nobody_asks_for_any_more_is_dropped),
		TEST(elsewhere_until_news_or_time),
		TEST(news_of_the_last_time_are_none_of_the_next),
		TEST(parked_until_the_budget_is_known),
		TEST(many_targets),
		TEST(waiters_are_taken_by_their_deadlines),
		TEST(the_last_waiter_can_go_first),
		TEST(failures_stand_for_longer_each_time),
		TEST(that_nobody_can_be_asked_is_not_the_targets_fault),
		TEST(failures_are_forgotten),
		TEST(a_fill_is_queued_by_the_tables_of_its_last_want),
		TEST(no_budget_is_told_with_its_own_time),
		TEST(what_background_may_not_do_demand_may),
	};

	return cmocka_run_group_tests_name("fill_table", tests, NULL, NULL);
}
