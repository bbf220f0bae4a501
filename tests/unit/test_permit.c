#include "unit/catalog.h"

#include "app/permit.h"
#include "fake/clock.h"
#include "fake/store.h"
#include "policy/breaker.h"

#define CALL_MS	  20000
#define WINDOW_MS 3600000

/* So long is upstream's own count believed. */
#define TOLD_MS 10000

static struct rig {
	struct catalog *catalog;
	struct fake_clock clock;
	struct fake_store shared;
	struct store *store;
	struct permits *permits;
	const struct api *api;
	struct api silent; /* of an upstream that does not tell its count */
	int64_t wait_ms;   /* of the last ask */
	int64_t asked_ms;  /* of its ticket */
	struct fail fail;
} r;

static void make_permits(uint32_t local_percent)
{
	const struct permit_options options = { .reserve_percent = 20,
						.client_percent = 50,
						.local_percent = local_percent,
						.call_ms = CALL_MS };

	permits_free(r.permits);
	r.permits = permits_new(&options, &r.clock.clock, r.store);
	assert_non_null(r.permits);
}

static int set_up(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	r.catalog = test_catalog();
	r.api = &r.catalog->apis[0];
	r.silent = *r.api;
	r.silent.budget = STR("silent");
	fake_clock_init(&r.clock);
	fake_store_init(&r.shared, &r.clock.clock);
	r.store = fake_store_open(&r.shared);
	assert_non_null(r.store);
	make_permits(20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	permits_free(r.permits);
	r.store->free(r.store);
	fake_store_release(&r.shared);
	catalog_unref(r.catalog);
	return 0;
}

static void pass(int64_t ms)
{
	fake_clock_advance(&r.clock, ms);
}

static enum verdict ask_for(const struct api *api, const char *endpoint)
{
	static int calls;
	char id[16];
	struct want want = { .api = api,
			     .endpoint = api_endpoint(api, str_from(endpoint)),
			     .target = STR("/2.3.0/spacecraft/1/") };
	struct ticket ticket = { .budget = api->budget,
				 .target = want.target,
				 .client = STR("c1"),
				 .id = { id, (size_t)snprintf(id, sizeof(id), "%d", calls++) },
				 .hold_ms = CALL_MS };
	enum verdict verdict;

	r.wait_ms = -1;
	r.fail = (struct fail){ .fault = FAULT_NONE };
	verdict = permits_ask(r.permits, &want, &ticket, &r.wait_ms, &r.fail);
	r.asked_ms = ticket.asked_ms;
	return verdict;
}

static enum verdict ask(void)
{
	return ask_for(r.api, "spacecraft");
}

static enum verdict ask_for_count(void)
{
	return ask_for(r.api, "api-throttle");
}

static void tell(uint32_t calls, uint32_t used)
{
	const struct count count = { .quota = { calls, WINDOW_MS }, .used = used };

	permits_told(r.permits, &(struct want){ .api = r.api }, &count);
}

/* Upstream is asked, and says so. */
static void ask_and_tell(uint32_t calls, uint32_t used)
{
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	tell(calls, used);
}

static void assert_refused(enum verdict verdict, enum fault fault, int64_t wait_ms)
{
	assert_int_equal(verdict, VERDICT_REFUSED);
	assert_string_equal(fault_word(r.fail.fault), fault_word(fault));
	if (r.wait_ms != wait_ms)
		fail_msg("told to wait %lld ms instead of %lld", (long long)r.wait_ms,
			 (long long)wait_ms);
	assert_int_equal(r.fail.retry_after_s,
			 wait_ms > 1000 || fault != FAULT_STORE_DOWN ? (wait_ms + 999) / 1000 : 1);
}

/* ---- with the store ---- */

static void what_was_called_before_is_for_upstream_to_say(void **state)
{
	(void)state;
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	assert_int_equal(r.shared.claims, 1);
	tell(15, 4);
	assert_int_equal(r.shared.calibrations, 1);
	assert_int_equal(r.shared.count.used, 4);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(fake_store_logged(&r.shared), 1);
}

static void the_budget_is_told_all_it_needs(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_window_ms == WINDOW_MS);
	assert_true(r.shared.last_hold_ms == CALL_MS);
	assert_int_equal(r.shared.last_reserve, 3);
	assert_string_equal(r.shared.client, "c1");
}

/* A reserve of 3 in the 2 calls that upstream grants would leave nothing to refresh with. */
static void the_reserve_is_a_part_of_what_upstream_grants(void **state)
{
	(void)state;
	ask_and_tell(300, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(r.shared.last_reserve, 60);
	ask_and_tell(2, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(r.shared.last_reserve, 0);
	/* The limit itself is for the store to replace: it may know a newer one. */
	assert_int_equal(r.shared.last_limit, 15);
}

static void the_budgets_word_is_passed_on(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	r.shared.refuses = true;
	r.shared.refuses_ms = 238001;
	assert_refused(ask(), FAULT_NO_BUDGET, 238001);
	assert_int_equal(r.fail.retry_after_s, 239);
	r.shared.refuses = false;
	r.shared.elsewhere = true;
	assert_int_equal(ask(), VERDICT_ELSEWHERE);
	assert_true(r.wait_ms == LEASE_MS);
	assert_int_equal(ask_for_count(), VERDICT_ELSEWHERE);
	assert_true(r.wait_ms == LEASE_MS);
	r.shared.elsewhere = false;
	r.shared.uncalibrated = true;
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
}

/* Where upstream does not tell, our own log is all there is. */
static void a_silent_upstream_is_taken_at_its_silence(void **state)
{
	(void)state;
	assert_int_equal(ask_for(&r.silent, "spacecraft"), VERDICT_GRANTED);
	assert_int_equal(r.shared.calibrations, 0);
	/* One that is asked and has nothing to say. */
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	permits_told(r.permits, &(struct want){ .api = r.api }, NULL);
	assert_int_equal(r.shared.calibrations, 1);
	assert_int_equal(r.shared.count.used, 0);
	assert_int_equal(r.shared.count.quota.calls, 15);
	assert_int_equal(ask(), VERDICT_GRANTED);
}

static void after_the_store_was_away_it_is_compared_anew(void **state)
{
	(void)state;
	make_permits(0);
	ask_and_tell(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	r.shared.broken = true;
	assert_refused(ask(), FAULT_STORE_DOWN, 0);
	/* That it is told while the store is away helps nobody. */
	pass(TOLD_MS);
	ask_and_tell(15, 1);
	r.shared.broken = false;
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	ask_and_tell(15, 1);
	assert_int_equal(ask(), VERDICT_GRANTED);
	/* Noticed by asking for the count, too. */
	r.shared.broken = true;
	ask_for_count();
	r.shared.broken = false;
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
}

/* Other programs may use the same quota: it is to be compared in the last minute of an hour. */
static void comparisons_grow_old(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	pass(1000);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_compared_ms == WINDOW_MS / 60 + 1);
	/* Where upstream's count cannot be had, any one will do for ten. */
	permits_untold(r.permits, &(struct want){ .api = r.api });
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_compared_ms < 0);
	pass(WINDOW_MS / 6);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_compared_ms == WINDOW_MS / 60 + 1);
	/* But one there must have been. */
	make_permits(20);
	permits_untold(r.permits, &(struct want){ .api = r.api });
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
}

/* Else one that takes longer than that to ask would ask for ever. */
static void who_was_just_told_may_call(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_compared_ms < 0);
	pass(1000);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.shared.last_compared_ms > 0);
}

static void budgets_are_apart(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	for (int i = 0; i < BREAKER_FAILURES; i++)
		permits_note(r.permits, r.api, false);
	assert_int_equal(ask(), VERDICT_REFUSED);
	assert_int_equal(ask_for(&r.silent, "spacecraft"), VERDICT_GRANTED);
}

/* ---- without it: the own share ---- */

/* Upstream is asked when its word is needed. */
static void told_now(uint32_t calls, uint32_t used)
{
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	ask_and_tell(calls, used);
}

static void no_share_is_no_call(void **state)
{
	(void)state;
	make_permits(0);
	r.shared.broken = true;
	assert_refused(ask(), FAULT_STORE_DOWN, 0);
	pass(100LL * WINDOW_MS);
	assert_refused(ask(), FAULT_STORE_DOWN, 0);
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, 0);
}

/* 20% of 15 calls are 3, and no more in any window, whatever upstream has free. */
static void never_more_than_the_share_in_a_window(void **state)
{
	(void)state;
	r.shared.broken = true;
	for (int i = 0; i < 3; i++) {
		told_now(15, 0);
		assert_int_equal(ask(), VERDICT_GRANTED);
		pass(TOLD_MS + 1000);
	}
	assert_refused(ask(), FAULT_STORE_DOWN, WINDOW_MS - 3 * (TOLD_MS + 1000));
	pass(WINDOW_MS - 3 * (TOLD_MS + 1000) - 1);
	assert_refused(ask(), FAULT_STORE_DOWN, 1);
	pass(1);
	told_now(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	/* The second of the others has left a bit later. */
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS + 1000);
}

/* By its clock, or not at all. */
static void the_store_says_when_a_call_was_granted(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	pass(TOLD_MS + 1000);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.asked_ms == r.clock.clock.wall(&r.clock.clock).ms);
	r.shared.broken = true;
	told_now(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_true(r.asked_ms == 0);
}

static void a_small_share_is_one_call(void **state)
{
	(void)state;
	make_permits(1);
	r.shared.broken = true;
	told_now(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_refused(ask(), FAULT_STORE_DOWN, WINDOW_MS);
}

/* A large one has an end, since so many calls are remembered and no more. */
static void a_large_share_is_32_calls(void **state)
{
	(void)state;
	make_permits(100);
	r.shared.broken = true;
	told_now(1000, 0);
	for (int i = 0; i < 32; i++)
		assert_int_equal(ask(), VERDICT_GRANTED);
	assert_refused(ask(), FAULT_STORE_DOWN, WINDOW_MS);
}

/* Of 15 calls the 8th is the last that may be made so. */
static void half_of_the_quota_stays_free(void **state)
{
	(void)state;
	make_permits(60);
	r.shared.broken = true;
	told_now(15, 8);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
	pass(TOLD_MS);
	told_now(15, 7);
	assert_int_equal(ask(), VERDICT_GRANTED);
	/* The own call is among the used, though upstream has not told it. */
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
	pass(TOLD_MS);
	told_now(15, 15);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
	pass(TOLD_MS);
	/* The limit is the one that upstream tells. */
	told_now(5, 3);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
}

static void what_was_told_is_believed_for_a_moment_only(void **state)
{
	(void)state;
	r.shared.broken = true;
	told_now(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	pass(TOLD_MS - 1);
	assert_int_equal(ask(), VERDICT_GRANTED);
	pass(1);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	/* What was told before does not count while the new answer is on its way. */
	tell(15, 12);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
}

/* A budget of another type: Redis answers, and keeps nothing of it. */
static void a_store_that_keeps_nothing_is_none(void **state)
{
	(void)state;
	r.shared.uncalibrated = true;
	r.shared.calibrate_fails = true;
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	ask_and_tell(15, 8);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
	pass(TOLD_MS);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	ask_and_tell(15, 0);
	assert_int_equal(ask(), VERDICT_GRANTED);
	r.shared.calibrate_fails = false;
	pass(TOLD_MS);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	ask_and_tell(15, 1);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(r.shared.reserves, 1);
}

/* While it is on its way, nobody may go by what it was before the store went away. */
static void what_was_asked_is_not_told_yet(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	r.shared.broken = true;
	pass(10);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	pass(10);
	assert_int_equal(ask(), VERDICT_UNCALIBRATED);
	tell(15, 14);
	assert_int_equal(ask(), VERDICT_REFUSED);
	assert_string_equal(fault_word(r.fail.fault), "store-unavailable");
}

static void upstream_is_not_asked_all_the_time(void **state)
{
	(void)state;
	r.shared.broken = true;
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	assert_refused(ask_for_count(), FAULT_STORE_DOWN, TOLD_MS);
	pass(TOLD_MS - 1);
	assert_refused(ask_for_count(), FAULT_STORE_DOWN, 1);
	pass(1);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
}

/* It was asked and said nothing that could be read: then nobody calls. */
static void silence_of_one_that_tells_is_no_permission(void **state)
{
	(void)state;
	r.shared.broken = true;
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	permits_told(r.permits, &(struct want){ .api = r.api }, NULL);
	assert_refused(ask(), FAULT_STORE_DOWN, TOLD_MS);
}

/* What the others had called when the store went away has left the window when it is over. */
static void one_that_never_tells_is_called_after_a_whole_window(void **state)
{
	(void)state;
	pass(50000);
	r.shared.broken = true;
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, WINDOW_MS);
	pass(WINDOW_MS - 1);
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, 1);
	pass(1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_for(&r.silent, "spacecraft"), VERDICT_GRANTED);
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, WINDOW_MS);
	/* It was there for a moment: the others may have called. */
	r.shared.broken = false;
	ask_for(&r.silent, "spacecraft");
	r.shared.broken = true;
	pass(WINDOW_MS - 1);
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, 1);
	pass(1);
	assert_refused(ask_for(&r.silent, "spacecraft"), FAULT_STORE_DOWN, WINDOW_MS - 1);
}

/* ---- the breaker ---- */

static void the_breaker_refuses_and_lets_a_probe_through(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	for (int i = 0; i < BREAKER_FAILURES; i++)
		permits_note(r.permits, r.api, false);
	assert_refused(ask(), FAULT_UPSTREAM_DOWN, BREAKER_PAUSE_MS);
	assert_refused(ask_for_count(), FAULT_UPSTREAM_DOWN, BREAKER_PAUSE_MS);
	assert_int_equal(r.shared.reserves, 0);
	pass(BREAKER_PAUSE_MS);
	assert_int_equal(ask(), VERDICT_GRANTED);
	/* One at a time. */
	assert_refused(ask(), FAULT_UPSTREAM_DOWN, CALL_MS);
	permits_note(r.permits, r.api, false);
	assert_refused(ask(), FAULT_UPSTREAM_DOWN, 2 * BREAKER_PAUSE_MS);
	pass(2 * BREAKER_PAUSE_MS);
	assert_int_equal(ask(), VERDICT_GRANTED);
	permits_note(r.permits, r.api, true);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(ask(), VERDICT_GRANTED);
}

/* That the budget refuses costs the probe nothing: the next one who asks may be it. */
/* Upstream's count can be had while nothing else can. */
static void a_question_for_the_count_is_no_probe(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	for (int i = 0; i < BREAKER_FAILURES; i++)
		permits_note(r.permits, r.api, false);
	assert_int_equal(ask(), VERDICT_REFUSED);
	pass(r.wait_ms);
	assert_int_equal(ask_for_count(), VERDICT_GRANTED);
	assert_int_equal(ask(), VERDICT_GRANTED);
	assert_int_equal(ask(), VERDICT_REFUSED);
}

static void a_probe_that_is_not_granted_is_none(void **state)
{
	(void)state;
	ask_and_tell(15, 0);
	for (int i = 0; i < BREAKER_FAILURES; i++)
		permits_note(r.permits, r.api, false);
	pass(BREAKER_PAUSE_MS);
	r.shared.refuses = true;
	assert_int_equal(ask(), VERDICT_REFUSED);
	assert_int_equal(r.fail.fault, FAULT_NO_BUDGET);
	r.shared.refuses = false;
	assert_int_equal(ask(), VERDICT_GRANTED);
}

static void nothing_to_free(void **state)
{
	(void)state;
	permits_free(NULL);
}

/* ---- several identities ---- */

static const struct identities three = {
	.list = { { .name = STR("main"), .token = STR("k1") },
		  { .name = STR("second"), .token = STR("k2"), .quota = { 60, WINDOW_MS } },
		  { .name = STR("address") } },
	.n = 3,
};

static struct api keyed; /* whose key it is */

static void have_three(void)
{
	const struct permit_options options = { .reserve_percent = 20,
						.client_percent = 50,
						.local_percent = 20,
						.call_ms = CALL_MS,
						.identities = &three };

	keyed = *r.api;
	keyed.authorized = true;
	permits_free(r.permits);
	r.permits = permits_new(&options, &r.clock.clock, r.store);
	assert_non_null(r.permits);
}

static void compare(const struct identity *as)
{
	const struct count count = { .quota = { 15, WINDOW_MS } };
	struct want want = { .api = &keyed,
			     .as = as,
			     .endpoint = api_endpoint(&keyed, STR("api-throttle")) };
	struct ticket ticket = { .budget = keyed.budget, .id = STR("c") };

	assert_int_equal(permits_ask(r.permits, &want, &ticket, &r.wait_ms, &r.fail),
			 VERDICT_GRANTED);
	assert_ptr_equal(want.as, as);
	permits_told(r.permits, &want, &count);
}

static void compare_all(void)
{
	have_three();
	for (size_t i = 0; i < three.n; i++)
		compare(&three.list[i]);
}

/* Asks for a call; the name of who makes it, or has to be compared. */
static const char *asked_as(enum verdict verdict)
{
	static int calls;
	char id[16];
	struct want want = { .api = &keyed,
			     .endpoint = api_endpoint(&keyed, STR("spacecraft")),
			     .target = STR("/2.3.0/spacecraft/1/") };
	struct ticket ticket = { .budget = keyed.budget,
				 .target = want.target,
				 .client = STR("c1"),
				 .id = { id, (size_t)snprintf(id, sizeof(id), "s%d", calls++) },
				 .hold_ms = CALL_MS };

	r.fail = (struct fail){ .fault = FAULT_NONE };
	assert_int_equal(permits_ask(r.permits, &want, &ticket, &r.wait_ms, &r.fail), verdict);
	assert_non_null(want.as);
	return want.as->name.p;
}

static void the_one_with_most_calls_left_calls(void **state)
{
	(void)state;
	compare_all();
	/* Nothing is known yet of what each has left. */
	assert_string_equal(asked_as(VERDICT_GRANTED), "main");
	assert_string_equal(r.shared.budget, "ll2/main");
	assert_string_equal(asked_as(VERDICT_GRANTED), "second");
	assert_string_equal(asked_as(VERDICT_GRANTED), "address");
	/* The second may call 60 times. */
	for (int i = 0; i < 5; i++)
		assert_string_equal(asked_as(VERDICT_GRANTED), "second");
	assert_int_equal(r.shared.last_limit, 60);
}

static void one_that_is_spent_is_passed_over(void **state)
{
	(void)state;
	compare_all();
	fake_store_rule(&r.shared, "ll2/main", VERDICT_REFUSED, 5000);
	assert_string_equal(asked_as(VERDICT_GRANTED), "second");
	fake_store_rule(&r.shared, "ll2/second", VERDICT_REFUSED, 9000);
	assert_string_equal(asked_as(VERDICT_GRANTED), "address");
	/* The soonest of all is what is told. */
	fake_store_rule(&r.shared, "ll2/address", VERDICT_REFUSED, 7000);
	asked_as(VERDICT_REFUSED);
	assert_int_equal(r.wait_ms, 5000);
	assert_int_equal(r.fail.fault, FAULT_NO_BUDGET);
	assert_int_equal(r.fail.retry_after_s, 5);
	fake_store_rule(&r.shared, "ll2/main", VERDICT_GRANTED, 0);
	assert_string_equal(asked_as(VERDICT_GRANTED), "main");
}

static void a_target_is_fetched_once_whoever_does_it(void **state)
{
	(void)state;
	compare_all();
	fake_store_rule(&r.shared, "ll2/main", VERDICT_ELSEWHERE, 3000);
	assert_string_equal(asked_as(VERDICT_ELSEWHERE), "main");
	assert_int_equal(r.wait_ms, 3000);
	assert_string_equal(r.shared.budget, "");
}

static void one_that_must_be_compared_is_no_reason_to_wait_for_it(void **state)
{
	(void)state;
	compare_all();
	fake_store_rule(&r.shared, "ll2/main", VERDICT_UNCALIBRATED, 0);
	assert_string_equal(asked_as(VERDICT_GRANTED), "second");
	/* Unless nobody else can. */
	fake_store_rule(&r.shared, "ll2/second", VERDICT_REFUSED, 9000);
	fake_store_rule(&r.shared, "ll2/address", VERDICT_REFUSED, 9000);
	assert_string_equal(asked_as(VERDICT_UNCALIBRATED), "main");
}

static void one_whose_key_upstream_does_not_know_holds_up_nobody(void **state)
{
	const struct want of_main = { .api = &keyed, .as = &three.list[0] };

	(void)state;
	compare_all();
	fake_store_rule(&r.shared, "ll2/main", VERDICT_UNCALIBRATED, 0);
	fake_store_rule(&r.shared, "ll2/second", VERDICT_REFUSED, 9000);
	fake_store_rule(&r.shared, "ll2/address", VERDICT_REFUSED, 8000);
	permits_untold(r.permits, &of_main);
	asked_as(VERDICT_REFUSED);
	assert_int_equal(r.wait_ms, 8000);
	/* It is tried again when that is long ago. */
	pass(WINDOW_MS / 6 + 1);
	assert_string_equal(asked_as(VERDICT_UNCALIBRATED), "main");
}

static void an_upstream_that_no_key_belongs_to_is_called_without(void **state)
{
	struct api open = *r.api;

	(void)state;
	compare_all();
	open.authorized = false;
	assert_int_equal(permits_identities(r.permits, &keyed)->n, 3);
	assert_int_equal(permits_identities(r.permits, &open)->n, 1);
	assert_int_equal(permits_identities(r.permits, &open)->list[0].token.n, 0);
	assert_int_equal(permits_identities(r.permits, &open)->list[0].name.n, 0);
}

static void without_the_store_each_has_its_own_share(void **state)
{
	(void)state;
	have_three();
	r.shared.broken = true;
	assert_string_equal(asked_as(VERDICT_UNCALIBRATED), "main");
	for (size_t i = 0; i < three.n; i++)
		compare(&three.list[i]);
	/* A fifth of 15 calls for each of them. */
	for (int i = 0; i < 9; i++)
		asked_as(VERDICT_GRANTED);
	asked_as(VERDICT_REFUSED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_called_before_is_for_upstream_to_say),
		TEST(the_budget_is_told_all_it_needs),
		TEST(the_reserve_is_a_part_of_what_upstream_grants),
		TEST(the_budgets_word_is_passed_on),
		TEST(a_silent_upstream_is_taken_at_its_silence),
		TEST(after_the_store_was_away_it_is_compared_anew),
		TEST(comparisons_grow_old),
		TEST(who_was_just_told_may_call),
		TEST(budgets_are_apart),
		TEST(the_one_with_most_calls_left_calls),
		TEST(one_that_is_spent_is_passed_over),
		TEST(a_target_is_fetched_once_whoever_does_it),
		TEST(one_that_must_be_compared_is_no_reason_to_wait_for_it),
		TEST(one_whose_key_upstream_does_not_know_holds_up_nobody),
		TEST(an_upstream_that_no_key_belongs_to_is_called_without),
		TEST(without_the_store_each_has_its_own_share),
		TEST(no_share_is_no_call),
		TEST(never_more_than_the_share_in_a_window),
		TEST(the_store_says_when_a_call_was_granted),
		TEST(a_small_share_is_one_call),
		TEST(a_large_share_is_32_calls),
		TEST(half_of_the_quota_stays_free),
		TEST(what_was_told_is_believed_for_a_moment_only),
		TEST(a_store_that_keeps_nothing_is_none),
		TEST(what_was_asked_is_not_told_yet),
		TEST(upstream_is_not_asked_all_the_time),
		TEST(silence_of_one_that_tells_is_no_permission),
		TEST(one_that_never_tells_is_called_after_a_whole_window),
		TEST(the_breaker_refuses_and_lets_a_probe_through),
		TEST(a_question_for_the_count_is_no_probe),
		TEST(a_probe_that_is_not_granted_is_none),
		TEST(nothing_to_free),
	};

	return cmocka_run_group_tests_name("permit", tests, NULL, NULL);
}
