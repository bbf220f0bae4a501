#include "unit/service.h"

#include "app/lookup.h"

#define LIST "/2.3.0/spacecraft/"

/* Puts the window from `start` of a list of 596 into the store: fetched so long ago. */
static void put_window(struct service *s, int64_t start, int64_t age_ms)
{
	static uint32_t ends[100];
	struct wall now = s->gw.clock->wall(s->gw.clock);
	struct buf body = buf_init(100000);
	struct buf ids = buf_init(10000);
	char target[64] = LIST "?limit=100";
	struct entry e = { .kind = ENTRY_WINDOW,
			   .status = 200,
			   .fetched = wall_after(now, -age_ms),
			   .fresh_until = wall_after(now, 6 * 3600000 - age_ms),
			   .usable_until = wall_after(now, 30 * 86400000LL - age_ms),
			   .count = 596,
			   .ends = ends };

	if (start)
		snprintf(target, sizeof(target), LIST "?limit=100&offset=%d", (int)start);
	for (int64_t i = start; i < start + 100 && i < 596; i++) {
		buf_putf(&body, "%s{\"id\":%d}", e.n ? "," : "", (int)i);
		buf_putf(&ids, "%s%d", e.n ? "," : "", (int)i);
		ends[e.n++] = (uint32_t)body.n;
	}
	e.target = str_from(target);
	e.ids = buf_str(&ids);
	e.body = buf_str(&body);
	fake_store_put(&s->rig->store, &e);
	buf_release(&body);
	buf_release(&ids);
}

static struct lookup look(struct service *s, const char *target)
{
	struct lookup found;
	struct refusal refusal;
	struct fail failure;

	exchange_reset(&s->x);
	s->x.request = get(target);
	assert_true(canon_request(s->rig->catalog, &s->gw.canon, s->x.request.target, s->x.arena,
				  &s->x.canon, &refusal));
	assert_true(look_up(&s->gw, s->store, &s->x, &found, &failure));
	return found;
}

static void assert_wanted(const struct lookup *l, const char *target, int64_t start)
{
	const struct want *want = &l->wants[l->wanted];

	assert_view(want->target, target);
	assert_int_equal(want->start, start);
	assert_false(want->is_object);
}

static void nothing_is_there(void **state)
{
	struct service *s = *state;
	struct lookup l = look(s, LIST "?offset=326&ordering=id&format=api");

	assert_int_equal(l.state, ENTRY_ABSENT);
	assert_false(l.broken);
	assert_wanted(&l, LIST "?limit=100&offset=300&ordering=id", 300);
	assert_true(l.newer_than.ms == 0);
	lookup_release(&l);
	l = look(s, LIST "430/");
	assert_int_equal(l.state, ENTRY_ABSENT);
	assert_view(l.wants[l.wanted].target, LIST "430/");
	assert_true(l.wants[l.wanted].is_object);
	lookup_release(&l);
}

static void one_window_is_enough(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 0);
	l = look(s, LIST "?offset=90");
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_true(l.agrees);
	assert_non_null(l.entries[0]);
	assert_null(l.entries[1]);
	lookup_release(&l);
}

static void two_windows_are_needed(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 1000);
	l = look(s, LIST "?offset=91");
	assert_int_equal(l.state, ENTRY_ABSENT);
	assert_wanted(&l, LIST "?limit=100&offset=100", 100);
	assert_true(l.newer_than.ms == 0);
	lookup_release(&l);
	put_window(s, 100, 0);
	l = look(s, LIST "?offset=91");
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_true(l.agrees);
	assert_non_null(l.entries[0]);
	assert_non_null(l.entries[1]);
	lookup_release(&l);
}

static void the_worse_state_counts(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 0);
	put_window(s, 100, 6 * 3600000);
	l = look(s, LIST "?offset=95");
	assert_int_equal(l.state, ENTRY_STALE);
	lookup_release(&l);
	put_window(s, 0, 6 * 3600000 + 1000);
	put_window(s, 100, 0);
	l = look(s, LIST "?offset=95");
	assert_int_equal(l.state, ENTRY_STALE);
	lookup_release(&l);
}

static void the_older_of_two_that_do_not_agree(void **state)
{
	struct service *s = *state;
	struct wall now = s->gw.clock->wall(s->gw.clock);
	struct lookup l;

	put_window(s, 0, 31 * 60000);
	put_window(s, 100, 0);
	l = look(s, LIST "?offset=95");
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_false(l.agrees);
	assert_wanted(&l, LIST "?limit=100", 0);
	assert_true(l.wants[l.wanted].again);
	assert_true(l.newer_than.ms == now.ms - 31 * 60000);
	lookup_release(&l);
	put_window(s, 0, 0);
	put_window(s, 100, 31 * 60000);
	l = look(s, LIST "?offset=95");
	assert_wanted(&l, LIST "?limit=100&offset=100", 100);
	assert_true(l.newer_than.ms == now.ms - 31 * 60000);
	lookup_release(&l);
}

static void the_window_before_knows_the_end(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 500, 0);
	l = look(s, LIST "?offset=600");
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_int_equal(l.entries[0]->count, 596);
	lookup_release(&l);
	l = look(s, LIST "?offset=700");
	assert_int_equal(l.state, ENTRY_ABSENT);
	assert_wanted(&l, LIST "?limit=100&offset=700", 700);
	lookup_release(&l);
}

static void the_first_window_knows_the_end(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 0);
	l = look(s, LIST "?offset=700");
	assert_int_equal(l.state, ENTRY_FRESH);
	lookup_release(&l);
	/* Below the count it knows nothing. */
	l = look(s, LIST "?offset=595");
	assert_int_equal(l.state, ENTRY_ABSENT);
	lookup_release(&l);
}

/* What it knew long ago is an answer, as all that is stale, and it is what to refresh. */
static void an_old_window_knows_the_end_it_had(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 8 * 3600000);
	l = look(s, LIST "?offset=600");
	assert_int_equal(l.state, ENTRY_STALE);
	assert_wanted(&l, LIST "?limit=100", 0);
	lookup_release(&l);
	put_window(s, 500, 7 * 3600000);
	l = look(s, LIST "?offset=600");
	assert_int_equal(l.state, ENTRY_STALE);
	assert_wanted(&l, LIST "?limit=100&offset=500", 500);
	lookup_release(&l);
	/* Who knows it now knows better. */
	put_window(s, 0, 0);
	l = look(s, LIST "?offset=600");
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_view(l.entries[0]->target, LIST "?limit=100");
	lookup_release(&l);
	/* Too old is too old. */
	put_window(s, 0, 31 * 86400000LL);
	put_window(s, 500, 31 * 86400000LL);
	l = look(s, LIST "?offset=600");
	assert_int_equal(l.state, ENTRY_ABSENT);
	assert_wanted(&l, LIST "?limit=100&offset=600", 600);
	lookup_release(&l);
}

static void a_broken_store_is_no_miss(void **state)
{
	struct service *s = *state;
	struct lookup l;

	put_window(s, 0, 0);
	s->rig->store.broken = true;
	l = look(s, LIST);
	assert_true(l.broken);
	assert_int_equal(l.state, ENTRY_ABSENT);
	lookup_release(&l);
}

/* What a fill brought to this very request counts before the store, and as fresh. */
static void what_a_fill_brought(void **state)
{
	struct service *s = *state;
	struct entry *old;
	struct lookup l;
	struct fail failure;

	put_window(s, 0, 7 * 3600000);
	old = fake_store_get(&s->rig->store, STR(LIST "?limit=100"));
	assert_non_null(old);
	s->rig->store.broken = true;
	l = look(s, LIST);
	lookup_release(&l);
	s->x.news.entry = old;
	exchange_take_news(&s->x);
	assert_true(look_up(&s->gw, s->store, &s->x, &l, &failure));
	assert_ptr_equal(l.entries[0], old);
	assert_int_equal(l.state, ENTRY_FRESH);
	assert_false(l.broken);
	lookup_release(&l);
}

static void references_are_given_back(void **state)
{
	struct service *s = *state;
	struct entry *e;
	struct lookup l;

	put_window(s, 0, 0);
	put_window(s, 100, 0);
	e = fake_store_get(&s->rig->store, STR(LIST "?limit=100"));
	assert_non_null(e);
	assert_int_equal(e->refs, 2);
	for (int i = 0; i < 3; i++) {
		l = look(s, LIST "?offset=95");
		assert_int_equal(e->refs, 3);
		lookup_release(&l);
		l = look(s, LIST "?offset=700");
		lookup_release(&l);
		l = look(s, LIST "?offset=300");
		lookup_release(&l);
		assert_int_equal(e->refs, 2);
	}
	entry_unref(e);
}

static void without_memory_it_says_so(void **state)
{
	struct service *s = *state;
	struct arena *whole = s->x.arena;
	struct arena *none = arena_new(0);
	struct lookup l = look(s, LIST);
	struct fail failure = { .fault = FAULT_NONE };

	lookup_release(&l);
	assert_non_null(none);
	s->x.arena = none;
	assert_false(look_up(&s->gw, s->store, &s->x, &l, &failure));
	assert_int_equal(failure.fault, FAULT_INTERNAL);
	lookup_release(&l);
	s->x.arena = whole;
	arena_free(none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, service_set_up, service_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_there),
		TEST(one_window_is_enough),
		TEST(two_windows_are_needed),
		TEST(the_worse_state_counts),
		TEST(the_older_of_two_that_do_not_agree),
		TEST(the_window_before_knows_the_end),
		TEST(the_first_window_knows_the_end),
		TEST(an_old_window_knows_the_end_it_had),
		TEST(a_broken_store_is_no_miss),
		TEST(what_a_fill_brought),
		TEST(references_are_given_back),
		TEST(without_memory_it_says_so),
	};

	return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
