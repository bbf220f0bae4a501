#include "unit/rig.h"

#include "app/fill_look.h"

#define FIRST  "/2.3.0/spacecraft/?limit=100"
#define SECOND "/2.3.0/spacecraft/?limit=100&offset=100"
#define THIRD  "/2.3.0/spacecraft/?limit=100&offset=200"

static const struct wall never = { 0 };

static int set_up(void **state)
{
	*state = rig_set_up();
	return 0;
}

static int tear_down(void **state)
{
	rig_tear_down(*state);
	return 0;
}

static struct want want_of(const struct rig *r, const char *target)
{
	return (struct want){ .api = &r->catalog->apis[0],
			      .endpoint = rig_endpoint(r),
			      .size = 100,
			      .start = strcmp(target, FIRST) == 0    ? 0
				       : strcmp(target, SECOND) == 0 ? 100
								     : 200,
			      .target = str_from(target) };
}

static bool join_newer(struct rig *r, const char *target, struct wall newer_than,
		       struct exchange *x, struct fail *reterr)
{
	struct want want = want_of(r, target);

	if (x) {
		*x = (struct exchange){ .arrived = r->clock.clock.mono(&r->clock.clock) };
		/* Its fields must not be looked at before the fill says so. */
		x->news.stored = true;
	}
	*reterr = (struct fail){ .fault = FAULT_NONE };
	return fills_join(r->fills, &want, newer_than, x, reterr);
}

static void join(struct rig *r, const char *target, struct exchange *x)
{
	struct fail failure;

	if (!join_newer(r, target, never, x, &failure))
		fail_msg("%s: %s", target, failure.text);
}

static void refresh(struct rig *r, const char *target)
{
	join(r, target, NULL);
}

static struct fail assert_refused(struct rig *r, const char *target, enum fault fault)
{
	struct exchange x;
	struct fail failure;

	assert_false(join_newer(r, target, never, &x, &failure));
	assert_string_equal(fault_word(failure.fault), fault_word(fault));
	assert_int_equal(fake_worker_waiting(&r->worker, &x), 0);
	return failure;
}

/* The page of the list that belongs to a target. */
static struct reply page_for(struct rig *r, const char *target)
{
	return fake_list_script(&r->list, str_from(target));
}

static void end_call(struct rig *r, size_t call, struct reply reply)
{
	if (!fake_origin_await(r->origin, call + 1))
		fail_msg("call %zu is never made", call);
	assert_true(fake_origin_end(r->origin, call, reply));
}

/* The next exchange that is resumed, which must be x, with an entry for the target. */
static void assert_brought(struct rig *r, struct exchange *x, const char *target)
{
	assert_ptr_equal(fake_worker_take(&r->worker), x);
	assert_non_null(x->news.entry);
	assert_view(x->news.entry->target, target);
	assert_int_equal(x->news.fail.fault, FAULT_NONE);
	entry_unref(x->news.entry);
	assert_int_equal(fake_worker_waiting(&r->worker, x), 0);
}

/* The next exchange that is resumed, which must be x, with a failure. */
static struct fail assert_failed(struct rig *r, struct exchange *x, enum fault fault)
{
	assert_ptr_equal(fake_worker_take(&r->worker), x);
	assert_null(x->news.entry);
	assert_string_equal(fault_word(x->news.fail.fault), fault_word(fault));
	assert_int_equal(fake_worker_waiting(&r->worker, x), 0);
	return x->news.fail;
}

static bool is_stored(struct rig *r, const char *target)
{
	struct entry *e = fake_store_get(&r->store, str_from(target));

	entry_unref(e);
	return e != NULL;
}

/* Joins for one call, lets it end so, and takes in the failure. */
static struct fail fail_once(struct rig *r, struct reply reply, enum fault fault)
{
	size_t calls = fake_origin_calls(r->origin);
	struct exchange x;

	join(r, FIRST, &x);
	end_call(r, calls, reply);
	return assert_failed(r, &x, fault);
}

/* ---- one fill for a target ---- */

static void one_call_for_all_who_ask(void **state)
{
	struct rig *r = *state;
	struct exchange x[5];

	join(r, FIRST, &x[0]);
	join(r, FIRST, &x[1]);
	rig_start(r);
	assert_true(fake_origin_await(r->origin, 1));
	for (size_t i = 2; i < COUNT(x); i++)
		join(r, FIRST, &x[i]);
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
	end_call(r, 0, page_for(r, FIRST));
	for (size_t i = 0; i < COUNT(x); i++) {
		assert_brought(r, &x[i], FIRST);
		assert_int_equal(x[i].news.collapsed, i > 0);
		assert_true(x[i].news.stored);
	}
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), COUNT(x));
	assert_int_equal(fake_origin_calls(r->origin), 1);
	assert_view(fake_origin_target(r->origin, 0), FIRST);
	assert_string_equal(r->origin->calls[0].base, "https://ll.thespacedevs.com");
	assert_int_equal(r->store.reserves, 1);
	assert_int_equal(r->store.settles, 1);
	assert_int_equal(r->store.saves, 1);
}

static void what_came_is_stored_for_as_long_as_it_is_usable(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_true(is_stored(r, FIRST));
	assert_true(r->store.last_keep_ms == 6 * 3600000 + 30 * 86400000LL);
}

/* What upstream was asked before an operator purged it is handed to those who wait, and kept, but
 * never as fresh. */
static void what_was_purged_meanwhile_does_not_come_as_fresh(void **state)
{
	struct rig *r = *state;
	struct exchange x;
	struct entry *stored;
	int64_t begun;

	join(r, FIRST, &x);
	rig_start(r);
	assert_true(fake_origin_await(r->origin, 1));
	begun = r->clock.clock.wall(&r->clock.clock).ms;
	r->store.purged_ms = begun;
	rig_advance(r, 1700);
	end_call(r, 0, page_for(r, FIRST));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_non_null(x.news.entry);
	assert_true(r->store.last_asked_ms == begun);
	assert_int_equal(entry_state(x.news.entry, x.news.entry->fetched), ENTRY_STALE);
	stored = fake_store_get(&r->store, STR(FIRST));
	assert_non_null(stored);
	assert_int_equal(entry_state(stored, stored->fetched), ENTRY_STALE);
	entry_unref(stored);
	entry_unref(x.news.entry);
	/* The next one was begun later. */
	join(r, FIRST, &x);
	end_call(r, 1, page_for(r, FIRST));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_int_equal(entry_state(x.news.entry, x.news.entry->fetched), ENTRY_FRESH);
	assert_true(r->store.last_asked_ms == begun + 1700);
	entry_unref(x.news.entry);
}

/* While the store is asked for the call an operator purges everything, and the store takes its
 * time. */
static void purge_and_dawdle(void *ctx)
{
	struct rig *r = ctx;

	r->store.purged_ms = r->clock.clock.wall(&r->clock.clock).ms;
	fake_clock_advance(&r->clock, 2);
}

/* A call begins when the store says so, not when it was asked. */
static void what_was_purged_before_the_call_was_granted_comes_fresh(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.ctx = r;
	r->store.on_reserve = purge_and_dawdle;
	join(r, FIRST, &x);
	rig_start(r);
	end_call(r, 0, page_for(r, FIRST));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_true(r->store.last_asked_ms == r->store.purged_ms + 2);
	assert_int_equal(entry_state(x.news.entry, x.news.entry->fetched), ENTRY_FRESH);
	entry_unref(x.news.entry);
}

static void what_is_done_about_a_target_can_be_seen(void **state)
{
	struct rig *r = *state;
	struct fill_report report;
	struct exchange x;

	assert_false(fills_look(r->fills, STR(FIRST)).known);
	join(r, FIRST, &x);
	report = fills_look(r->fills, STR(FIRST));
	assert_true(report.known && report.under_way && !report.calling);
	assert_int_equal(report.waiters, 1);
	rig_start(r);
	assert_true(fake_origin_await(r->origin, 1));
	rig_rest(r);
	report = fills_look(r->fills, STR(FIRST));
	assert_true(report.under_way && report.calling && report.class == CALL_DEMAND);
	end_call(r, 0, (struct reply){ .fault = FAULT_UPSTREAM_DOWN });
	assert_failed(r, &x, FAULT_UPSTREAM_DOWN);
	report = fills_look(r->fills, STR(FIRST));
	assert_true(report.known && !report.under_way && !report.waiters);
	assert_int_equal(report.failure.fault, FAULT_UPSTREAM_DOWN);
	assert_int_equal(report.failure.retry_after_s, 1);
}

static void other_targets_are_other_calls_in_their_order(void **state)
{
	struct rig *r = *state;
	struct exchange x[3];

	join(r, FIRST, &x[0]);
	join(r, SECOND, &x[1]);
	join(r, THIRD, &x[2]);
	rig_start(r);
	assert_true(fake_origin_await(r->origin, 3));
	assert_view(fake_origin_target(r->origin, 0), FIRST);
	assert_view(fake_origin_target(r->origin, 1), SECOND);
	assert_view(fake_origin_target(r->origin, 2), THIRD);
	/* Each brings news to its own waiters, in whatever order they end. */
	end_call(r, 2, page_for(r, THIRD));
	assert_brought(r, &x[2], THIRD);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x[0], FIRST);
	end_call(r, 1, fake_json(500, STR("{}")));
	assert_failed(r, &x[1], FAULT_UPSTREAM_ERROR);
}

static void a_refresh_waits_for_nobody(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	refresh(r, FIRST);
	refresh(r, FIRST);
	assert_true(fake_origin_await(r->origin, 1));
	assert_int_equal(r->store.background_reserves, 1);
	/* Somebody may still join it. */
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_true(x.news.collapsed);
	assert_int_equal(fake_origin_calls(r->origin), 1);
}

static void a_refusal_of_upstream_is_news_too(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	join(r, FIRST, &x);
	end_call(r, 0, fake_json(404, STR("{\"detail\":\"Not found.\"}")));
	assert_brought(r, &x, FIRST);
	assert_true(is_stored(r, FIRST));
	rig_advance(r, 600000);
	assert_false(is_stored(r, FIRST));
}

/* ---- filled meanwhile ---- */

/* What another worker has stored, fetched so long ago. */
static struct wall put_stored(struct rig *r, int64_t age_ms)
{
	struct wall now = r->clock.clock.wall(&r->clock.clock);
	const struct entry e = { .kind = ENTRY_WINDOW,
				 .status = 200,
				 .target = STR(FIRST),
				 .fetched = { now.ms - age_ms },
				 .fresh_until = { now.ms - age_ms + 60000 },
				 .usable_until = { now.ms - age_ms + 600000 } };

	fake_store_put(&r->store, &e);
	return e.fetched;
}

static void what_another_worker_filled_is_taken(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	put_stored(r, 59999);
	rig_start(r);
	join(r, FIRST, &x);
	assert_brought(r, &x, FIRST);
	assert_true(x.news.stored);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	assert_int_equal(r->store.reserves, 0);
}

/* Not before the reservation that is granted: the first one wants a comparison. */
static void put_fresh(void *ctx)
{
	struct rig *r = ctx;

	if (r->store.calibrations)
		put_stored(r, 0);
}

/* It was looked for and not there; then it was stored, and its target let go. */
static void what_another_worker_filled_just_before_the_grant_is_taken(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.on_reserve = put_fresh;
	r->store.ctx = r;
	rig_start(r);
	join(r, FIRST, &x);
	assert_brought(r, &x, FIRST);
	assert_true(x.news.stored);
	rig_rest(r);
	assert_int_equal(r->store.reserves, 1);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	assert_int_equal(r->store.settles, 1);
	assert_int_equal(r->store.settled_uncounted, 1);
	assert_int_equal(fake_store_logged(&r->store), 0);
}

static void what_is_stale_is_not_taken(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	put_stored(r, 60000);
	rig_start(r);
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
}

static void what_is_not_newer_is_not_taken(void **state)
{
	struct rig *r = *state;
	struct wall stored = put_stored(r, 1000);
	struct exchange x;
	struct fail failure;

	rig_start(r);
	assert_true(join_newer(r, FIRST, stored, &x, &failure));
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	stored = put_stored(r, 1000);
	stored.ms--;
	assert_true(join_newer(r, FIRST, stored, &x, &failure));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_non_null(x.news.entry);
	assert_true(x.news.entry->fetched.ms == stored.ms + 1);
	entry_unref(x.news.entry);
	assert_int_equal(fake_origin_calls(r->origin), 1);
}

/* ---- waiting ---- */

static void patience_ends_and_the_fill_goes_on(void **state)
{
	struct rig *r = *state;
	struct exchange early;
	struct exchange late;

	rig_start(r);
	join(r, FIRST, &early);
	assert_true(fake_origin_await(r->origin, 1));
	rig_advance(r, 5000);
	join(r, FIRST, &late);
	rig_advance(r, RIG_WAIT_MS - 5000 - 1);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
	rig_advance(r, 1);
	assert_int_equal(fake_worker_resumed(&r->worker), 1);
	assert_failed(r, &early, FAULT_UPSTREAM_SLOW);
	/* The other one still has time, and the call still counts for it and for the store. */
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &late, FIRST);
	assert_true(is_stored(r, FIRST));
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 2);
}

static void a_fill_that_all_have_given_up_is_stored(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	join(r, FIRST, &x);
	assert_true(fake_origin_await(r->origin, 1));
	rig_advance(r, RIG_WAIT_MS);
	assert_failed(r, &x, FAULT_UPSTREAM_SLOW);
	end_call(r, 0, page_for(r, FIRST));
	rig_rest(r);
	assert_true(is_stored(r, FIRST));
	assert_int_equal(fake_worker_resumed(&r->worker), 1);
}

/* Patience counts from a request's arrival, also when it has waited for another fill before. */
static void patience_does_not_begin_again(void **state)
{
	struct rig *r = *state;
	struct want want = want_of(r, SECOND);
	struct exchange first;
	struct exchange again;
	struct fail failure;

	rig_start(r);
	join(r, FIRST, &again);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &again, FIRST);
	rig_advance(r, RIG_WAIT_MS - 1);
	join(r, SECOND, &first);
	assert_true(fake_origin_await(r->origin, 2));
	assert_true(fills_join(r->fills, &want, never, &again, &failure));
	rig_advance(r, 1);
	assert_int_equal(fake_worker_resumed(&r->worker), 2);
	assert_ptr_equal(fake_worker_take(&r->worker), &again);
	assert_int_equal(again.news.fail.fault, FAULT_UPSTREAM_SLOW);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &first, SECOND);
}

static void so_many_may_wait(void **state)
{
	struct rig *r = *state;
	struct exchange x[8];
	struct exchange one_more;

	rig_start(r);
	for (size_t i = 0; i < COUNT(x); i++)
		join(r, i % 2 ? FIRST : SECOND, &x[i]);
	assert_int_equal(assert_refused(r, FIRST, FAULT_OVERLOAD).retry_after_s, 1);
	assert_refused(r, THIRD, FAULT_OVERLOAD);
	/* Nobody waits for a refresh. */
	refresh(r, THIRD);
	assert_true(fake_origin_await(r->origin, 3));
	rig_advance(r, RIG_WAIT_MS);
	assert_int_equal(fake_worker_resumed(&r->worker), COUNT(x));
	for (size_t i = 0; i < COUNT(x); i++)
		assert_non_null(fake_worker_take(&r->worker));
	join(r, FIRST, &one_more);
	rig_advance(r, RIG_WAIT_MS);
	assert_failed(r, &one_more, FAULT_UPSTREAM_SLOW);
}

/* ---- failures ---- */

static void each_failure_has_its_name(void **state)
{
	struct rig *r = *state;
	struct reply html = fake_json(200, STR("<html>"));

	rig_start(r);
	html.is_json = false;
	fail_once(r, html, FAULT_UPSTREAM_GARBAGE);
	rig_advance(r, 1000000);
	fail_once(r, fake_json(200, STR("{\"count\":1")), FAULT_UPSTREAM_GARBAGE);
	rig_advance(r, 1000000);
	fail_once(r, fake_json(200, STR("{}")), FAULT_UPSTREAM_GARBAGE);
	rig_advance(r, 1000000);
	fail_once(r, fake_json(503, STR("{}")), FAULT_UPSTREAM_ERROR);
	rig_advance(r, 1000000);
	fail_once(r, fake_fault(FAULT_UPSTREAM_DOWN, false), FAULT_UPSTREAM_DOWN);
	rig_advance(r, 1000000);
	fail_once(r, fake_fault(FAULT_UPSTREAM_SLOW, true), FAULT_UPSTREAM_SLOW);
	assert_int_equal(r->store.saves, 0);
	assert_false(is_stored(r, FIRST));
}

static void a_failed_fetch_replaces_nothing(void **state)
{
	struct rig *r = *state;
	struct wall stored = put_stored(r, 100000);
	struct entry *e;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	e = fake_store_get(&r->store, STR(FIRST));
	assert_non_null(e);
	assert_true(e->fetched.ms == stored.ms);
	entry_unref(e);
}

static void failures_are_remembered_for_longer_each_time(void **state)
{
	/* 1 s, doubled each time, up to 5 minutes. */
	static const int64_t pauses_ms[] = { 1000,  2000,   4000,   8000,   16000, 32000,
					     64000, 128000, 256000, 300000, 300000 };
	struct rig *r = *state;

	rig_start(r);
	for (size_t i = 0; i < COUNT(pauses_ms); i++) {
		struct fail told = fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);

		assert_int_equal(told.retry_after_s, pauses_ms[i] / 1000);
		rig_advance(r, 1);
		told = assert_refused(r, FIRST, FAULT_UPSTREAM_ERROR);
		assert_int_equal(told.retry_after_s, pauses_ms[i] / 1000);
		rig_advance(r, pauses_ms[i] - 2);
		told = assert_refused(r, FIRST, FAULT_UPSTREAM_ERROR);
		assert_int_equal(told.retry_after_s, 1);
		assert_int_equal(fake_origin_calls(r->origin), i + 1);
		rig_advance(r, 1);
	}
}

static void refreshes_respect_failures_too(void **state)
{
	struct rig *r = *state;
	struct fail failure;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	assert_false(join_newer(r, FIRST, never, NULL, &failure));
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 1);
	rig_advance(r, 1000);
	refresh(r, FIRST);
	assert_true(fake_origin_await(r->origin, 2));
}

static void success_and_time_forget_failures(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	rig_advance(r, 1000);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	rig_advance(r, 2000);
	join(r, FIRST, &x);
	end_call(r, 2, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	rig_advance(r, 6 * 3600000);
	assert_int_equal(
		fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR).retry_after_s, 1);
	/* A failure of long ago does not make the next one worse. */
	rig_advance(r, 3600000);
	assert_int_equal(
		fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR).retry_after_s, 1);
}

static void a_failure_is_of_one_target(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	join(r, SECOND, &x);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &x, SECOND);
}

/* ---- the budget ---- */

static void the_budget_is_asked_with_care(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_true(r->store.last_window_ms == 3600000);
	assert_true(r->store.last_hold_ms == RIG_CALL_MS);
	assert_int_equal(r->store.last_reserve, 3);
	assert_int_equal(fake_store_logged(&r->store), 1);
}

static void a_spent_budget_is_told_at_once(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.refuses = true;
	r->store.refuses_ms = 239001;
	rig_start(r);
	join(r, FIRST, &x);
	assert_int_equal(assert_failed(r, &x, FAULT_NO_BUDGET).retry_after_s, 240);
	rig_advance(r, 500);
	assert_int_equal(assert_refused(r, FIRST, FAULT_NO_BUDGET).retry_after_s, 240);
	rig_advance(r, 499);
	assert_int_equal(assert_refused(r, FIRST, FAULT_NO_BUDGET).retry_after_s, 240);
	assert_int_equal(r->store.reserves, 1);
	/* The budget of all workers may change: it is asked anew once a second. */
	rig_advance(r, 1);
	r->store.refuses = false;
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(fake_origin_calls(r->origin), 1);
}

/* Calls for 20 different targets: 15 are made, the others are told when. */
static void never_more_calls_than_the_quota(void **state)
{
	struct rig *r = *state;
	char targets[20][64];
	size_t refused = 0;

	r->origin->script = fake_list_script;
	rig_start(r);
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct want want;
		struct exchange x = { .arrived = r->clock.clock.mono(&r->clock.clock) };
		struct fail failure;

		snprintf(targets[i], sizeof(targets[i]), "/2.3.0/spacecraft/%zu/", i + 1);
		want = want_of(r, targets[i]);
		want.is_object = true;
		assert_true(fills_join(r->fills, &want, never, &x, &failure));
		assert_ptr_equal(fake_worker_take(&r->worker), &x);
		if (x.news.entry) {
			entry_unref(x.news.entry);
			rig_advance(r, 1000);
			continue;
		}
		refused++;
		assert_int_equal(x.news.fail.fault, FAULT_NO_BUDGET);
		/* The first call was 15 s ago; its hour has to pass. */
		assert_int_equal(x.news.fail.retry_after_s, 3600 - 15);
	}
	assert_int_equal(refused, 5);
	assert_int_equal(fake_origin_calls(r->origin), 15);
	rig_advance(r, (3600 - 15) * 1000LL - 1);
	assert_int_equal(fake_store_logged(&r->store), 15);
	rig_advance(r, 1);
	refresh(r, FIRST);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 15);
}

/* Refreshes n objects, one after the other. */
static void refresh_objects(struct rig *r, int n)
{
	for (int i = 0; i < n; i++) {
		struct want want;
		struct fail failure;
		char target[64];

		snprintf(target, sizeof(target), "/2.3.0/spacecraft/%d/", i + 1);
		want = want_of(r, target);
		want.is_object = true;
		assert_true(fills_join(r->fills, &want, never, NULL, &failure));
		rig_rest(r);
	}
}

static void background_leaves_a_reserve(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->origin->script = fake_list_script;
	rig_start(r);
	refresh_objects(r, 15);
	assert_int_equal(fake_origin_calls(r->origin), 12);
	/* That a refresh was refused says nothing about those who wait for it. */
	refresh(r, FIRST);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 12);
	join(r, FIRST, &x);
	assert_brought(r, &x, FIRST);
	assert_int_equal(fake_origin_calls(r->origin), 13);
	/* The others go on waiting for their turn, and are asked for no sooner. */
	assert_int_equal(r->store.background_reserves, 12 + 4);
	rig_advance(r, 3599999);
	assert_int_equal(fake_origin_calls(r->origin), 13);
	assert_int_equal(r->store.background_reserves, 12 + 4);
}

/* Somebody who comes while a refresh asks the budget. */
struct late_comer {
	struct rig *rig;
	struct exchange x;
	atomic_bool due;
	bool joined;
};

static void join_late(void *ctx)
{
	struct late_comer *l = ctx;
	struct want want = want_of(l->rig, FIRST);
	struct fail failure;

	if (atomic_exchange(&l->due, false))
		l->joined = fills_join(l->rig->fills, &want, never, &l->x, &failure);
}

static void who_joins_a_refresh_that_is_refused_has_a_call_of_their_own(void **state)
{
	struct rig *r = *state;
	struct late_comer late = { .rig = r };

	late.x.arrived = r->clock.clock.mono(&r->clock.clock);
	r->store.ctx = &late;
	r->store.on_reserve = join_late;
	r->origin->script = fake_list_script;
	rig_start(r);
	refresh_objects(r, 12);
	assert_int_equal(fake_origin_calls(r->origin), 12);
	late.due = true;
	refresh(r, FIRST);
	assert_brought(r, &late.x, FIRST);
	assert_true(late.joined);
	assert_int_equal(fake_origin_calls(r->origin), 13);
}

static void calls_are_settled_by_what_upstream_saw(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	/* It never got there: its slot is free again. */
	fail_once(r, fake_fault(FAULT_UPSTREAM_DOWN, false), FAULT_UPSTREAM_DOWN);
	assert_int_equal(fake_store_logged(&r->store), 0);
	assert_int_equal(r->store.settled_uncounted, 1);
	rig_advance(r, 1000000);
	/* It was answered: it counts from now on. */
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	assert_int_equal(fake_store_logged(&r->store), 1);
	assert_int_equal(r->store.settles, 2);
	assert_int_equal(r->store.settled_uncounted, 1);
	rig_advance(r, 1000000);
	/* It may still arrive: it stays held. */
	fail_once(r, fake_fault(FAULT_UPSTREAM_SLOW, true), FAULT_UPSTREAM_SLOW);
	assert_int_equal(fake_store_logged(&r->store), 2);
	assert_int_equal(r->store.settled_uncounted, 1);
}

static void a_429_cools_everybody_down(void **state)
{
	struct rig *r = *state;
	struct reply reply = fake_json(429, STR("{\"detail\":\"Request was throttled.\"}"));
	struct exchange x;

	reply.retry_after_s = 300;
	rig_start(r);
	assert_int_equal(fail_once(r, reply, FAULT_NO_BUDGET).retry_after_s, 300);
	assert_int_equal(r->store.cool_downs, 1);
	assert_true(r->store.last_cool_ms == 300000);
	/* Another target, and this one a second later: nobody calls before it is over. */
	join(r, SECOND, &x);
	assert_int_equal(assert_failed(r, &x, FAULT_NO_BUDGET).retry_after_s, 300);
	rig_advance(r, 299999);
	join(r, SECOND, &x);
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_int_equal(x.news.fail.fault, FAULT_NO_BUDGET);
	assert_int_equal(fake_origin_calls(r->origin), 1);
	rig_advance(r, 1000);
	join(r, SECOND, &x);
	end_call(r, 1, page_for(r, SECOND));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_non_null(x.news.entry);
	entry_unref(x.news.entry);
}

/* ---- another worker fetches it ---- */

#define THROTTLE "/2.3.0/api-throttle/"

static void hear(struct rig *r, const char *line)
{
	struct bulletin news;

	assert_true(news_parse(str_from(line), &news));
	fills_hear(r->fills, &news);
}

/* Somebody waits for what another worker fetches. */
static void join_elsewhere(struct rig *r, struct exchange *x)
{
	rig_start(r);
	rig_rest(r);
	r->store.elsewhere = true;
	join(r, FIRST, x);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
}

static void news_that_it_is_filled_are_taken_from_the_store(void **state)
{
	struct rig *r = *state;
	struct exchange x[2];

	join_elsewhere(r, &x[0]);
	join(r, FIRST, &x[1]);
	put_stored(r, 10);
	hear(r, "filled " FIRST);
	for (size_t i = 0; i < COUNT(x); i++) {
		assert_brought(r, &x[i], FIRST);
		assert_true(x[i].news.stored);
	}
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	assert_int_equal(r->store.settles, 0);
}

/* Nobody waits for it, but it would be fetched once more if the lease ended and nothing was fresh
 * then. */
static void a_refresh_is_over_as_soon_as_news_come(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	rig_rest(r);
	r->store.elsewhere = true;
	refresh(r, FIRST);
	refresh(r, SECOND);
	rig_rest(r);
	assert_int_equal(fills_stats(r->fills).queued, 2);
	put_stored(r, 10);
	hear(r, "filled " FIRST);
	rig_rest(r);
	assert_int_equal(fills_stats(r->fills).queued, 1);
	assert_false(fills_look(r->fills, STR(FIRST)).known);
	/* News may have been missed: then it is asked again who fetches it. */
	r->store.elsewhere = false;
	fills_hear_again(r->fills);
	rig_rest(r);
	assert_true(fake_origin_await(r->origin, 1));
	assert_int_equal(fake_origin_calls(r->origin), 1);
}

static void news_that_it_failed_reach_all_who_wait_at_once(void **state)
{
	struct rig *r = *state;
	struct exchange x[3];

	join_elsewhere(r, &x[0]);
	join(r, FIRST, &x[1]);
	join(r, SECOND, &x[2]);
	hear(r, "failed upstream-timeout 7 " FIRST);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(assert_failed(r, &x[i], FAULT_UPSTREAM_SLOW).retry_after_s, 1);
	rig_rest(r);
	/* It is remembered as if the call had been made here, and is of that target only. */
	assert_refused(r, FIRST, FAULT_UPSTREAM_SLOW);
	assert_int_equal(fake_worker_resumed(&r->worker), 2);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	hear(r, "failed quota-exceeded 300 " SECOND);
	assert_int_equal(assert_failed(r, &x[2], FAULT_NO_BUDGET).retry_after_s, 300);
}

static void without_news_it_is_taken_over_when_the_lease_ends(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	join_elsewhere(r, &x);
	rig_advance(r, LEASE_MS - 1);
	r->store.elsewhere = false;
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	rig_advance(r, 1);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
}

/* The other one lives and has renewed its lease: it is waited for again. */
static void a_lease_that_goes_on_is_waited_for(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	join_elsewhere(r, &x);
	rig_advance(r, LEASE_MS);
	rig_advance(r, LEASE_MS);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	rig_advance(r, RIG_WAIT_MS - 2 * LEASE_MS);
	assert_failed(r, &x, FAULT_UPSTREAM_SLOW);
}

/* News while it is asked whether another one fetches it: the answer is out of date then. */
struct early_news {
	struct rig *rig;
	atomic_bool due;
	const char *line;
};

static void tell_early(void *ctx)
{
	struct early_news *n = ctx;

	if (atomic_exchange(&n->due, false)) {
		put_stored(n->rig, 10);
		hear(n->rig, n->line);
	}
}

static void news_between_asking_and_waiting_are_not_lost(void **state)
{
	struct rig *r = *state;
	struct early_news early = { .rig = r, .line = "filled " FIRST };
	struct exchange x;

	r->store.ctx = &early;
	r->store.on_reserve = tell_early;
	rig_start(r);
	rig_rest(r);
	r->store.elsewhere = true;
	early.due = true;
	join(r, FIRST, &x);
	assert_brought(r, &x, FIRST);
	early.line = "failed upstream-error 0 " SECOND;
	early.due = true;
	join(r, SECOND, &x);
	assert_failed(r, &x, FAULT_UPSTREAM_ERROR);
	assert_int_equal(fake_origin_calls(r->origin), 0);
}

static void whoever_may_have_missed_news_asks_again(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	join_elsewhere(r, &x);
	put_stored(r, 10);
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
	fills_hear_again(r->fills);
	assert_brought(r, &x, FIRST);
	/* Not there: the other one still fetches it, or it is fetched here. */
	join(r, SECOND, &x);
	rig_rest(r);
	fills_hear_again(r->fills);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	r->store.elsewhere = false;
	fills_hear_again(r->fills);
	end_call(r, 0, page_for(r, SECOND));
	assert_brought(r, &x, SECOND);
}

static void news_end_a_pause_but_not_our_own_call(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	put_stored(r, 10);
	assert_refused(r, FIRST, FAULT_UPSTREAM_ERROR);
	hear(r, "filled " FIRST);
	join(r, FIRST, &x);
	assert_brought(r, &x, FIRST);
	join(r, SECOND, &x);
	assert_true(fake_origin_await(r->origin, 2));
	hear(r, "failed upstream-error 0 " SECOND);
	hear(r, "filled " SECOND);
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 2);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &x, SECOND);
}

static void nobodys_news_are_passed_over(void **state)
{
	static const char *const lines[] = { "purged", ("filled " SECOND),
					     "failed upstream-error 0 /x" };
	struct rig *r = *state;
	struct exchange x;

	join_elsewhere(r, &x);
	for (size_t i = 0; i < COUNT(lines); i++)
		hear(r, lines[i]);
	rig_rest(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	rig_stop(r);
	assert_failed(r, &x, FAULT_STOPPING);
}

static void assert_told(struct rig *r, const char *line)
{
	rig_rest(r);
	assert_string_equal(r->store.news, line);
}

static void the_end_of_each_call_is_told(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	fail_once(r, fake_json(500, STR("{}")), FAULT_UPSTREAM_ERROR);
	assert_told(r, "failed upstream-error 0 " FIRST);
	rig_advance(r, 1000000);
	fail_once(r, fake_fault(FAULT_UPSTREAM_SLOW, true), FAULT_UPSTREAM_SLOW);
	assert_told(r, "failed upstream-timeout 0 " FIRST);
	join(r, SECOND, &x);
	end_call(r, 2, page_for(r, SECOND));
	assert_brought(r, &x, SECOND);
	assert_told(r, "filled " SECOND);
	rig_advance(r, 1000000);
	/* At the end, too: whoever waits looks for itself then. */
	join(r, FIRST, &x);
	assert_true(fake_origin_await(r->origin, 4));
	rig_stop(r);
	assert_string_equal(r->store.news, "filled " FIRST);
}

static void leases_are_renewed_while_calls_run(void **state)
{
	struct rig *r = *state;
	struct exchange x[2];

	rig_start(r);
	rig_advance(r, LEASE_RENEW_MS);
	join(r, FIRST, &x[0]);
	join(r, SECOND, &x[1]);
	assert_true(fake_origin_await(r->origin, 2));
	rig_rest(r);
	assert_int_equal(r->store.renewals, 0);
	for (int i = 1; i <= 5; i++) {
		rig_advance(r, LEASE_RENEW_MS);
		assert_int_equal(r->store.renewals, 2 * i);
	}
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x[0], FIRST);
	rig_advance(r, LEASE_RENEW_MS);
	assert_int_equal(r->store.renewals, 11);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &x[1], SECOND);
	rig_advance(r, LEASE_RENEW_MS);
	assert_int_equal(r->store.renewals, 11);
}

/* ---- calibration ---- */

static void every_budget_is_compared_at_the_start(void **state)
{
	struct rig *r = *state;

	r->origin->count.body = "{\"your_request_limit\":15,\"limit_frequency_secs\":3600,"
				"\"current_use\":4,\"next_use_secs\":0}";
	rig_start(r);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 1);
	assert_int_equal(r->store.claims, 1);
	assert_int_equal(r->store.calibrations, 1);
	assert_int_equal(r->store.count.used, 4);
	/* It is no call, and waits for none of ours. */
	assert_int_equal(fake_origin_calls(r->origin), 0);
	assert_int_equal(r->store.reserves, 0);
}

static void fills_wait_for_the_comparison(void **state)
{
	struct rig *r = *state;
	struct exchange x[2];

	rig_start(r);
	rig_rest(r);
	r->store.uncalibrated = true;
	join(r, FIRST, &x[0]);
	join(r, SECOND, &x[1]);
	assert_true(fake_origin_await(r->origin, 2));
	rig_rest(r);
	assert_true(r->origin->counted >= 2);
	assert_int_equal(fake_worker_resumed(&r->worker), 0);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x[0], FIRST);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &x[1], SECOND);
}

static void a_failed_comparison_fails_those_who_wait_for_it(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	rig_rest(r);
	r->store.uncalibrated = true;
	r->origin->count.fault = FAULT_UPSTREAM_DOWN;
	join(r, FIRST, &x);
	assert_failed(r, &x, FAULT_UPSTREAM_DOWN);
	/* Another target at once: the comparison is not asked for again so soon. */
	join(r, SECOND, &x);
	assert_failed(r, &x, FAULT_UPSTREAM_DOWN);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 2);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	rig_advance(r, 1000000);
	r->origin->count.fault = FAULT_NONE;
	r->origin->count.status = 500;
	join(r, FIRST, &x);
	assert_failed(r, &x, FAULT_UPSTREAM_ERROR);
	rig_rest(r);
	rig_advance(r, 1000000);
	r->origin->count.status = 200;
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
}

/* Others may have used the quota since, which nobody knows; but that one may ask is known. */
static void without_a_comparison_an_older_one_has_to_do(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	rig_rest(r);
	rig_advance(r, 60000);
	r->store.outdated = true;
	r->origin->count.status = 500;
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(r->origin->counted, 2);
	/* Nor is it asked for again for some minutes. */
	rig_advance(r, 300000);
	join(r, SECOND, &x);
	end_call(r, 1, page_for(r, SECOND));
	assert_brought(r, &x, SECOND);
	assert_int_equal(r->origin->counted, 2);
	rig_advance(r, 400000);
	r->origin->count.status = 200;
	join(r, THIRD, &x);
	end_call(r, 2, page_for(r, THIRD));
	assert_brought(r, &x, THIRD);
	assert_int_equal(r->origin->counted, 3);
}

/* One that was told when it began needs a call a minute later, while another worker asks upstream.
 */
static void wait_for_anothers_word(struct rig *r, struct exchange *x)
{
	rig_start(r);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 1);
	rig_advance(r, 60000);
	r->store.outdated = true;
	r->store.claimed_elsewhere = true;
	join(r, FIRST, x);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
}

/* Another worker's question has failed: its news end the wait here, too. */
static void a_comparison_that_failed_elsewhere_is_none(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	wait_for_anothers_word(r, &x);
	hear(r, "failed upstream-timeout 1 " THROTTLE);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(r->origin->counted, 1);
}

static void an_upstream_that_does_not_tell_is_called_all_the_same(void **state)
{
	static const char *const bodies[] = { "{}", "no JSON", "{\"detail\":\"Not found.\"}" };
	struct rig *r = *state;
	char target[64];

	rig_start(r);
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct exchange x;

		rig_rest(r);
		r->store.uncalibrated = true;
		r->origin->count.body = bodies[i];
		r->origin->count.status = i == 2 ? 404 : 200;
		snprintf(target, sizeof(target), "/2.3.0/spacecraft/?limit=100&offset=%zu00",
			 i + 3);
		join(r, target, &x);
		end_call(r, i, fake_fault(FAULT_UPSTREAM_DOWN, false));
		assert_failed(r, &x, FAULT_UPSTREAM_DOWN);
		assert_int_equal(r->store.count.used, 0);
	}
}

/* Another worker compares: what it finds is in the store, but what this worker did before it began
 * is for itself to ask. At once, not when the first call is needed: then calls of others may be
 * under way, of which a comparison cannot tell whether upstream has counted them. */
static void after_a_comparison_elsewhere_a_new_worker_makes_its_own(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.elsewhere = true;
	rig_start(r);
	join(r, FIRST, &x);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 0);
	r->store.elsewhere = false;
	hear(r, "filled " THROTTLE);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 1);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	fills_hear_again(r->fills);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(r->origin->counted, 1);
}

/* One that was told before needs no word of its own. */
static void a_comparison_made_elsewhere_is_waited_for(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	wait_for_anothers_word(r, &x);
	r->store.outdated = false;
	hear(r, "filled " THROTTLE);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(r->origin->counted, 1);
}

static void after_a_429_it_is_compared_again(void **state)
{
	struct rig *r = *state;
	struct reply reply = fake_json(429, STR("{\"detail\":\"Request was throttled.\"}"));
	struct exchange x;

	reply.retry_after_s = 300;
	rig_start(r);
	fail_once(r, reply, FAULT_NO_BUDGET);
	rig_rest(r);
	assert_int_equal(r->store.cool_downs, 1);
	assert_int_equal(r->store.guessed_cool_downs, 0);
	assert_int_equal(r->origin->counted, 1);
	join(r, SECOND, &x);
	assert_int_equal(assert_failed(r, &x, FAULT_NO_BUDGET).retry_after_s, 300);
	rig_rest(r);
	assert_int_equal(r->origin->counted, 2);
	/* One that does not say how long: a minute is a guess, and is said to be one. */
	rig_advance(r, 301000);
	fail_once(r, fake_json(429, STR("{}")), FAULT_NO_BUDGET);
	rig_rest(r);
	assert_int_equal(r->store.cool_downs, 2);
	assert_int_equal(r->store.guessed_cool_downs, 1);
	assert_true(r->store.last_cool_ms == 60000);
	rig_advance(r, 61000);
	fail_once(r, fake_json(429, STR("Expected available in 50 seconds.")), FAULT_NO_BUDGET);
	rig_rest(r);
	assert_int_equal(r->store.cool_downs, 3);
	assert_int_equal(r->store.guessed_cool_downs, 1);
	assert_true(r->store.last_cool_ms == 50000);
}

static void a_429_to_the_comparison_cools_down_too(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	rig_rest(r);
	r->store.uncalibrated = true;
	r->origin->count.status = 429;
	r->origin->count.body = "{\"detail\":\"Expected available in 50 seconds.\"}";
	join(r, FIRST, &x);
	assert_int_equal(assert_failed(r, &x, FAULT_NO_BUDGET).retry_after_s, 50);
	rig_rest(r);
	assert_int_equal(r->store.cool_downs, 1);
	assert_int_equal(fake_origin_calls(r->origin), 0);
}

/* ---- refreshes ---- */

static void refused_refreshes_wait_and_the_most_wanted_goes_first(void **state)
{
	static const char *const targets[] = { FIRST, SECOND, THIRD };
	static const int asked[] = { 1, 5, 2 };
	struct rig *r = *state;

	rig_start(r);
	rig_rest(r);
	r->store.refuses = true;
	r->store.refuses_ms = 60000;
	for (size_t i = 0; i < COUNT(targets); i++)
		for (int k = 0; k < asked[i]; k++)
			refresh(r, targets[i]);
	rig_rest(r);
	for (int i = 0; i < 5; i++)
		rig_advance(r, 10000);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	/* What the budget has said of one is so for all of them: it was not asked again. */
	assert_true(r->store.background_reserves <= 3);
	r->store.refuses = false;
	rig_advance(r, 9999);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	rig_advance(r, 1);
	assert_true(fake_origin_await(r->origin, 3));
	assert_view(fake_origin_target(r->origin, 0), SECOND);
	assert_view(fake_origin_target(r->origin, 1), THIRD);
	assert_view(fake_origin_target(r->origin, 2), FIRST);
}

static void somebody_who_comes_does_not_wait_for_the_refresh(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	rig_rest(r);
	r->store.refuses = true;
	r->store.refuses_ms = 60000;
	refresh(r, FIRST);
	rig_rest(r);
	r->store.refuses = false;
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_int_equal(fake_origin_calls(r->origin), 1);
}

static void stopping_does_not_wait_for_queued_refreshes(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	rig_rest(r);
	r->store.refuses = true;
	r->store.refuses_ms = 60000;
	refresh(r, FIRST);
	refresh(r, SECOND);
	rig_rest(r);
	fills_stop(r->fills, 1000000);
	r->running = false;
	assert_int_equal(fake_origin_calls(r->origin), 0);
}

/* ---- what else can break ---- */

static void without_the_store_nobody_calls(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.broken = true;
	rig_start(r);
	join(r, FIRST, &x);
	assert_failed(r, &x, FAULT_STORE_DOWN);
	assert_refused(r, FIRST, FAULT_STORE_DOWN);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 0);
	r->store.broken = false;
	rig_advance(r, 1000);
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
}

/* Who waits for it here gets it; other workers hear that they need not wait. */
static void what_cannot_be_stored_is_news_all_the_same(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->store.save_fails = true;
	rig_start(r);
	join(r, FIRST, &x);
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	assert_false(x.news.stored);
	assert_int_equal(r->store.saves, 1);
	assert_false(is_stored(r, FIRST));
	assert_string_equal(r->store.news, "failed store-unavailable 0 " FIRST);
}

static void a_call_that_cannot_be_started(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	r->origin->refuses = true;
	rig_start(r);
	join(r, FIRST, &x);
	assert_failed(r, &x, FAULT_INTERNAL);
	assert_int_equal(r->store.settled_uncounted, 1);
	assert_int_equal(fake_store_logged(&r->store), 0);
}

/* ---- the end ---- */

static void nothing_to_do_is_no_hindrance(void **state)
{
	struct rig *r = *state;

	rig_start(r);
	fills_stop(r->fills, 1000000);
	r->running = false;
	assert_refused(r, FIRST, FAULT_STOPPING);
	assert_int_equal(fake_origin_calls(r->origin), 0);
}

static void who_still_waits_is_told(void **state)
{
	struct rig *r = *state;
	struct exchange x[3];

	rig_start(r);
	join(r, FIRST, &x[0]);
	join(r, SECOND, &x[1]);
	join(r, FIRST, &x[2]);
	assert_true(fake_origin_await(r->origin, 2));
	rig_stop(r);
	assert_int_equal(fake_worker_resumed(&r->worker), 3);
	for (size_t i = 0; i < COUNT(x); i++) {
		assert_int_equal(fake_worker_waiting(&r->worker, &x[i]), 1);
		assert_int_equal(x[i].news.fail.fault, FAULT_STOPPING);
		assert_null(x[i].news.entry);
	}
	/* What upstream may have seen stays counted. */
	assert_int_equal(fake_store_logged(&r->store), 2);
}

static void *stop_with_grace(void *ctx)
{
	struct rig *r = ctx;

	fills_stop(r->fills, 10000);
	return NULL;
}

static void grace_lets_calls_end(void **state)
{
	struct rig *r = *state;
	struct exchange x;
	pthread_t stopper;

	rig_start(r);
	join(r, FIRST, &x);
	assert_true(fake_origin_await(r->origin, 1));
	assert_int_equal(pthread_create(&stopper, NULL, stop_with_grace, r), 0);
	r->running = false;
	end_call(r, 0, page_for(r, FIRST));
	assert_brought(r, &x, FIRST);
	pthread_join(stopper, NULL);
	assert_true(is_stored(r, FIRST));
}

static void grace_has_an_end(void **state)
{
	struct rig *r = *state;
	struct exchange x;

	rig_start(r);
	join(r, FIRST, &x);
	assert_true(fake_origin_await(r->origin, 1));
	/* The time it was given has passed before it looks. */
	fake_clock_advance(&r->clock, -1);
	fills_stop(r->fills, -1);
	r->running = false;
	assert_failed(r, &x, FAULT_STOPPING);
}

static void parts_that_are_missing(void **state)
{
	struct rig *r = *state;
	const struct fills_options options = { .wait_ms = 1 };

	assert_null(fills_new(&options, &r->clock.clock, NULL, NULL, fake_worker_resume, NULL));
	assert_null(fills_new(&options, &r->clock.clock, fake_store_open(&r->store), NULL,
			      fake_worker_resume, NULL));
	assert_int_equal(r->store.opened, 1);
	assert_null(fills_new(&options, &r->clock.clock, NULL, &r->origin->origin,
			      fake_worker_resume, NULL));
	assert_true(r->origin->freed);
	fills_free(NULL);
}

/* Many threads at once: each exchange comes back once, and each target is called for once. */
struct crowd {
	struct rig *rig;
	struct exchange x[2];
	bool joined[2];
};

static void *join_both(void *ctx)
{
	static const char *const targets[] = { FIRST, SECOND };
	struct crowd *c = ctx;

	for (size_t i = 0; i < 2; i++) {
		struct want want = want_of(c->rig, targets[i]);
		struct fail failure;

		c->x[i].arrived = c->rig->clock.clock.mono(&c->rig->clock.clock);
		c->joined[i] = fills_join(c->rig->fills, &want, never, &c->x[i], &failure);
	}
	return NULL;
}

static void from_many_threads(void **state)
{
	struct rig *r = *state;
	struct crowd crowd[4] = { { .rig = r }, { .rig = r }, { .rig = r }, { .rig = r } };
	pthread_t threads[COUNT(crowd)];

	rig_start(r);
	for (size_t i = 0; i < COUNT(crowd); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, join_both, &crowd[i]), 0);
	for (size_t i = 0; i < COUNT(crowd); i++)
		pthread_join(threads[i], NULL);
	assert_true(fake_origin_await(r->origin, 2));
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 2);
	for (size_t i = 0; i < 2; i++) {
		bool first = str_eq(fake_origin_target(r->origin, i), STR(FIRST));

		end_call(r, i, page_for(r, first ? FIRST : SECOND));
	}
	for (size_t i = 0; i < 2 * COUNT(crowd); i++) {
		struct exchange *x = fake_worker_take(&r->worker);

		assert_non_null(x);
		assert_non_null(x->news.entry);
		entry_unref(x->news.entry);
		assert_int_equal(fake_worker_waiting(&r->worker, x), 0);
	}
	for (size_t i = 0; i < COUNT(crowd); i++)
		assert_true(crowd[i].joined[0] && crowd[i].joined[1]);
}

/* Other options, while it runs: who comes then waits for as long as they say. */
static void options_change_while_it_runs(void **state)
{
	struct rig *r = *state;
	struct fills_options options = { .wait_ms = 3000,
					 .waiting_max = 1,
					 .retry_ms = RIG_RETRY_MS,
					 .permit = { .client_percent = 50 } };
	struct exchange first;
	struct exchange second;
	struct fail failure;

	rig_start(r);
	join(r, FIRST, &first);
	assert_true(fake_origin_await(r->origin, 1));
	fills_configure(r->fills, &options);
	rig_rest(r);
	assert_false(join_newer(r, FIRST, never, &second, &failure));
	assert_int_equal(failure.fault, FAULT_OVERLOAD);
	options.waiting_max = 8;
	fills_configure(r->fills, &options);
	rig_rest(r);
	join(r, FIRST, &second);
	rig_advance(r, 3000);
	assert_failed(r, &second, FAULT_UPSTREAM_SLOW);
	assert_int_equal(fake_worker_waiting(&r->worker, &first), 0);
	rig_advance(r, RIG_WAIT_MS - 3000);
	assert_failed(r, &first, FAULT_UPSTREAM_SLOW);
	end_call(r, 0, page_for(r, FIRST));
	rig_rest(r);
	/* How long a call may take is none of what changes. */
	assert_int_equal(r->store.last_hold_ms, RIG_CALL_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_call_for_all_who_ask),
		TEST(what_came_is_stored_for_as_long_as_it_is_usable),
		TEST(what_was_purged_meanwhile_does_not_come_as_fresh),
		TEST(what_was_purged_before_the_call_was_granted_comes_fresh),
		TEST(what_is_done_about_a_target_can_be_seen),
		TEST(other_targets_are_other_calls_in_their_order),
		TEST(a_refresh_waits_for_nobody),
		TEST(a_refusal_of_upstream_is_news_too),
		TEST(what_another_worker_filled_is_taken),
		TEST(what_another_worker_filled_just_before_the_grant_is_taken),
		TEST(what_is_stale_is_not_taken),
		TEST(what_is_not_newer_is_not_taken),
		TEST(patience_ends_and_the_fill_goes_on),
		TEST(a_fill_that_all_have_given_up_is_stored),
		TEST(patience_does_not_begin_again),
		TEST(so_many_may_wait),
		TEST(each_failure_has_its_name),
		TEST(a_failed_fetch_replaces_nothing),
		TEST(failures_are_remembered_for_longer_each_time),
		TEST(refreshes_respect_failures_too),
		TEST(success_and_time_forget_failures),
		TEST(a_failure_is_of_one_target),
		TEST(the_budget_is_asked_with_care),
		TEST(a_spent_budget_is_told_at_once),
		TEST(never_more_calls_than_the_quota),
		TEST(background_leaves_a_reserve),
		TEST(who_joins_a_refresh_that_is_refused_has_a_call_of_their_own),
		TEST(calls_are_settled_by_what_upstream_saw),
		TEST(a_429_cools_everybody_down),
		TEST(news_that_it_is_filled_are_taken_from_the_store),
		TEST(a_refresh_is_over_as_soon_as_news_come),
		TEST(news_that_it_failed_reach_all_who_wait_at_once),
		TEST(without_news_it_is_taken_over_when_the_lease_ends),
		TEST(a_lease_that_goes_on_is_waited_for),
		TEST(news_between_asking_and_waiting_are_not_lost),
		TEST(whoever_may_have_missed_news_asks_again),
		TEST(news_end_a_pause_but_not_our_own_call),
		TEST(nobodys_news_are_passed_over),
		TEST(the_end_of_each_call_is_told),
		TEST(leases_are_renewed_while_calls_run),
		TEST(every_budget_is_compared_at_the_start),
		TEST(fills_wait_for_the_comparison),
		TEST(a_failed_comparison_fails_those_who_wait_for_it),
		TEST(without_a_comparison_an_older_one_has_to_do),
		TEST(a_comparison_that_failed_elsewhere_is_none),
		TEST(an_upstream_that_does_not_tell_is_called_all_the_same),
		TEST(after_a_comparison_elsewhere_a_new_worker_makes_its_own),
		TEST(a_comparison_made_elsewhere_is_waited_for),
		TEST(after_a_429_it_is_compared_again),
		TEST(a_429_to_the_comparison_cools_down_too),
		TEST(refused_refreshes_wait_and_the_most_wanted_goes_first),
		TEST(somebody_who_comes_does_not_wait_for_the_refresh),
		TEST(stopping_does_not_wait_for_queued_refreshes),
		TEST(without_the_store_nobody_calls),
		TEST(what_cannot_be_stored_is_news_all_the_same),
		TEST(a_call_that_cannot_be_started),
		TEST(nothing_to_do_is_no_hindrance),
		TEST(who_still_waits_is_told),
		TEST(grace_lets_calls_end),
		TEST(grace_has_an_end),
		TEST(parts_that_are_missing),
		TEST(options_change_while_it_runs),
		TEST(from_many_threads),
	};

	return cmocka_run_group_tests_name("fill", tests, NULL, NULL);
}
