#include "unit/catalog.h"
#include "unit/table.h"

#include "api/moment.h"
#include "base/units.h"
#include "policy/freshness.h"

/* Noon of 2026-11-24. */
#define NOW ((struct wall){ 1795521600000 })

#define OBJECTS_MAX 8

/* ---- the tables' notation ---- */

/* `2d - 15m + 1m`, in ms. */
static int64_t time_of(struct table *t, struct str text)
{
	int64_t sum = 0;
	int64_t sign = 1;

	for (struct str word = str_cut_word(&text); word.n; word = str_cut_word(&text)) {
		int64_t ms = 0;

		if (str_eq(word, STR("+")) || str_eq(word, STR("-"))) {
			sign = word.p[0] == '-' ? -1 : 1;
			continue;
		}
		if (!duration_parse(word, &ms))
			table_complain(t, "a time is needed");
		sum += sign * ms;
	}
	return sum;
}

/* `in 2h`, `2h ago` and `now` become moments; anything else is JSON already. */
static void put_value(struct table *t, struct buf *b, struct str text)
{
	char moment[MOMENT_BYTES];
	int64_t from_now;

	if (str_starts(text, STR("in ")))
		from_now = time_of(t, str_slice(text, 3, text.n));
	else if (str_ends(text, STR(" ago")))
		from_now = -time_of(t, str_slice(text, 0, text.n - 4));
	else if (str_eq(text, STR("now")))
		from_now = 0;
	else {
		buf_put(b, text);
		return;
	}
	buf_put_char(b, '"');
	buf_put(b, moment_put((NOW.ms + from_now) * 1000, moment));
	buf_put_char(b, '"');
}

/* `status.id 6` is {"status":{"id":6}}, without the outermost braces. */
static void put_member(struct table *t, struct buf *b, struct str text)
{
	struct str path = str_cut_word(&text);
	int depth = 0;

	while (path.n) {
		struct str name = str_cut(&path, '.');

		buf_putf(b, "\"%.*s\":%s", STR_ARG(name), path.n ? "{" : "");
		depth += path.n > 0;
	}
	put_value(t, b, text);
	while (depth--)
		buf_put_char(b, '}');
}

static void put_object(struct table *t, struct buf *b, struct str text)
{
	buf_put_char(b, '{');
	while (text.n) {
		put_member(t, b, str_cut(&text, ','));
		if (text.n)
			buf_put_char(b, ',');
	}
	buf_put_char(b, '}');
}

/* An answer, with what it needs to live. */
struct answer {
	struct entry entry;
	struct buf body;
	uint32_t ends[OBJECTS_MAX];
};

static void make_answer(struct table *t, struct str kind, struct str objects, bool backwards,
			struct answer *ret)
{
	struct str texts[OBJECTS_MAX];
	uint32_t n = 0;

	*ret = (struct answer){ .body = buf_init(4096) };
	while (objects.n && n < OBJECTS_MAX)
		texts[n++] = str_trim(str_cut(&objects, '|'));
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_put_char(&ret->body, ',');
		put_object(t, &ret->body, texts[backwards ? n - 1 - i : i]);
		ret->ends[i] = (uint32_t)ret->body.n;
	}
	ret->entry =
		(struct entry){ .kind = ENTRY_OBJECT, .fetched = NOW, .body = buf_str(&ret->body) };
	if (str_eq(kind, STR("list"))) {
		ret->entry.kind = ENTRY_WINDOW;
		ret->entry.n = n;
		ret->entry.ends = ret->ends;
	} else if (!str_eq(kind, STR("object")) || n != 1) {
		table_complain(t, "an answer is a list, or one object");
	}
}

/* The row's objects, in both orders, against what it wants. */
static void check_row(struct table *t, const struct endpoint *endpoint)
{
	int64_t want_ms = time_of(t, t->field[3]);

	for (int backwards = 0; backwards < 2; backwards++) {
		struct answer a;
		int64_t got_ms;

		make_answer(t, t->field[1], t->field[2], backwards, &a);
		got_ms = freshness_until(endpoint, &a.entry).ms - NOW.ms;
		buf_release(&a.body);
		if (got_ms == want_ms)
			continue;
		print_error("%s:%d: `%.*s`: want %.*s, got %lld s\n", t->path, t->line,
			    STR_ARG(t->field[2]), STR_ARG(t->field[3]), (long long)got_ms / 1000);
		t->differing++;
	}
}

/* ---- rules of the row itself ---- */

static struct catalog *catalog_with(struct str rules, bool backwards, int64_t time_scale)
{
	const struct catalog_options options = { .time_scale = time_scale };
	struct catalog_table table = { .name = "t", .file = "t.json" };
	struct str texts[OBJECTS_MAX];
	struct buf b = buf_init(4096);
	struct catalog *c;
	size_t n = 0;

	while (rules.n && n < OBJECTS_MAX)
		texts[n++] = str_trim(str_cut(&rules, ';'));
	buf_put(&b,
		STR("{\"title\":\"T\",\"root\":\"/1/\",\"upstream\":\"https://u.example\","
		    "\"budget\":\"b\",\"quota\":\"15/3600\",\"negative\":\"10m\",\"limit\":10,"
		    "\"limit_max\":100,\"endpoints\":{\"x\":{\"fresh\":\"10m\",\"stale\":\"1d\","
		    "\"skew\":\"30m\",\"fresh_when\":["));
	for (size_t i = 0; i < n; i++)
		buf_putf(&b, "%s\"%.*s\"", i ? "," : "", STR_ARG(texts[backwards ? n - 1 - i : i]));
	buf_put(&b, STR("]}}}"));
	table.text = buf_str(&b);
	c = catalog_read(&table, 1, &options, report_to_test, NULL);
	buf_release(&b);
	return c;
}

static void answers_by_their_rules(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "freshness.tsv", 4);
	while (table_next(&t)) {
		for (int backwards = 0; backwards < 2; backwards++) {
			struct catalog *c = catalog_with(t.field[0], backwards, 1);

			if (!c)
				fail_msg("%s:%d: the rules are refused", t.path, t.line);
			check_row(&t, &c->apis[0].endpoints[0]);
			catalog_unref(c);
		}
	}
	table_close(&t);
}

/* ---- the tables that are shipped ---- */

/* `/2.3.0/ launches/upcoming` */
static const struct endpoint *endpoint_named(const struct catalog *c, struct str text)
{
	struct str root = str_cut_word(&text);

	for (size_t i = 0; i < c->apis_n; i++)
		if (str_eq(c->apis[i].root, root))
			return api_endpoint(&c->apis[i], text);
	return NULL;
}

static void answers_by_the_tables_that_are_shipped(void **state)
{
	static const struct catalog_options options = { .time_scale = 1 };
	struct catalog *c = catalog_load("conf/apis", &options, report_to_test, NULL);
	struct table t;

	(void)state;
	assert_non_null(c);
	table_open(&t, "freshness-shipped.tsv", 4);
	while (table_next(&t)) {
		const struct endpoint *endpoint = endpoint_named(c, t.field[0]);

		if (!endpoint)
			fail_msg("%s:%d: there is no such endpoint", t.path, t.line);
		check_row(&t, endpoint);
	}
	table_close(&t);
	catalog_unref(c);
}

/* ---- the rest ---- */

/* Answers age faster; launches do not come nearer. */
static void the_time_scale_leaves_bands_as_they_are(void **state)
{
	struct catalog *c = catalog_with(STR("1h net:-1d..; 1m net:-15m..+5m"), false, 60);
	static const struct {
		const char *net;
		int64_t fresh_ms;
	} cases[] = {
		{ "2026-11-24T12:20:00Z", 60000 },
		{ "2026-11-24T12:15:30Z", 30000 + 1000 },
		{ "2026-11-24T12:14:00Z", 1000 },
		{ "2026-12-24T12:00:00Z", 10000 },
	};

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entry e = { .kind = ENTRY_OBJECT, .fetched = NOW };
		char body[100];

		snprintf(body, sizeof(body), "{\"net\":\"%s\"}", cases[i].net);
		e.body = str_from(body);
		assert_int_equal(freshness_until(&c->apis[0].endpoints[0], &e).ms - NOW.ms,
				 cases[i].fresh_ms);
	}
	catalog_unref(c);
	c = catalog_with(STR("1m net:-15m..+5m"), false, 1LL << 31);
	assert_non_null(c);
	assert_int_equal(c->apis[0].endpoints[0].fresh_when.list[0].fresh_ms, 1);
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_by_their_rules),
		cmocka_unit_test(answers_by_the_tables_that_are_shipped),
		cmocka_unit_test(the_time_scale_leaves_bands_as_they_are),
	};

	return cmocka_run_group_tests_name("freshness", tests, NULL, NULL);
}
