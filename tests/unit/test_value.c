#include "unit/table.h"

#include "api/value.h"
#include "base/buf.h"

static const struct str modes[] = { STR("normal"), STR("detailed") };
static const struct str fields[] = { STR("flights_count"), STR("id"), STR("time_docked") };

static const struct {
	const char *name;
	struct value_rule rule;
} rules[] = {
	{ "bool", { .type = VALUE_BOOL } },
	{ "int", { .type = VALUE_INT } },
	{ "id", { .type = VALUE_ID } },
	{ "string", { .type = VALUE_STRING } },
	{ "number", { .type = VALUE_NUMBER } },
	{ "datetime", { .type = VALUE_DATETIME } },
	{ "date", { .type = VALUE_DATE } },
	{ "uuid", { .type = VALUE_UUID } },
	{ "csv-int", { .type = VALUE_INT, .many = VALUE_LIST } },
	{ "csv-number", { .type = VALUE_NUMBER, .many = VALUE_LIST } },
	{ "csv-string", { .type = VALUE_STRING, .many = VALUE_LIST } },
	{ "csv-uuid", { .type = VALUE_UUID, .many = VALUE_LIST } },
	{ "choice",
	  { .type = VALUE_CHOICE,
	    .words = modes,
	    .words_n = COUNT(modes),
	    .default_ = STR("normal") } },
	{ "ordering", { .type = VALUE_ORDERING, .words = fields, .words_n = COUNT(fields) } },
	{ "search", { .type = VALUE_SEARCH } },
	{ "limit", { .type = VALUE_LIMIT, .default_ = STR("10"), .max = 100 } },
	{ "offset", { .type = VALUE_OFFSET } },
	{ "format", { .type = VALUE_FORMAT } },
};

static const struct value_rule *rule_named(struct str name)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (str_eq(str_from(rules[i].name), name))
			return &rules[i].rule;
	fail_msg("the table has no rule %.*s", STR_ARG(name));
	return NULL;
}

/* The result in the words of the table. */
static struct str result_of(const struct value_rule *rule, struct str raw, struct arena *a,
			    struct buf *text)
{
	struct value_fault fault = { .reason = NULL };
	struct str value = STR("untouched");

	buf_clear(text);
	if (value_canon(rule, raw, a, &value, &fault)) {
		buf_put(text, value);
		return buf_str(text);
	}
	buf_put_char(text, '!');
	buf_put(text, fault.culprit);
	if (fault.nearest.n)
		buf_put_char(text, '~');
	buf_put(text, fault.nearest);
	assert_non_null(fault.reason);
	return buf_str(text);
}

static void the_table_of_values(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct buf text = buf_init(10000);
	struct table t;

	(void)state;
	table_open(&t, "value.tsv", 3);
	while (table_next(&t)) {
		const struct value_rule *rule = rule_named(t.field[1]);

		table_expect(&t, "canonical", t.field[2], result_of(rule, t.field[0], a, &text));
		if (!str_starts(t.field[2], STR("!")))
			table_expect(&t, "canonical again", t.field[2],
				     result_of(rule, t.field[2], a, &text));
		arena_reset(a);
	}
	table_close(&t);
	buf_release(&text);
	arena_free(a);
}

/* Upstream's int() gives up above 4300 digits, zeros in front included, and pages begin anew. */
static void digits_that_python_does_not_read(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct value_fault fault;
	char digits[4301];
	struct str value;

	(void)state;
	memset(digits, '0', sizeof(digits));
	digits[4299] = '7';
	digits[4300] = '7';
	assert_true(value_canon(rule_named(STR("limit")), (struct str){ digits, 4300 }, a, &value,
				&fault));
	assert_view(value, "7");
	assert_false(value_canon(rule_named(STR("limit")), (struct str){ digits, 4301 }, a, &value,
				 &fault));
	assert_false(value_canon(rule_named(STR("offset")), (struct str){ digits, 4301 }, a, &value,
				 &fault));
	arena_free(a);
}

static void without_memory_values_are_refused(void **state)
{
	struct arena *a = arena_new(0);

	(void)state;
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct value_fault fault = { .reason = NULL };
		struct str value;
		bool needs = rules[i].rule.type == VALUE_INT || rules[i].rule.type == VALUE_ID ||
			     rules[i].rule.type == VALUE_LIMIT ||
			     rules[i].rule.type == VALUE_OFFSET;

		if (!needs)
			continue;
		assert_false(value_canon(&rules[i].rule, STR("7"), a, &value, &fault));
		assert_non_null(fault.reason);
	}
	for (size_t i = 0; i < COUNT(rules); i++) {
		struct value_fault fault = { .reason = NULL };
		struct str value;

		if (rules[i].rule.type != VALUE_ORDERING && rules[i].rule.type != VALUE_SEARCH)
			continue;
		assert_false(value_canon(&rules[i].rule, STR("id"), a, &value, &fault));
		assert_non_null(fault.reason);
	}
	arena_free(a);
}

static void types_by_their_names_in_tables(void **state)
{
	(void)state;
	assert_int_equal(value_type_named(STR("bool")), VALUE_BOOL);
	assert_int_equal(value_type_named(STR("int")), VALUE_INT);
	assert_int_equal(value_type_named(STR("id")), VALUE_ID);
	assert_int_equal(value_type_named(STR("string")), VALUE_STRING);
	assert_int_equal(value_type_named(STR("ordering")), VALUE_TYPE_COUNT);
	assert_int_equal(value_type_named(STR("Bool")), VALUE_TYPE_COUNT);
	assert_int_equal(value_type_named(STR("")), VALUE_TYPE_COUNT);
	for (enum value_type type = 0; type < VALUE_TYPE_COUNT; type++)
		assert_true(strlen(value_allowed(&(struct value_rule){ .type = type })) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_values),
		cmocka_unit_test(digits_that_python_does_not_read),
		cmocka_unit_test(without_memory_values_are_refused),
		cmocka_unit_test(types_by_their_names_in_tables),
	};

	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
