#include "unit/rules.h"
#include "unit/table.h"

#include "api/page.h"

static struct page page; /* large: not on the stack */

static void expect_page(struct table *t, struct str objects)
{
	struct buf text = buf_init(1000);

	buf_putf(&text, "%lld", (long long)page.count);
	table_expect(t, "count", t->field[1], buf_str(&text));
	buf_clear(&text);
	for (uint32_t i = 0; i < page.n; i++)
		buf_putf(&text, "%s%u", i ? "," : "", page.ends[i]);
	table_expect(t, "ends", t->field[2], buf_str(&text));
	buf_clear(&text);
	for (uint32_t i = 0; i < page.n; i++)
		buf_putf(&text, "%s%.*s", i ? "," : "", STR_ARG(page.ids[i]));
	table_expect(t, "ids", t->field[3], buf_str(&text));
	table_expect(t, "objects", t->field[4], objects);
	buf_release(&text);
}

static void the_table_of_pages(void **state)
{
	struct buf objects = buf_init(100000);
	struct table t;

	(void)state;
	table_open(&t, "page.tsv", 5);
	while (table_next(&t)) {
		struct fail failure = { .fault = FAULT_NONE };
		struct str part = str_slice(t.field[1], 1, t.field[1].n);
		struct str text = str_from(failure.text);
		bool wanted = !str_starts(t.field[1], STR("!"));

		buf_clear(&objects);
		if (page_read(t.field[0], &rules, &page, &objects, &failure)) {
			if (wanted)
				expect_page(&t, buf_str(&objects));
			else
				table_complain(&t, "a bad page is taken");
			continue;
		}
		text = str_from(failure.text);
		if (wanted || !memmem(text.p, text.n, part.p, part.n))
			table_expect(&t, "refused", t.field[1], text);
		if (failure.fault != FAULT_UPSTREAM_GARBAGE)
			table_complain(&t, "the fault is not that of garbage");
	}
	table_close(&t);
	buf_release(&objects);
}

static void as_many_objects_as_a_window_may_have(void **state)
{
	struct buf text = buf_init(100000);
	struct buf objects = buf_init(100000);
	struct fail failure;

	(void)state;
	buf_put(&text, STR("{\"count\":9999,\"next\":null,\"previous\":null,\"results\":[{}"));
	for (int i = 1; i < LIMIT_WINDOW_OBJECTS; i++)
		buf_put(&text, STR(",{}"));
	buf_put(&text, STR("]}"));
	assert_true(page_read(buf_str(&text), &rules, &page, &objects, &failure));
	assert_int_equal(page.n, LIMIT_WINDOW_OBJECTS);
	text.n -= 2;
	buf_put(&text, STR(",{}]}"));
	assert_false(page_read(buf_str(&text), &rules, &page, &objects, &failure));
	assert_int_equal(failure.fault, FAULT_UPSTREAM_GARBAGE);
	buf_release(&text);
	buf_release(&objects);
}

static void objects_are_appended(void **state)
{
	struct buf objects = buf_init(1000);
	struct fail failure;

	(void)state;
	buf_put(&objects, STR("before"));
	assert_true(page_read(STR("{\"count\":2,\"next\":null,\"previous\":null,"
				  "\"results\":[{\"a\":1},{}]}"),
			      &rules, &page, &objects, &failure));
	assert_view(buf_str(&objects), "before{\"a\":1},{}");
	/* Places are counted from where this page's run begins. */
	assert_int_equal(page.ends[0], 7);
	assert_int_equal(page.ends[1], 10);
	buf_release(&objects);
}

static void a_page_over_the_cap_is_refused(void **state)
{
	(void)state;
	for (size_t cap = 0; cap < 10; cap++) {
		struct buf objects = buf_init(cap);
		struct fail failure = { .fault = FAULT_NONE };

		assert_false(page_read(STR("{\"count\":2,\"next\":null,\"previous\":null,"
					   "\"results\":[{\"a\":1},{}]}"),
				       &rules, &page, &objects, &failure));
		assert_int_equal(failure.fault, FAULT_UPSTREAM_GARBAGE);
		buf_release(&objects);
	}
}

static void every_cut_of_a_page_is_refused(void **state)
{
	static const struct str whole =
		STR("{\"count\":2,\"next\":\"n\",\"previous\":null,\"results\":[{\"id\":1,"
		    "\"url\":\"https://ll.thespacedevs.com/2.3.0/x/\",\"s\":\"\\u00e9\"},{}]}");

	(void)state;
	for (size_t n = 0; n <= whole.n; n++) {
		char *copy = malloc(n ? n : 1);
		struct buf objects = buf_init(1000);
		struct fail failure;

		assert_non_null(copy);
		memcpy(copy, whole.p, n);
		assert_int_equal(
			page_read((struct str){ copy, n }, &rules, &page, &objects, &failure),
			n == whole.n);
		buf_release(&objects);
		free(copy);
	}
}

static void single_objects(void **state)
{
	static const struct {
		const char *text;
		const char *want; /* NULL: refused */
	} cases[] = {
		{ "{\"id\":1}", "{\"id\":1}" },
		{ " { \"mass\" : 1e-07 } \n", "{ \"mass\" : 1e-07 }" },
		{ "{\"url\":\"https://ll.thespacedevs.com/2.3.0/x/1/\"}",
		  "{\"url\":\"\x01x/1/\"}" },
		{ "{\"detail\":\"Not found.\"}", "{\"detail\":\"Not found.\"}" },
		{ "{}", "{}" },
		{ "[{}]", NULL },
		{ "\"x\"", NULL },
		{ "", NULL },
		{ "{", NULL },
		{ "{} {}", NULL },
		{ "{\"a\":}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf object = buf_init(1000);
		struct fail failure = { .fault = FAULT_NONE };
		struct str id;
		bool good =
			page_read_object(str_from(cases[i].text), &rules, &object, &id, &failure);

		if (good != (cases[i].want != NULL))
			fail_msg("`%s`: %d", cases[i].text, good);
		if (good)
			assert_view(buf_str(&object), cases[i].want);
		else
			assert_int_equal(failure.fault, FAULT_UPSTREAM_GARBAGE);
		buf_release(&object);
	}
}

/* Links made neutral, then put back as upstream's own base, give upstream's own bytes. */
static void there_and_back_is_the_same(void **state)
{
	static const struct str text = STR(
		"{\"id\":12345678901234567890,\"url\":\"https://ll.thespacedevs.com/2.3.0/x/\","
		"\"n\":{\"next\":\"https://ll.thespacedevs.com/2.3.0/y/?a=b\"},\"f\":[1e-07,-0.0],"
		"\"image_url\":\"https://ll.thespacedevs.com/2.3.0/z.png\",\"s\":\"\\u00e9\\/\"}");
	struct buf neutral = buf_init(10000);
	struct buf again = buf_init(10000);
	struct fail failure;
	struct str id;

	(void)state;
	assert_true(page_read_object(text, &rules, &neutral, &id, &failure));
	assert_view(id, "12345678901234567890");
	rewrite_put(&again, buf_str(&neutral), STR("https://ll.thespacedevs.com"), STR("/2.3.0/"));
	assert_view_at(buf_str(&again), text, __FILE__, __LINE__);
	buf_release(&neutral);
	buf_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_pages),
		cmocka_unit_test(as_many_objects_as_a_window_may_have),
		cmocka_unit_test(objects_are_appended),
		cmocka_unit_test(a_page_over_the_cap_is_refused),
		cmocka_unit_test(every_cut_of_a_page_is_refused),
		cmocka_unit_test(single_objects),
		cmocka_unit_test(there_and_back_is_the_same),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
