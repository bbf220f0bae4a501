/* The one sentence of the status page: outlook.tsv has what is told of what. */

#include "unit/table.h"

#include "policy/outlook.h"

static struct served read_served(struct table *t, size_t column)
{
	struct str rest = t->field[column];
	uint64_t numbers[5] = { 0 };

	for (size_t i = 0; i < COUNT(numbers); i++) {
		int64_t number = -1;

		if (!str_to_i64(str_cut(&rest, '/'), &number) || number < 0)
			table_complain(t, "five numbers are needed");
		numbers[i] = (uint64_t)number;
	}
	return (struct served){ numbers[0], numbers[1], numbers[2], numbers[3], numbers[4] };
}

static struct supply read_supply(struct table *t, struct str text)
{
	struct str value = text;
	struct str kind = str_cut(&value, ':');
	struct supply s = { .known = true, .remaining = 7 };
	int64_t number = 0;

	str_to_i64(value, &number);
	if (str_eq(kind, STR("left")))
		s.remaining = (uint32_t)number;
	else if (str_eq(kind, STR("spent")))
		s = (struct supply){ .known = true, .next_free_ms = number * 1000 };
	else if (str_eq(kind, STR("cool")))
		s.cooldown_ms = number * 1000;
	else if (str_eq(kind, STR("silent")))
		s.silent = true;
	else if (str_eq(kind, STR("off")))
		s.off = true;
	else if (str_eq(kind, STR("unknown")))
		s = (struct supply){ .known = false };
	else
		table_complain(t, "there is no such supply");
	return s;
}

static struct str join_notes(const struct outlook *o, char text[static 1024])
{
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < o->notes_n; i++)
		n += (size_t)snprintf(text + n, 1024 - n, "%s%s", i ? "|" : "", o->notes[i]);
	return (struct str){ text, n };
}

static void the_table(void **state)
{
	struct table t;
	char notes[1024];

	(void)state;
	table_open(&t, "outlook.tsv", 8);
	while (table_next(&t)) {
		struct vitals v = {
			.hour = read_served(&t, 0),
			.recent = read_served(&t, 1),
			.stale_upto_s = table_number(&t, 2),
			.store_up = str_eq(t.field[3], STR("up")),
			.supply = read_supply(&t, t.field[4]),
		};
		struct outlook o = outlook_of(&v);

		table_expect(&t, "level", t.field[5], str_from(outlook_word(o.level)));
		table_expect(&t, "sentence", t.field[6], str_from(o.sentence));
		table_expect(&t, "notes", t.field[7], join_notes(&o, notes));
	}
	table_close(&t);
}

/* The longest of all words and numbers are told whole. */
static void nothing_is_cut_off(void **state)
{
	(void)state;
	for (int i = 0; i < 64; i++) {
		struct served s = { i & 1 ? UINT32_MAX : 0, i & 2 ? UINT32_MAX : 0,
				    i & 4 ? UINT32_MAX : 0, i & 8 ? UINT32_MAX : 0, 0 };
		struct vitals v = {
			.hour = s,
			.recent = s,
			.stale_upto_s = 2592000,
			.store_up = true,
			.supply = { .known = true,
				    .cooldown_ms = i & 16 ? INT64_MAX / 4 : 0,
				    .silent = i & 32 },
		};
		struct outlook o = outlook_of(&v);

		assert_int_equal(o.sentence[strlen(o.sentence) - 1], '.');
		for (size_t n = 0; n < o.notes_n; n++)
			assert_int_equal(o.notes[n][strlen(o.notes[n]) - 1], '.');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(nothing_is_cut_off),
	};

	return cmocka_run_group_tests_name("outlook", tests, NULL, NULL);
}
