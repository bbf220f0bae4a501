#include "unit/test.h"

#include "cli/print.h"

static void columns_are_aligned(void **state)
{
	static const char *const heads[] = { "NAME", ">SIZE", "NOTE", NULL };
	struct columns c = columns_init(heads);
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	(void)state;
	columns_put(&c, "a");
	columns_put(&c, "%d", 12345);
	columns_put(&c, "%s", "");
	/* Two characters, five bytes. */
	columns_put(&c, "\xe2\x82\xac\xc3\xa9");
	columns_put(&c, "%d", 7);
	columns_put(&c, "last");
	columns_print(&c, to, 2);
	fclose(to);
	assert_string_equal(text, "  NAME   SIZE  NOTE\n"
				  "  a     12345\n"
				  "  \xe2\x82\xac\xc3\xa9        7  last\n");
	free(text);
}

static void durations(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
	} cases[] = {
		{ 0, "0 s" },	       { 59, "59 s" },		 { 60, "1 min" },
		{ 250, "4 min 10 s" }, { 3600, "1 h" },		 { 3659, "1 h" },
		{ 3660, "1 h 1 min" }, { 90000, "1 d 1 h" },	 { 2606400, "30 d 4 h" },
		{ -61, "-1 min 1 s" }, { 86399, "23 h 59 min" },
	};
	char text[QUANTITY_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(say_seconds(cases[i].s, text), cases[i].text);
}

static void bytes(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },		{ 999, "999 B" },
		{ 1000, "1.0 kB" },	{ 24149, "24.1 kB" },
		{ 999949, "999.9 kB" }, { 999950, "1.0 MB" },
		{ 3200000, "3.2 MB" },	{ 5000000000000, "5.0 TB" },
	};
	char text[QUANTITY_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(say_bytes(cases[i].n, text), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_aligned),
		cmocka_unit_test(durations),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
