#include "unit/table.h"

#include "http/url.h"

static void the_table_of_decoding(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct table t;

	(void)state;
	table_open(&t, "url.tsv", 3);
	while (table_next(&t)) {
		enum url_decode how = str_eq(t.field[1], STR("path")) ? URL_PATH : URL_QUERY;
		struct str got = { NULL, 0 };
		const char *why = url_decode(t.field[0], how, a, &got);

		if (!str_starts(t.field[2], STR("!")))
			table_expect(&t, "decoded", t.field[2], why ? str_from(why) : got);
		else if (!why || !memmem(why, strlen(why), t.field[2].p + 1, t.field[2].n - 1))
			table_expect(&t, "refused", t.field[2], why ? str_from(why) : got);
	}
	table_close(&t);
	arena_free(a);
}

static void without_memory_it_says_so(void **state)
{
	struct arena *a = arena_new(2);
	struct str got = STR("untouched");

	(void)state;
	assert_non_null(url_decode(STR("abc"), URL_QUERY, a, &got));
	assert_view(got, "untouched");
	arena_free(a);
}

/* What Python's urllib.parse.quote_plus() gives. */
static void form_encoding_of_every_byte(void **state)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_.-~";

	(void)state;
	for (int c = 0; c < 256; c++) {
		struct buf b = buf_init(10);
		char byte = (char)c;
		char want[4] = { byte, '\0' };

		if (byte == ' ')
			want[0] = '+';
		else if (!memchr(plain, byte, sizeof(plain) - 1))
			snprintf(want, sizeof(want), "%%%02X", (unsigned int)c);
		url_put_form(&b, (struct str){ &byte, 1 });
		assert_view(buf_str(&b), want);
		buf_release(&b);
	}
}

static void what_is_encoded_decodes_to_itself(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct buf b = buf_init(100000);
	struct str got;

	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++) {
		uint64_t random = seed;
		char text[40];
		size_t n = next_random(&random) % sizeof(text);

		for (size_t i = 0; i < n; i++)
			text[i] = (char)(' ' + next_random(&random) % ('~' - ' ' + 1));
		buf_clear(&b);
		url_put_form(&b, (struct str){ text, n });
		assert_null(url_decode(buf_str(&b), URL_QUERY, a, &got));
		assert_view_at(got, (struct str){ text, n }, __FILE__, __LINE__);
		arena_reset(a);
	}
	buf_release(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_decoding),
		cmocka_unit_test(without_memory_it_says_so),
		cmocka_unit_test(form_encoding_of_every_byte),
		cmocka_unit_test(what_is_encoded_decodes_to_itself),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
