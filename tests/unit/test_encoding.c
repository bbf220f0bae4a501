#include "unit/table.h"

#include "base/limits.h"
#include "http/encoding.h"

static void the_table_of_fields(void **state)
{
	struct table t;

	(void)state;
	table_open(&t, "encoding.tsv", 3);
	while (table_next(&t)) {
		table_expect(&t, "a page", t.field[1],
			     str_from(encoding_name(encoding_choose(t.field[0], true))));
		table_expect(&t, "a few bytes", t.field[2],
			     str_from(encoding_name(encoding_choose(t.field[0], false))));
	}
	table_close(&t);
}

static uint32_t variant_of(const char *accept)
{
	return encoding_variant(str_from(accept));
}

static enum coding chosen(const char *accept, bool worthwhile)
{
	return encoding_choose(str_from(accept), worthwhile);
}

/* Two fields have the same number just when they get the same, worthwhile or not. */
static void a_variant_is_what_is_chosen(void **state)
{
	static const char *const fields[] = {
		"",
		"gzip",
		"gzip, identity;q=0",
		"identity",
		"*",
		"*;q=0",
		"*, identity;q=0",
		"gzip;q=0",
		"gzip;q=0, identity;q=0",
		"x-gzip;q=0.5, identity",
		"x-gzip, identity;q=0.5",
		"br",
		"br, gzip;q=0.001",
		"gzip;q=7",
		"gzip;q=0.5, identity;q=0, *",
	};
	bool seen[ENCODING_VARIANTS] = { false };
	size_t different = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		uint32_t variant = variant_of(fields[i]);

		assert_true(variant < ENCODING_VARIANTS);
		different += !seen[variant];
		seen[variant] = true;
		for (size_t k = 0; k < i; k++) {
			bool same = chosen(fields[i], true) == chosen(fields[k], true) &&
				    chosen(fields[i], false) == chosen(fields[k], false);

			if ((variant == variant_of(fields[k])) != same)
				fail_msg("`%s` and `%s`", fields[k], fields[i]);
		}
	}
	/* As it is, coded if that makes it shorter, coded. */
	assert_int_equal(different, 3);
}

static void every_coding_has_a_name(void **state)
{
	(void)state;
	for (enum coding c = 0; c < CODING_COUNT; c++)
		for (enum coding d = 0; d < CODING_COUNT; d++)
			assert_int_equal(strcmp(encoding_name(c), encoding_name(d)) == 0, c == d);
}

static void a_field_beyond_the_cap_is_not_read(void **state)
{
	char text[LIMIT_ACCEPT_BYTES + 1];

	(void)state;
	memset(text, ',', sizeof(text));
	memcpy(text, "gzip", 4);
	assert_int_equal(encoding_choose((struct str){ text, LIMIT_ACCEPT_BYTES }, true),
			 CODING_GZIP);
	assert_int_equal(encoding_choose((struct str){ text, sizeof(text) }, true),
			 CODING_IDENTITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_fields),
		cmocka_unit_test(a_variant_is_what_is_chosen),
		cmocka_unit_test(every_coding_has_a_name),
		cmocka_unit_test(a_field_beyond_the_cap_is_not_read),
	};

	return cmocka_run_group_tests_name("encoding", tests, NULL, NULL);
}
