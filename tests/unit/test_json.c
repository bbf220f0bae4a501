#include "unit/table.h"

#include "api/json.h"

static const char letters[] = {
	[TOKEN_ERROR] = '!',	  [TOKEN_END] = '$',	[TOKEN_OBJECT] = '{',
	[TOKEN_OBJECT_END] = '}', [TOKEN_ARRAY] = '[',	[TOKEN_ARRAY_END] = ']',
	[TOKEN_NAME] = 'n',	  [TOKEN_STRING] = 's', [TOKEN_NUMBER] = '#',
	[TOKEN_TRUE] = 't',	  [TOKEN_FALSE] = 'f',	[TOKEN_NULL] = '0',
};

/* The tokens of a text as letters; the end is none. */
static struct str tokens_of(struct str text, char *to, size_t size)
{
	struct json j = json_init(text);
	size_t n = 0;

	while (n < size) {
		struct json_token t = json_next(&j);

		if (t.kind == TOKEN_END)
			break;
		to[n++] = letters[t.kind];
		if (t.kind == TOKEN_ERROR)
			break;
	}
	return (struct str){ to, n };
}

static void the_table_of_texts(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "json.tsv", 2);
	while (table_next(&t)) {
		/* A copy that ends where the text does, so that reading on is seen. */
		char *copy = malloc(t.field[0].n ? t.field[0].n : 1);
		char tokens[64];

		assert_non_null(copy);
		memcpy(copy, t.field[0].p, t.field[0].n);
		table_expect(&t, "tokens", t.field[1],
			     tokens_of((struct str){ copy, t.field[0].n }, tokens, sizeof(tokens)));
		free(copy);
	}
	table_close(&t);
}

static void tokens_are_the_bytes_that_were_read(void **state)
{
	struct json j = json_init(STR("{\"a\\u0062\": [-0.0, \"x\\/y\", true] }"));
	static const struct {
		enum json_kind kind;
		const char *raw;
		int depth;
		size_t at;
	} want[] = {
		{ TOKEN_OBJECT, "{", 0, 0 },	  { TOKEN_NAME, "a\\u0062", 1, 2 },
		{ TOKEN_ARRAY, "[", 1, 12 },	  { TOKEN_NUMBER, "-0.0", 2, 13 },
		{ TOKEN_STRING, "x\\/y", 2, 20 }, { TOKEN_TRUE, "true", 2, 27 },
		{ TOKEN_ARRAY_END, "]", 1, 31 },  { TOKEN_OBJECT_END, "}", 0, 33 },
		{ TOKEN_END, "", 0, 34 },	  { TOKEN_END, "", 0, 34 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct json_token t = json_next(&j);

		assert_int_equal(t.kind, want[i].kind);
		assert_view(t.raw, want[i].raw);
		assert_int_equal(t.depth, want[i].depth);
		assert_int_equal(t.at, want[i].at);
	}
}

static void errors_stay(void **state)
{
	struct json j = json_init(STR("[1 2]"));

	(void)state;
	json_next(&j);
	json_next(&j);
	for (int i = 0; i < 5; i++)
		assert_int_equal(json_next(&j).kind, TOKEN_ERROR);
}

static void nesting_ends_at_the_limit(void **state)
{
	char text[2 * LIMIT_JSON_DEPTH + 2];
	size_t n = LIMIT_JSON_DEPTH;
	struct json j;

	(void)state;
	memset(text, '[', n);
	memset(text + n, ']', n);
	j = json_init((struct str){ text, 2 * n });
	for (size_t i = 0; i < 2 * n; i++)
		assert_int_equal(json_next(&j).kind, i < n ? TOKEN_ARRAY : TOKEN_ARRAY_END);
	assert_int_equal(json_next(&j).kind, TOKEN_END);

	memset(text, '[', n + 1);
	memset(text + n + 1, ']', n + 1);
	j = json_init((struct str){ text, 2 * n + 2 });
	for (size_t i = 0; i < n; i++)
		assert_int_equal(json_next(&j).kind, TOKEN_ARRAY);
	assert_int_equal(json_next(&j).kind, TOKEN_ERROR);
}

static void skipping_passes_one_value(void **state)
{
	struct json j = json_init(STR("[{\"a\":[1,{\"b\":{}}]},2,[[]]]"));

	(void)state;
	assert_int_equal(json_next(&j).kind, TOKEN_ARRAY);
	assert_true(json_skip(&j, json_next(&j)));
	assert_true(json_skip(&j, json_next(&j)));
	assert_true(json_skip(&j, json_next(&j)));
	assert_int_equal(json_next(&j).kind, TOKEN_ARRAY_END);
	assert_int_equal(json_next(&j).kind, TOKEN_END);

	j = json_init(STR("[[1,]]"));
	json_next(&j);
	assert_false(json_skip(&j, json_next(&j)));
	j = json_init(STR("]"));
	assert_false(json_skip(&j, json_next(&j)));
	j = json_init(STR(""));
	assert_false(json_skip(&j, json_next(&j)));
}

/* Whatever is cut off a good text, it is not good any more. */
static void every_cut_is_seen(void **state)
{
	static const struct str whole =
		STR("{\"a\":[1.5e-3,\"\\ud83d\\ude80\",null,{\"b\":true}]}");

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		char *copy = malloc(n ? n : 1);
		char tokens[64];
		struct str got;

		assert_non_null(copy);
		memcpy(copy, whole.p, n);
		got = tokens_of((struct str){ copy, n }, tokens, sizeof(tokens));
		assert_true(str_ends(got, STR("!")));
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_texts),
		cmocka_unit_test(tokens_are_the_bytes_that_were_read),
		cmocka_unit_test(errors_stay),
		cmocka_unit_test(nesting_ends_at_the_limit),
		cmocka_unit_test(skipping_passes_one_value),
		cmocka_unit_test(every_cut_is_seen),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
