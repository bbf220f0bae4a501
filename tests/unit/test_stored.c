#include "unit/service.h"

#include "app/stored.h"

#define LIST	"/2.3.0/spacecraft/"
#define PUBLIC	"https://api.example.org" LIST
#define OTHER	"http://127.0.0.1:8080/space" LIST
#define HOUR_MS (3600 * 1000LL)

static int set_up(void **state)
{
	struct service *s;

	service_set_up(state);
	s = *state;
	answers_free(s->gw.answers);
	s->gw.answers = answers_new(0);
	s->gw.stored = stored_new();
	assert_non_null(s->gw.answers);
	assert_non_null(s->gw.stored);
	return 0;
}

static int tear_down(void **state)
{
	stored_free(((struct service *)*state)->gw.stored);
	return service_tear_down(state);
}

static struct request get_gzip(const char *target)
{
	struct request r = get(target);

	r.accept_encoding = STR("gzip");
	return r;
}

/* Asks, and says how many entries were loaded for it. */
static int loads(struct service *s, struct request r)
{
	int before = s->rig->store.loads;

	assert_int_equal(ask_request(s, r), 200);
	return s->rig->store.loads - before;
}

/* The body of the last answer, to be freed. */
static struct str kept_body(const struct service *s)
{
	struct str copy = { malloc(s->x.body.n), s->x.body.n };

	assert_non_null(copy.p);
	memcpy((char *)copy.p, s->x.body.p, copy.n);
	return copy;
}

/* Asks until it is stored; it has been asked for n times by then. */
static int store(struct service *s, const char *target, const char *url)
{
	int n = 0;

	while (!fake_store_has_answer(&s->rig->store, url)) {
		assert_true(n < 5);
		assert_int_equal(ask(s, target), 200);
		n++;
	}
	return n;
}

static void a_page_is_composed_once(void **state)
{
	struct service *s = *state;
	struct str body;

	/* One brings it, two compose it; what is asked for once is not stored. */
	assert_int_equal(store(s, LIST "?offset=20", PUBLIC "?limit=10&offset=20"), 3);
	body = kept_body(s);
	assert_int_equal(loads(s, get(LIST "?offset=20")), 0);
	assert_result(s, RESULT_HIT);
	assert_view_at(body_of(s), body, __FILE__, __LINE__);
	assert_int_equal(loads(s, get(LIST "?offset=020&limit=10")), 0);
	assert_view_at(body_of(s), body, __FILE__, __LINE__);
	assert_int_equal(calls(s), 1);
	free((char *)body.p);
}

/* What a client sees of it: all but how old it is, which is computed each time. */
static void assert_as_composed(struct service *s, struct request r)
{
	struct stored *stored = s->gw.stored;
	struct buf head = buf_init(LIMIT_HEAD_BYTES);
	struct str body;

	assert_int_equal(loads(s, r), 0);
	buf_put(&head, head_of(s));
	body = kept_body(s);
	s->gw.stored = NULL;
	assert_true(loads(s, r) > 0);
	s->gw.stored = stored;
	assert_view_at(buf_str(&head), head_of(s), __FILE__, __LINE__);
	assert_view_at(body, body_of(s), __FILE__, __LINE__);
	buf_release(&head);
	free((char *)body.p);
}

static void head_and_body_are_those_of_a_composed_one(void **state)
{
	struct service *s = *state;
	struct request refusing = get(LIST "?offset=20");

	refusing.accept_encoding = STR("gzip, identity;q=0");
	store(s, LIST "?offset=20", PUBLIC "?limit=10&offset=20");
	store(s, LIST "?limit=1", PUBLIC "?limit=1");
	store(s, LIST "430/", PUBLIC "430/");
	fake_clock_advance(&s->rig->clock, 5000);
	assert_as_composed(s, get(LIST "?offset=20"));
	assert_as_composed(s, get_gzip(LIST "?offset=20"));
	assert_as_composed(s, refusing);
	/* Too short to be in gzip, unless nothing else is taken. */
	refusing.target = STR(LIST "?limit=1");
	assert_as_composed(s, get_gzip(LIST "?limit=1"));
	assert_as_composed(s, refusing);
	assert_as_composed(s, get_gzip(LIST "430/"));
}

static void each_public_name_has_its_own(void **state)
{
	struct service *s = *state;
	struct request other = get(LIST);

	other.host = STR("127.0.0.1:8080");
	store(s, LIST, PUBLIC "?limit=10");
	assert_int_equal(loads(s, other), 1);
	assert_int_equal(loads(s, other), 1);
	assert_true(fake_store_has_answer(&s->rig->store, OTHER "?limit=10"));
	assert_int_equal(loads(s, other), 0);
	assert_holds(body_of(s), OTHER "?limit=10&offset=10");
	assert_int_equal(loads(s, get(LIST)), 0);
	assert_lacks(body_of(s), "127.0.0.1");
}

static void conditions_need_no_body(void **state)
{
	struct service *s = *state;
	struct request r = get_gzip(LIST);
	char etag[100];

	store(s, LIST, PUBLIC "?limit=10");
	assert_int_equal(ask_request(s, r), 200);
	snprintf(etag, sizeof(etag), "%.*s", STR_ARG(header(s, "ETag")));
	r.if_none_match = str_from(etag);
	assert_int_equal(ask_request(s, r), 304);
	assert_header(s, "ETag", etag);
	assert_int_equal(body_of(s).n, 0);
	r.if_none_match = (struct str){ NULL, 0 };
	r.if_match = STR("\"other\"");
	assert_int_equal(ask_request(s, r), 412);
	assert_int_equal(s->rig->store.keeps, 1);
}

static void a_head_request_has_no_body(void **state)
{
	struct service *s = *state;
	struct request r = get(LIST);

	store(s, LIST, PUBLIC "?limit=10");
	r.method = STR("HEAD");
	assert_int_equal(loads(s, r), 0);
	assert_int_equal(body_of(s).n, 0);
	assert_non_null(header(s, "Content-Length").p);
}

static void a_page_of_two_windows(void **state)
{
	struct service *s = *state;

	store(s, LIST "?offset=95", PUBLIC "?limit=10&offset=95");
	assert_int_equal(loads(s, get(LIST "?offset=95")), 0);
	assert_as_composed(s, get(LIST "?offset=95"));
	/* The list ends in the first of them. */
	store(s, LIST "?offset=595", PUBLIC "?limit=10&offset=595");
	assert_as_composed(s, get(LIST "?offset=595"));
}

/* Upstream has changed its mind, and the entry is fetched anew. */
static void refill(struct service *s, const char *target)
{
	s->rig->list.version++;
	fake_clock_advance(&s->rig->clock, 7 * HOUR_MS);
	assert_int_equal(ask(s, target), 200);
	assert_result(s, RESULT_STALE);
	rig_rest(s->rig);
}

static void when_either_window_is_replaced_it_is_composed_anew(void **state)
{
	struct service *s = *state;

	store(s, LIST "?offset=95", PUBLIC "?limit=10&offset=95");
	refill(s, LIST "?offset=105");
	assert_true(fake_store_has_answer(&s->rig->store, PUBLIC "?limit=10&offset=95"));
	assert_true(loads(s, get(LIST "?offset=95")) > 0);
	refill(s, LIST "?offset=20");
	assert_false(fake_store_has_answer(&s->rig->store, PUBLIC "?limit=10&offset=95"));
}

static void what_was_fetched_anew_is_shown(void **state)
{
	struct service *s = *state;

	store(s, LIST, PUBLIC "?limit=10");
	refill(s, LIST);
	assert_int_equal(loads(s, get(LIST)), 1);
	assert_result(s, RESULT_HIT);
	assert_holds(body_of(s), "\"version\":2");
	store(s, LIST, PUBLIC "?limit=10");
	assert_int_equal(loads(s, get(LIST)), 0);
	assert_holds(body_of(s), "\"version\":2");
}

static void a_stale_one_is_sent_and_refreshed(void **state)
{
	struct service *s = *state;
	struct request only_if_cached = get(LIST);

	only_if_cached.cache_control = STR("only-if-cached");
	store(s, LIST, PUBLIC "?limit=10");
	fake_clock_advance(&s->rig->clock, 7 * HOUR_MS);
	/* Without a refresh behind it, which loads, too. */
	assert_int_equal(loads(s, only_if_cached), 0);
	assert_result(s, RESULT_STALE);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_STALE);
	assert_int_equal(calls(s), 2);
	assert_int_equal(loads(s, get(LIST)), 1);
	assert_result(s, RESULT_HIT);
}

static void one_too_old_for_anything_is_as_if_absent(void **state)
{
	struct service *s = *state;

	store(s, LIST, PUBLIC "?limit=10");
	fake_clock_advance(&s->rig->clock, 40 * 24 * HOUR_MS);
	assert_int_equal(ask(s, LIST), 200);
	assert_result(s, RESULT_MISS);
}

static void a_damaged_one_is_as_if_absent(void **state)
{
	struct service *s = *state;

	store(s, LIST, PUBLIC "?limit=10");
	fake_store_damage_answers(&s->rig->store);
	assert_int_equal(loads(s, get(LIST)), 1);
	assert_result(s, RESULT_HIT);
	/* And mended, when it has been asked for twice again. */
	assert_int_equal(loads(s, get(LIST)), 1);
	assert_int_equal(loads(s, get(LIST)), 0);
}

static void what_moves_with_the_clock_is_not_stored(void **state)
{
	struct service *s = *state;

	for (int i = 0; i < 4; i++)
		ask(s, "/2.3.0/events/?date__gte=2026-11-23T21:20:00.123Z");
	assert_int_equal(s->x.canon.bounds.n, 1);
	assert_int_equal(s->rig->store.keeps, 0);
	assert_int_equal(s->rig->store.looks, 0);
}

static void behind_the_end_nothing_is_stored(void **state)
{
	struct service *s = *state;

	assert_int_equal(ask(s, LIST "?offset=590"), 200);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(ask(s, LIST "?offset=600"), 200);
		assert_holds(body_of(s), "\"results\":[]");
	}
	assert_int_equal(s->rig->store.keeps, 0);
}

static void without_a_store_there_is_no_answer(void **state)
{
	struct service *s = *state;

	store(s, LIST, PUBLIC "?limit=10");
	s->rig->store.broken = true;
	assert_int_equal(ask(s, LIST), 503);
	s->rig->store.broken = false;
	assert_int_equal(loads(s, get(LIST)), 0);
}

static void who_remembers_asks_for_none(void **state)
{
	struct service *s = *state;
	struct stored *stored = s->gw.stored;

	s->gw.stored = NULL;
	for (int i = 0; i < 4; i++)
		assert_int_equal(ask(s, LIST), 200);
	assert_int_equal(s->rig->store.looks + s->rig->store.keeps, 0);
	s->gw.stored = stored;
}

static void many_are_looked_for_at_once(void **state)
{
	static const char *const targets[] = { LIST, LIST "?offset=20", LIST "?offset=95" };
	struct exchange list[COUNT(targets)];
	struct exchange *xs[COUNT(targets)];
	struct service *s = *state;
	int before;

	for (size_t i = 0; i < COUNT(targets); i++) {
		store(s, targets[i],
		      i == 0   ? PUBLIC "?limit=10"
		      : i == 1 ? PUBLIC "?limit=10&offset=20"
			       : PUBLIC "?limit=10&offset=95");
		open_exchange(&list[i], LIMIT_REQUEST_BYTES);
		list[i].request = get(targets[i]);
		xs[i] = &list[i];
	}
	before = s->rig->store.looks;
	serve_ahead(&s->gw, s->store, xs, COUNT(targets));
	assert_int_equal(s->rig->store.looks, before + 1);
	before = s->rig->store.loads;
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_true(serve(&s->gw, s->store, xs[i]));
		assert_int_equal(xs[i]->status, 200);
		assert_int_equal(xs[i]->result, RESULT_HIT);
		close_exchange(xs[i]);
	}
	assert_int_equal(s->rig->store.loads, before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_page_is_composed_once),
		TEST(head_and_body_are_those_of_a_composed_one),
		TEST(each_public_name_has_its_own),
		TEST(conditions_need_no_body),
		TEST(a_head_request_has_no_body),
		TEST(a_page_of_two_windows),
		TEST(when_either_window_is_replaced_it_is_composed_anew),
		TEST(what_was_fetched_anew_is_shown),
		TEST(a_stale_one_is_sent_and_refreshed),
		TEST(one_too_old_for_anything_is_as_if_absent),
		TEST(a_damaged_one_is_as_if_absent),
		TEST(what_moves_with_the_clock_is_not_stored),
		TEST(behind_the_end_nothing_is_stored),
		TEST(without_a_store_there_is_no_answer),
		TEST(who_remembers_asks_for_none),
		TEST(many_are_looked_for_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
