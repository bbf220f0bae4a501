#include "unit/catalog.h"

#include "policy/warm_list.h"

struct told {
	int lines[16];
	size_t n;
	char text[1024];
};

static void note(void *ctx, int line, const char *what)
{
	struct told *told = ctx;

	assert_true(told->n < COUNT(told->lines));
	told->lines[told->n++] = line;
	snprintf(told->text, sizeof(told->text), "%s", what);
}

static struct warm_list *read(const char *text, struct told *told)
{
	struct catalog *catalog = test_catalog();
	const struct canon_options options = test_canon_options();
	struct warm_list *list;

	*told = (struct told){ .n = 0 };
	list = warm_list_read(str_from(text), catalog, &options, note, told);
	catalog_unref(catalog);
	assert_int_equal(list != NULL, told->n == 0);
	return list;
}

static void targets_stand_there_as_clients_write_them(void **state)
{
	struct told told;
	struct warm_list *list = read("# the front page\n"
				      "\n"
				      "  /2.3.0/spacecraft/?offset=0&limit=5&name= \r\n"
				      "/2.3.0/spacecraft/430/\n"
				      "/2.3.0/spacecraft?limit=5",
				      &told);

	(void)state;
	assert_non_null(list);
	/* The third is the first in another spelling. */
	assert_int_equal(list->n, 2);
	assert_view(list->targets[0], "/2.3.0/spacecraft/?limit=5");
	assert_view(list->targets[1], "/2.3.0/spacecraft/430/");
	warm_list_free(list);
}

static void nothing_is_a_list_too(void **state)
{
	struct told told;
	struct warm_list *list = read("", &told);

	(void)state;
	assert_non_null(list);
	assert_int_equal(list->n, 0);
	warm_list_free(list);
}

static void every_refused_line_is_told(void **state)
{
	struct told told;

	(void)state;
	read("/2.3.0/spacecraft/\n"
	     "/2.3.0/spacecrafts/\n"
	     "# a comment\n"
	     "/2.3.0/spacecraft/?orderng=id\n"
	     "what is this\n",
	     &told);
	assert_int_equal(told.n, 3);
	assert_int_equal(told.lines[0], 2);
	assert_int_equal(told.lines[1], 4);
	assert_int_equal(told.lines[2], 5);
	read("/2.3.0/spacecraft/?orderng=id", &told);
	assert_string_equal(told.text, "orderng: there is no such parameter");
	read("/2.3.0/api-throttle/", &told);
	assert_int_equal(told.n, 1);
}

static void a_list_has_an_end(void **state)
{
	struct buf text = buf_init(WARM_FILE_BYTES);
	struct told told;
	struct warm_list *list;

	(void)state;
	for (int i = 1; i <= WARM_LINES_MAX; i++)
		buf_putf(&text, "/2.3.0/spacecraft/%d/\n", i);
	buf_put_char(&text, '\0');
	text.p[text.n - 1] = '\0';
	list = read(text.p, &told);
	assert_int_equal(list->n, WARM_LINES_MAX);
	warm_list_free(list);
	text.n--;
	buf_put(&text, STR("/2.3.0/spacecraft/999999/\n"));
	buf_put_char(&text, '\0');
	read(text.p, &told);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.lines[0], WARM_LINES_MAX + 1);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_stand_there_as_clients_write_them),
		cmocka_unit_test(nothing_is_a_list_too),
		cmocka_unit_test(every_refused_line_is_told),
		cmocka_unit_test(a_list_has_an_end),
	};

	return cmocka_run_group_tests_name("warm_list", tests, NULL, NULL);
}
