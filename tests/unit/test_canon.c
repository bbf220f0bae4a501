#include "unit/canon.h"
#include "unit/table.h"

static bool canon(struct str target, struct canon *ret, struct refusal *reterr)
{
	return canon_request(catalog, &options, target, arena, ret, reterr);
}

/* What is wrong with a request, in the words of the table. */
static struct str faults_of(const struct refusal *r, struct buf *text)
{
	buf_clear(text);
	for (size_t i = 0; i < r->faults_n; i++) {
		if (i)
			buf_put_char(text, ';');
		buf_put(text, r->faults[i].name);
		buf_put_char(text, '=');
		buf_put(text, r->faults[i].value);
		if (r->faults[i].nearest.n)
			buf_put_char(text, '~');
		buf_put(text, r->faults[i].nearest);
	}
	buf_put(text, r->nearest_path);
	if (!text->n)
		buf_put_char(text, '-');
	return buf_str(text);
}

static void expect_refusal(struct table *t, const struct refusal *r)
{
	struct buf text = buf_init(100000);

	table_expect(t, "fault", t->field[1], str_from(fault_word(r->fail.fault)));
	table_expect(t, "what is wrong", t->field[2], faults_of(r, &text));
	for (size_t i = 0; i < r->faults_n; i++)
		if (!r->faults[i].reason || !r->faults[i].allowed)
			table_complain(t, "a fault without reason, or without what is allowed");
	if (!r->fail.text[0])
		table_complain(t, "a refusal without words");
	buf_release(&text);
}

static bool means_the_same(const struct canon *a, const struct canon *b)
{
	bool same = a->endpoint == b->endpoint && a->is_object == b->is_object &&
		    str_eq(a->path, b->path) && a->limit == b->limit && a->offset == b->offset &&
		    a->filter.n == b->filter.n;

	for (size_t i = 0; same && i < a->filter.n; i++)
		same = str_eq(a->filter.pairs[i].name, b->filter.pairs[i].name) &&
		       str_eq(a->filter.pairs[i].value, b->filter.pairs[i].value);
	return same;
}

/* The canonical target is a fixed point, and what is sent upstream is itself a good request for
 * the same objects. */
static void expect_closed(struct table *t, const struct canon *c, struct str target)
{
	int64_t size = c->is_object ? 0 : c->endpoint->window;
	struct str upstream = canon_page_target(c, &c->filter, size, 0, arena);
	struct canon again = { .api = NULL };
	struct refusal refusal;

	if (!canon(target, &again, &refusal)) {
		table_complain(t, "the canonical target is refused");
		return;
	}
	table_expect(t, "canonical twice", target, again.target);
	if (!means_the_same(c, &again))
		table_complain(t, "the canonical target means something else");
	if (!canon(upstream, &again, &refusal)) {
		table_complain(t, "the target for upstream is refused");
		return;
	}
	again.limit = c->limit;
	again.offset = c->offset;
	if (!means_the_same(c, &again))
		table_complain(t, "the target for upstream means something else");
}

static void the_table_of_targets(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "canon.tsv", 3);
	while (table_next(&t)) {
		struct canon c = { .api = NULL };
		struct refusal refusal;

		if (canon(t.field[0], &c, &refusal)) {
			table_expect(&t, "canonical", t.field[1], c.target);
			expect_closed(&t, &c, c.target);
		} else {
			expect_refusal(&t, &refusal);
		}
		arena_reset(arena);
	}
	table_close(&t);
}

/* ---- every spelling of one request ---- */

/* For each parameter some spellings that mean the same; NULL is its absence. */
static const struct {
	const char *name;
	const char *spellings[6];
	size_t n;
} parts[] = {
	{ "name", { " Dragon 2", "Dragon 2", "Dragon 2  " }, 3 },
	{ "in_space", { "true", "True" }, 2 },
	{ "is_placeholder", { NULL, "", "unknown" }, 3 },
	{ "status", { "4", "04", " 4 " }, 3 },
	{ "spacecraft_config", { NULL, "" }, 2 },
	{ "search", { "a b", "a,b", " a, b", "a  b,", "a b " }, 5 },
	{ "ordering", { "-id,time_docked", " -id , time_docked", "-id,,id,time_docked,id" }, 3 },
	{ "mode", { NULL, "", "normal" }, 3 },
	{ "format", { NULL, "", "json", "api" }, 4 },
	{ "limit", { NULL, "", "10", "0", "-3", "0010" }, 6 },
	{ "offset", { "326", "0326" }, 2 },
	{ "utm_source", { NULL, "", "x", "a b&c" }, 4 },
};
static const char wanted[] = "/2.3.0/spacecraft/?in_space=true&name=Dragon+2&offset=326"
			     "&ordering=-id%2Ctime_docked&search=a+b&status=4";

/* Each byte as it is or as an escape, with small or large letters. */
static void put_somehow(struct buf *b, const char *text, uint64_t *random)
{
	for (const char *p = text; *p; p++) {
		uint32_t how = next_random(random) % 4;

		if (how == 0)
			buf_putf(b, "%%%02x", (unsigned char)*p);
		else if (how == 1 || *p == '&')
			buf_putf(b, "%%%02X", (unsigned char)*p);
		else
			buf_put_char(b, *p == ' ' ? '+' : *p);
	}
}

static void put_part(struct buf *b, size_t part, uint64_t *random)
{
	const char *value = parts[part].spellings[next_random(random) % parts[part].n];

	/* An earlier one of the same name does not count, whatever it says. */
	if (value && next_random(random) % 4 == 0) {
		put_somehow(b, parts[part].name, random);
		buf_put(b, STR("=overruled&"));
	}
	if (value) {
		put_somehow(b, parts[part].name, random);
		if (*value || next_random(random) % 2)
			buf_put_char(b, '=');
		put_somehow(b, value, random);
		buf_put(b, next_random(random) % 4 ? STR("&") : STR("&&"));
	}
}

static void every_spelling_has_one_canonical_target(void **state)
{
	struct buf b = buf_init(100000);

	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		uint64_t random = seed;
		size_t order[COUNT(parts)];
		struct refusal refusal;
		struct canon c;

		for (size_t i = 0; i < COUNT(parts); i++) {
			size_t k = next_random(&random) % (i + 1);

			order[i] = order[k];
			order[k] = i;
		}
		buf_clear(&b);
		buf_put(&b, next_random(&random) % 2 ? STR("/2.3.0/spacecraft?")
						     : STR("/2.3.0/spacecraft/?"));
		for (size_t i = 0; i < COUNT(parts); i++)
			put_part(&b, order[i], &random);
		if (!canon(buf_str(&b), &c, &refusal))
			fail_msg("%.*s: %s", STR_ARG(buf_str(&b)), refusal.fail.text);
		if (!str_eq(c.target, str_from(wanted)))
			print_error("%.*s\n", STR_ARG(buf_str(&b)));
		assert_view(c.target, wanted);
		arena_reset(arena);
	}
	buf_release(&b);
}

/* ---- limits ---- */

/* A target of n bytes: a name of so many letters, or of escapes where each stands for one byte. */
static struct str long_target(struct buf *b, size_t n, const char *letter)
{
	buf_clear(b);
	buf_put(b, STR("/2.3.0/spacecraft/?name="));
	while (b->n < n)
		buf_put(b, str_from(letter));
	assert_int_equal(b->n, n);
	return buf_str(b);
}

static void assert_too_long(struct str target)
{
	struct refusal refusal;
	struct canon c;

	assert_false(canon(target, &c, &refusal));
	assert_int_equal(refusal.fail.fault, FAULT_TOO_LONG);
	arena_reset(arena);
}

static void the_longest_targets(void **state)
{
	struct buf b = buf_init(100000);
	struct refusal refusal;
	struct canon c;

	(void)state;
	assert_true(canon(long_target(&b, LIMIT_UPSTREAM_BYTES, "x"), &c, &refusal));
	assert_view_at(c.target, buf_str(&b), __FILE__, __LINE__);
	assert_too_long(long_target(&b, LIMIT_UPSTREAM_BYTES + 1, "x"));
	assert_too_long(long_target(&b, LIMIT_TARGET_BYTES, "x"));
	assert_too_long(long_target(&b, LIMIT_TARGET_BYTES + 1, "x"));
	/* What counts is its length in one spelling: escapes that need not be do not make it
	 * longer, bytes that must be escaped do. */
	assert_true(canon(long_target(&b, 24 + 3 * 2600, "%78"), &c, &refusal));
	assert_int_equal(c.target.n, 24 + 2600);
	assert_true(canon(long_target(&b, 24 + 1200, "/"), &c, &refusal));
	assert_int_equal(c.target.n, 24 + 3 * 1200);
	assert_too_long(long_target(&b, 24 + 1300, "/"));
	/* What says nothing does not count at all. */
	buf_clear(&b);
	buf_put(&b, STR("/2.3.0/spacecraft/?_="));
	while (b.n < LIMIT_TARGET_BYTES)
		buf_put_char(&b, 'x');
	assert_true(canon(buf_str(&b), &c, &refusal));
	assert_view(c.target, "/2.3.0/spacecraft/");
	buf_put_char(&b, 'x');
	assert_too_long(buf_str(&b));
	buf_release(&b);
	arena_reset(arena);
}

static void as_many_parameters_as_are_read(void **state)
{
	struct buf b = buf_init(100000);
	struct refusal refusal;
	struct canon c;

	(void)state;
	buf_put(&b, STR("/2.3.0/spacecraft/?"));
	for (int i = 0; i < LIMIT_PARAMETERS; i++)
		buf_putf(&b, "x%d=%d&", i, i);
	assert_false(canon(buf_str(&b), &c, &refusal));
	assert_int_equal(refusal.fail.fault, FAULT_PARAMETERS);
	assert_int_equal(refusal.faults_n, LIMIT_PARAMETERS);
	assert_view(refusal.faults[0].name, "x0");
	assert_view(refusal.faults[LIMIT_PARAMETERS - 1].name, "x199");
	buf_put(&b, STR("name=x"));
	assert_false(canon(buf_str(&b), &c, &refusal));
	assert_int_equal(refusal.fail.fault, FAULT_MALFORMED);
	buf_release(&b);
	arena_reset(arena);
}

/* Every cap of the arena up to the one that is enough: refused cleanly, never half done. */
static void without_memory_a_request_is_refused(void **state)
{
	static const struct str target =
		STR("/2.3.0/spacecraft/?name=x%20y&ordering=-id,time_docked&search=a,b&status=7"
		    "&limit=5&offset=20&orderin=id");
	bool enough = false;

	(void)state;
	for (size_t cap = 0; cap < 100000 && !enough; cap++) {
		struct arena *small = arena_new(cap);
		struct refusal refusal;
		struct canon c;

		assert_non_null(small);
		assert_false(canon_request(catalog, &options, target, small, &c, &refusal));
		enough = refusal.fail.fault == FAULT_PARAMETERS && refusal.faults_n == 1 &&
			 str_eq(refusal.faults[0].name, STR("orderin"));
		assert_true(refusal.fail.fault != FAULT_NONE);
		assert_true(refusal.fail.fault != FAULT_NOT_FOUND);
		arena_free(small);
	}
	assert_true(enough);
}

static void without_memory_there_is_no_target(void **state)
{
	struct refusal refusal;
	struct canon c;
	size_t cap = 0;
	bool enough = false;

	(void)state;
	assert_true(canon(STR("/2.3.0/spacecraft/?name=x&limit=5&offset=20"), &c, &refusal));
	for (; cap < 10000 && !enough; cap++) {
		struct arena *small = arena_new(cap);
		struct str target = canon_page_target(&c, &c.filter, 5, 20, small);

		enough = target.p != NULL;
		if (enough)
			assert_view(target, "/2.3.0/spacecraft/?limit=5&name=x&offset=20");
		arena_free(small);
	}
	assert_true(enough);
	assert_true(cap > 100);
	arena_reset(arena);
}

/* ---- secrets and unknown parameters ---- */

static void values_of_keys_are_marked_secret(void **state)
{
	static const struct {
		const char *name;
		bool is_secret;
	} cases[] = {
		{ "api_key", true },	   { "apikey", true },	 { "API-KEY", true },
		{ "key", true },	   { "Key", true },	 { "token", true },
		{ "access_token", true },  { "auth", true },	 { "Authorization", true },
		{ "client_secret", true }, { "password", true }, { "bearer", true },
		{ "nasa_api_key", true },  { "keyword", false }, { "agency", false },
		{ "tokens_used", false },  { "monkey", false },	 { "author", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char target[200];
		struct refusal refusal;
		struct canon c;

		snprintf(target, sizeof(target), "/2.3.0/spacecraft/?%s=hunter2", cases[i].name);
		assert_false(canon(str_from(target), &c, &refusal));
		assert_int_equal(refusal.faults_n, 1);
		if (refusal.faults[0].is_secret != cases[i].is_secret)
			fail_msg("%s", cases[i].name);
		assert_lacks(str_from(refusal.fail.text), "hunter2");
		arena_reset(arena);
	}
}

static void unknown_parameters_can_be_passed(void **state)
{
	struct canon_options pass = options;
	struct refusal refusal;
	struct canon c;
	struct str target;

	(void)state;
	pass.pass_unknown = true;
	assert_true(canon_request(catalog, &pass,
				  STR("/2.3.0/spacecraft/?z=2&agency=b&agency=a&api_key=hunter2"
				      "&limit=5&utm_x=1&new=&offset=5"),
				  arena, &c, &refusal));
	target = c.target;
	assert_view(target, "/2.3.0/spacecraft/?agency=b&agency=a&limit=5&new=&offset=5&z=2");
	assert_view(canon_page_target(&c, &c.echo, c.limit, 0, arena),
		    "/2.3.0/spacecraft/?agency=b&agency=a&limit=5&new=&z=2");
	assert_true(canon_request(catalog, &pass, target, arena, &c, &refusal));
	assert_view_at(c.target, target, __FILE__, __LINE__);
	/* What is known is held to its rules all the same. */
	assert_false(canon_request(catalog, &pass, STR("/2.3.0/spacecraft/?agency=1&limit=abc"),
				   arena, &c, &refusal));
	assert_int_equal(refusal.faults_n, 1);
	assert_view(refusal.faults[0].name, "limit");
	arena_reset(arena);
}

static void assert_query(const struct query *q, const char *want)
{
	struct buf b = buf_init(10000);

	query_put(&b, q);
	assert_view(buf_str(&b), want);
	buf_release(&b);
}

/* For upstream canonical values, for links the client's own; both sorted by name. */
static void what_selects_and_what_is_echoed(void **state)
{
	struct refusal refusal;
	struct canon c;

	(void)state;
	assert_true(canon(STR("/2.3.0/spacecraft/?status=07&name=b&utm_x=1&limit=5&in_space=True"
			      "&format=api&name=+a+&offset=9&mode=normal&is_placeholder="),
			  &c, &refusal));
	assert_query(&c.filter, "in_space=true&name=a&status=7");
	assert_query(&c.echo,
		     "in_space=True&is_placeholder=&mode=normal&name=b&name=+a+&status=07");
	assert_int_equal(c.limit, 5);
	assert_int_equal(c.offset, 9);
	arena_reset(arena);
}

static void what_is_allowed_is_told(void **state)
{
	struct refusal refusal;
	struct canon c;

	(void)state;
	assert_false(canon(STR("/2.3.0/spacecraft/?agency=1&mode=x&limit=abc"), &c, &refusal));
	assert_int_equal(refusal.faults_n, 3);
	assert_int_equal(refusal.faults[0].allowed_words_n, 11);
	assert_view(refusal.faults[0].allowed_words[0], "format");
	assert_int_equal(refusal.faults[1].allowed_words_n, 2);
	assert_view(refusal.faults[1].allowed_words[1], "detailed");
	assert_int_equal(refusal.faults[2].allowed_words_n, 0);
	arena_reset(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_targets),
		cmocka_unit_test(every_spelling_has_one_canonical_target),
		cmocka_unit_test(the_longest_targets),
		cmocka_unit_test(as_many_parameters_as_are_read),
		cmocka_unit_test(without_memory_a_request_is_refused),
		cmocka_unit_test(without_memory_there_is_no_target),
		cmocka_unit_test(values_of_keys_are_marked_secret),
		cmocka_unit_test(unknown_parameters_can_be_passed),
		cmocka_unit_test(what_selects_and_what_is_echoed),
		cmocka_unit_test(what_is_allowed_is_told),
	};

	return cmocka_run_group_tests_name("canon", tests, set_up, tear_down);
}
