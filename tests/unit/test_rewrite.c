#include "unit/rules.h"
#include "unit/table.h"

static void the_table_of_strings(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "rewrite.tsv", 3);
	while (table_next(&t)) {
		/* A copy that ends where the string does, so that reading on is seen. */
		char *copy = malloc(t.field[0].n ? t.field[0].n : 1);
		struct str raw = { copy, t.field[0].n };
		size_t n;

		assert_non_null(copy);
		memcpy(copy, t.field[0].p, t.field[0].n);
		n = rewrite_prefix(&rules, t.field[1], raw);
		table_expect(&t, "behind the mark", t.field[2],
			     n ? str_slice(raw, n, raw.n) : STR("="));
		free(copy);
	}
	table_close(&t);
}

/* No beginning of a link is one, and nothing behind the end is read. */
static void every_cut_of_the_prefix(void **state)
{
	static const struct str whole = STR("https://ll.thespacedevs.com/2.3.0/");

	(void)state;
	for (size_t n = 0; n <= whole.n; n++) {
		char *copy = malloc(n ? n : 1);

		assert_non_null(copy);
		memcpy(copy, whole.p, n);
		assert_int_equal(rewrite_prefix(&rules, STR("url"), (struct str){ copy, n }),
				 n == whole.n ? n : 0);
		free(copy);
	}
}

static void marks_become_the_base_and_root(void **state)
{
	struct buf b = buf_init(1000);

	(void)state;
	rewrite_put(&b, STR("{\"url\":\"\x01spacecraft/430/\",\"x\":1,\"url\":\"\x01\"}"),
		    STR("https://api.example.org/space"), STR("/2.3.0/"));
	assert_view(buf_str(&b),
		    "{\"url\":\"https://api.example.org/space/2.3.0/spacecraft/430/\",\"x\":1,"
		    "\"url\":\"https://api.example.org/space/2.3.0/\"}");
	buf_clear(&b);
	rewrite_put(&b, STR("no mark"), STR("x"), STR("/"));
	assert_view(buf_str(&b), "no mark");
	buf_clear(&b);
	rewrite_put(&b, STR("\x01\x01"), STR("a"), STR("/"));
	assert_view(buf_str(&b), "a/a/");
	buf_clear(&b);
	rewrite_put(&b, (struct str){ NULL, 0 }, STR("a"), STR("/"));
	assert_int_equal(b.n, 0);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_strings),
		cmocka_unit_test(every_cut_of_the_prefix),
		cmocka_unit_test(marks_become_the_base_and_root),
	};

	return cmocka_run_group_tests_name("rewrite", tests, NULL, NULL);
}
