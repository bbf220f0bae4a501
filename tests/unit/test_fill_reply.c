#include "unit/rig.h"

#define TARGET "/2.3.0/spacecraft/?limit=100"

static const struct identities one = {
	.list = { { .name = STR("main"), .token = STR("k1") } },
	.n = 1,
};

static const struct identities two = {
	.list = { { .name = STR("main"), .token = STR("k1") },
		  { .name = STR("second"), .token = STR("k2") } },
	.n = 2,
};

static struct rig *begin(const struct identities *ids)
{
	struct rig *r = rig_set_up_as(ids);

	r->catalog->apis[0].authorized = true;
	rig_start(r);
	rig_rest(r);
	return r;
}

static void join(struct rig *r, struct exchange *x)
{
	const struct want want = { .api = &r->catalog->apis[0],
				   .endpoint = rig_endpoint(r),
				   .size = 100,
				   .target = STR(TARGET) };
	const struct wall never = { 0 };
	struct fail failure;

	*x = (struct exchange){ .arrived = r->clock.clock.mono(&r->clock.clock) };
	exchange_name_client(x, STR("192.0.2.1"));
	assert_true(fills_join(r->fills, &want, never, x, &failure));
}

static void end_call(struct rig *r, size_t call, struct reply reply)
{
	assert_true(fake_origin_await(r->origin, call + 1));
	assert_true(fake_origin_end(r->origin, call, reply));
}

static struct reply refusal(int status)
{
	struct reply reply = fake_json(status, STR("{\"detail\":\"No.\"}"));

	reply.retry_after_s = status == 429 ? 300 : 0;
	return reply;
}

/* On whose budget the last call was made. */
static void assert_budget(struct rig *r, const char *budget)
{
	pthread_mutex_lock(&r->store.lock);
	assert_string_equal(r->store.budget, budget);
	pthread_mutex_unlock(&r->store.lock);
}

static void assert_brought(struct rig *r, struct exchange *x)
{
	assert_ptr_equal(fake_worker_take(&r->worker), x);
	assert_int_equal(x->news.fail.fault, FAULT_NONE);
	assert_non_null(x->news.entry);
	entry_unref(x->news.entry);
}

/* Upstream refuses the call to one identity: another one makes it, and who waits never knows. */
static void the_fill_asks_again_as_another(void **state)
{
	static const struct {
		int status;
		int64_t cool_ms;
		int uncounted;
		size_t logged; /* of both calls */
	} rows[] = {
		/* A key that is not taken is left alone for ten minutes, and perhaps counted. */
		{ 401, 600000, 0, 2 },
		{ 403, 600000, 0, 2 },
		/* A quota that is spent for as long as upstream says. */
		{ 429, 300000, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rig *r = begin(&two);
		struct exchange x;

		join(r, &x);
		assert_true(fake_origin_await(r->origin, 1));
		assert_budget(r, "ll2/main");
		end_call(r, 0, refusal(rows[i].status));
		end_call(r, 1, fake_list_script(&r->list, STR(TARGET)));
		assert_brought(r, &x);
		assert_budget(r, "ll2/second");
		assert_view(fake_origin_token(r->origin, 0), "k1");
		assert_view(fake_origin_token(r->origin, 1), "k2");
		assert_int_equal(r->store.cool_downs, 1);
		assert_int_equal(r->store.guessed_cool_downs, 0);
		assert_int_equal(r->store.last_cool_ms, rows[i].cool_ms);
		assert_int_equal(r->store.settles, 2);
		assert_int_equal(r->store.settled_uncounted, rows[i].uncounted);
		assert_int_equal(fake_store_logged(&r->store), rows[i].logged);
		rig_tear_down(r);
	}
}

/* It ends: when all are refused, so is who waits. */
static void when_none_is_left_it_has_failed(void **state)
{
	struct rig *r = begin(&two);
	struct exchange x;

	(void)state;
	join(r, &x);
	end_call(r, 0, refusal(403));
	end_call(r, 1, refusal(429));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_null(x.news.entry);
	assert_int_equal(x.news.fail.fault, FAULT_NO_BUDGET);
	/* The first of them can call again when the 429 is over. */
	assert_int_equal(x.news.fail.retry_after_s, 300);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 2);
	assert_int_equal(r->store.cool_downs, 2);
	rig_tear_down(r);
}

/* Where there is no other one, a refusal is the answer. */
static void one_alone_passes_nothing_on(void **state)
{
	struct rig *r = begin(&one);
	struct exchange x;

	(void)state;
	join(r, &x);
	end_call(r, 0, refusal(401));
	assert_ptr_equal(fake_worker_take(&r->worker), &x);
	assert_null(x.news.entry);
	assert_int_not_equal(x.news.fail.fault, FAULT_NONE);
	rig_rest(r);
	assert_int_equal(fake_origin_calls(r->origin), 1);
	assert_int_equal(r->store.cool_downs, 0);
	rig_tear_down(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fill_asks_again_as_another),
		cmocka_unit_test(when_none_is_left_it_has_failed),
		cmocka_unit_test(one_alone_passes_nothing_on),
	};

	return cmocka_run_group_tests_name("fill_reply", tests, NULL, NULL);
}
