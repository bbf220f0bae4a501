#include "unit/test.h"

#include "base/limits.h"
#include "policy/entry.h"

static const uint32_t ends[] = { 8, 18, 21 };

static const struct entry window = {
	.kind = ENTRY_WINDOW,
	.status = 200,
	.target = STR("/2.3.0/spacecraft/?limit=100&offset=300&ordering=-time_docked"),
	.fetched = { 1795468800123 },
	.fresh_until = { 1795490400123 },
	.usable_until = { 1798082400123 },
	.again = true,
	.count = 596,
	.n = 3,
	.ends = ends,
	.ids = STR("1,22,"),
	.body = STR("{\"id\":1},{\"id\":22},{}"),
};

static const struct entry object = {
	.kind = ENTRY_OBJECT,
	.status = 200,
	.target = STR("/2.3.0/spacecraft/430/"),
	.fetched = { 0 },
	.fresh_until = { 1000 },
	.usable_until = { 2000 },
	.body = STR("{\"url\":\"\x01spacecraft/430/\",\"x\":\"\xC3\xA9\"}"),
};

static const struct entry refusal = {
	.kind = ENTRY_REFUSAL,
	.status = 404,
	.target = STR("/2.3.0/spacecraft/9/"),
	.fetched = { 5 },
	.fresh_until = { 10 },
	.usable_until = { 10 },
	.body = STR("{\"detail\":\"Not found.\"}"),
};

static const struct entry empty = {
	.kind = ENTRY_WINDOW,
	.status = 200,
	.target = STR("/2.3.0/spacecraft/?limit=100&offset=600"),
	.fetched = { 5 },
	.fresh_until = { 10 },
	.usable_until = { 20 },
	.count = 596,
};

static const struct entry *const all[] = { &window, &object, &refusal, &empty };

static void assert_same(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->status, b->status);
	assert_view_at(a->target, b->target, __FILE__, __LINE__);
	assert_true(a->fetched.ms == b->fetched.ms);
	assert_true(a->fresh_until.ms == b->fresh_until.ms);
	assert_true(a->usable_until.ms == b->usable_until.ms);
	assert_int_equal(a->again, b->again);
	assert_true(a->count == b->count);
	assert_int_equal(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++)
		assert_int_equal(a->ends[i], b->ends[i]);
	assert_view_at(a->ids, b->ids, __FILE__, __LINE__);
	assert_view_at(a->body, b->body, __FILE__, __LINE__);
}

static void write_entry(const struct entry *e, struct buf *scratch, struct str *fields)
{
	*scratch = buf_init(1 << 20);
	assert_true(entry_write(e, scratch, fields));
}

static void an_entry_is_a_copy(void **state)
{
	char target[] = "/2.3.0/x/";
	char body[] = "{\"id\":1}";
	uint32_t end = 8;
	struct entry facts = window;
	struct entry *e;

	(void)state;
	facts.target = str_from(target);
	facts.body = str_from(body);
	facts.ends = &end;
	facts.n = 1;
	e = entry_new(&facts);
	assert_non_null(e);
	memset(target, 'x', sizeof(target) - 1);
	memset(body, 'x', sizeof(body) - 1);
	end = 0;
	assert_view(e->target, "/2.3.0/x/");
	assert_view(e->body, "{\"id\":1}");
	assert_int_equal(e->ends[0], 8);
	assert_ptr_equal(entry_ref(e), e);
	entry_unref(e);
	assert_view(e->ids, "1,22,");
	entry_unref(e);
	entry_unref(NULL);
}

static void states_over_time(void **state)
{
	(void)state;
	assert_int_equal(entry_state(NULL, (struct wall){ 0 }), ENTRY_ABSENT);
	assert_int_equal(entry_state(&object, (struct wall){ 0 }), ENTRY_FRESH);
	assert_int_equal(entry_state(&object, (struct wall){ 999 }), ENTRY_FRESH);
	assert_int_equal(entry_state(&object, (struct wall){ 1000 }), ENTRY_STALE);
	assert_int_equal(entry_state(&object, (struct wall){ 1999 }), ENTRY_STALE);
	assert_int_equal(entry_state(&object, (struct wall){ 2000 }), ENTRY_ABSENT);
	/* A refusal is believed for a while and never when stale. */
	assert_int_equal(entry_state(&refusal, (struct wall){ 9 }), ENTRY_FRESH);
	assert_int_equal(entry_state(&refusal, (struct wall){ 10 }), ENTRY_ABSENT);
}

static void slices_are_joined_by_commas(void **state)
{
	(void)state;
	assert_view(entry_slice(&window, 0, 3), "{\"id\":1},{\"id\":22},{}");
	assert_view(entry_slice(&window, 0, 1), "{\"id\":1}");
	assert_view(entry_slice(&window, 1, 2), "{\"id\":22}");
	assert_view(entry_slice(&window, 1, 3), "{\"id\":22},{}");
	assert_view(entry_slice(&window, 2, 3), "{}");
	assert_view(entry_slice(&window, 3, 3), "");
	assert_view(entry_slice(&window, 0, 0), "");
	assert_view(entry_slice(&empty, 0, 0), "");
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;
		struct entry *again;

		write_entry(all[i], &scratch, fields);
		again = entry_read(fields);
		buf_release(&scratch);
		assert_non_null(again);
		assert_same(again, all[i]);
		entry_unref(again);
	}
}

static void fields_can_be_read_by_people(void **state)
{
	static const char *const names[] = { "v",	   "target",	  "kind",	  "status",
					     "fetched_at", "fresh_until", "usable_until", "again",
					     "count",	   "ends",	  "ids",	  "sum",
					     "body",	   "purged_at" };
	struct str fields[ENTRY_FIELDS];
	struct buf scratch;

	(void)state;
	assert_int_equal(COUNT(names), ENTRY_FIELDS);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(entry_field_names[i], names[i]);
	write_entry(&window, &scratch, fields);
	assert_view(fields[ENTRY_FIELD_V], "2");
	assert_view(fields[ENTRY_FIELD_KIND], "window");
	assert_view(fields[ENTRY_FIELD_STATUS], "200");
	assert_view(fields[ENTRY_FIELD_FETCHED_AT], "2026-11-23T21:20:00.123Z");
	assert_view(fields[ENTRY_FIELD_FRESH_UNTIL], "2026-11-24T03:20:00.123Z");
	assert_view(fields[ENTRY_FIELD_AGAIN], "1");
	assert_view(fields[ENTRY_FIELD_COUNT], "596");
	assert_view(fields[ENTRY_FIELD_ENDS], "8,18,21");
	assert_view(fields[ENTRY_FIELD_IDS], "1,22,");
	assert_int_equal(fields[ENTRY_FIELD_SUM].n, 32);
	buf_release(&scratch);
}

/* Tries fields of which `field` reads otherwise. */
static bool reads_with(const struct str *fields, enum entry_field field, struct str value)
{
	struct str changed[ENTRY_FIELDS];
	struct entry *e;

	memcpy(changed, fields, sizeof(changed));
	changed[field] = value;
	e = entry_read(changed);
	entry_unref(e);
	return e != NULL;
}

static void what_was_purged_was_never_fresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct entry *copy = entry_outdated(all[i]);
		struct entry stale = *all[i];
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;
		struct entry *again;

		stale.fresh_until = stale.fetched;
		assert_same(copy, &stale);
		write_entry(all[i], &scratch, fields);
		assert_int_equal(fields[ENTRY_FIELD_PURGED_AT].n, 0);
		/* Another machine's clock may be far ahead. */
		fields[ENTRY_FIELD_PURGED_AT] = STR("2099-01-01T00:00:00.000Z");
		again = entry_read(fields);
		assert_non_null(again);
		assert_same(again, &stale);
		assert_int_equal(entry_state(again, again->fetched), ENTRY_STALE);
		fields[ENTRY_FIELD_PURGED_AT] = STR("yesterday");
		assert_null(entry_read(fields));
		entry_unref(again);
		entry_unref(copy);
		buf_release(&scratch);
	}
}

static void every_single_bit_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;

		write_entry(all[i], &scratch, fields);
		for (enum entry_field f = 0; f < ENTRY_FIELDS; f++) {
			char copy[200];

			assert_true(fields[f].n < sizeof(copy));
			for (size_t bit = 0; bit < 8 * fields[f].n; bit++) {
				memcpy(copy, fields[f].p, fields[f].n);
				copy[bit / 8] ^= (char)(1 << bit % 8);
				if (reads_with(fields, f, (struct str){ copy, fields[f].n }))
					fail_msg("entry %zu, %s, bit %zu", i, entry_field_names[f],
						 bit);
			}
		}
		buf_release(&scratch);
	}
}

static void every_cut_and_every_addition_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;

		write_entry(all[i], &scratch, fields);
		for (enum entry_field f = 0; f < ENTRY_FIELDS; f++) {
			char longer[200] = { 0 };

			for (size_t n = 0; n < fields[f].n; n++)
				if (reads_with(fields, f, str_slice(fields[f], 0, n)))
					fail_msg("entry %zu, %s, %zu bytes", i,
						 entry_field_names[f], n);
			if (fields[f].n)
				memcpy(longer, fields[f].p, fields[f].n);
			longer[fields[f].n] = '1';
			if (reads_with(fields, f, (struct str){ longer, fields[f].n + 1 }))
				fail_msg("entry %zu, %s, a byte more", i, entry_field_names[f]);
		}
		buf_release(&scratch);
	}
}

/* Fields of two entries never make one. */
static void entries_cannot_be_mixed(void **state)
{
	struct entry later = window;
	struct str a[ENTRY_FIELDS];
	struct str b[ENTRY_FIELDS];
	struct buf scratch_a;
	struct buf scratch_b;

	(void)state;
	later.fetched.ms += 60000;
	later.count = 597;
	later.body = STR("{\"id\":2},{\"id\":23},{}");
	write_entry(&window, &scratch_a, a);
	write_entry(&later, &scratch_b, b);
	for (unsigned int mask = 1; mask < (1U << ENTRY_FIELDS) - 1; mask++) {
		struct str mixed[ENTRY_FIELDS];
		bool from_a = true;
		bool from_b = true;
		struct entry *e;

		for (size_t f = 0; f < ENTRY_FIELDS; f++) {
			mixed[f] = mask >> f & 1 ? b[f] : a[f];
			from_a &= str_eq(mixed[f], a[f]);
			from_b &= str_eq(mixed[f], b[f]);
		}
		e = entry_read(mixed);
		if ((e != NULL) != (from_a || from_b))
			fail_msg("fields %x of the other", mask);
		entry_unref(e);
	}
	buf_release(&scratch_a);
	buf_release(&scratch_b);
}

static void nothing_at_all_is_no_entry(void **state)
{
	struct str fields[ENTRY_FIELDS] = { { NULL, 0 } };

	(void)state;
	assert_null(entry_read(fields));
	fields[ENTRY_FIELD_V] = STR("2");
	assert_null(entry_read(fields));
}

/* An entry whose facts contradict each other does not read back, though its sum is right. */
static void contradictions_are_seen(void **state)
{
	static const uint32_t no_brace[] = { 7, 18, 21 };
	static const uint32_t short_of[] = { 8, 18 };
	static const uint32_t beyond[] = { 8, 18, 22 };
	static const uint32_t backwards[] = { 18, 8, 21 };
	static const struct {
		const uint32_t *ends;
		uint32_t n;
		int status;
		int64_t count;
	} cases[] = {
		{ no_brace, 3, 200, 596 },  { short_of, 2, 200, 596 }, { beyond, 3, 200, 596 },
		{ backwards, 3, 200, 596 }, { ends, 0, 200, 596 },     { ends, 3, 0, 596 },
		{ ends, 3, 199, 596 },	    { ends, 3, 600, 596 },     { ends, 3, 200, -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct entry e = window;
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;

		e.ends = cases[i].ends;
		e.n = cases[i].n;
		e.status = cases[i].status;
		e.count = cases[i].count;
		write_entry(&e, &scratch, fields);
		if (reads_with(fields, ENTRY_FIELD_V, STR("2")))
			fail_msg("row %zu", i);
		buf_release(&scratch);
	}
}

/* The same for a body that is cut at the right places and is no row of objects. */
static void bodies_that_are_no_objects(void **state)
{
	static const char *const bodies[] = {
		"[\"id\":1},{\"id\":22},{}", "{\"id\":1],{\"id\":22},{}",
		"{\"id\":1};{\"id\":22},{}", "{\"id\":1},\"\"id\":22},{}",
		"{\"id\":1},{\"id\":22},x}", "{\"id\":1},{\"id\":22},{x",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct entry e = window;
		struct str fields[ENTRY_FIELDS];
		struct buf scratch;

		e.body = str_from(bodies[i]);
		write_entry(&e, &scratch, fields);
		if (reads_with(fields, ENTRY_FIELD_V, STR("2")))
			fail_msg("%s", bodies[i]);
		buf_release(&scratch);
	}
}

static void without_memory_nothing_is_written(void **state)
{
	struct str fields[ENTRY_FIELDS];
	bool enough = false;
	size_t cap = 0;

	(void)state;
	for (; cap < 1000 && !enough; cap++) {
		struct buf scratch = buf_init(cap);

		enough = entry_write(&window, &scratch, fields);
		buf_release(&scratch);
	}
	assert_true(enough);
	assert_true(cap > 100);
}

/* As many objects as a window may have, each of them of the smallest size, or with an id of the
 * longest. */
static void the_largest_window_reads_back(void **state)
{
	static uint32_t many[LIMIT_WINDOW_OBJECTS];
	struct buf body = buf_init(1 << 20);
	struct buf ids = buf_init(LIMIT_REFUSAL_BYTES);
	struct entry e = window;
	struct str fields[ENTRY_FIELDS];
	struct buf scratch;
	struct entry *again;

	(void)state;
	for (uint32_t i = 0; i < LIMIT_WINDOW_OBJECTS; i++) {
		buf_putf(&body, "%s{\"id\":%u}", i ? "," : "", 2147483000 + i % 600);
		buf_putf(&ids, "%s%u-0123-4567-89ab-cdef0123456789abcdef", i ? "," : "", 1000 + i);
		many[i] = (uint32_t)body.n;
	}
	assert_false(body.failed || ids.failed);
	e.ends = many;
	e.n = LIMIT_WINDOW_OBJECTS;
	e.ids = buf_str(&ids);
	e.body = buf_str(&body);
	write_entry(&e, &scratch, fields);
	again = entry_read(fields);
	assert_non_null(again);
	assert_same(again, &e);
	entry_unref(again);
	buf_release(&scratch);
	buf_release(&body);
	buf_release(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_a_copy),
		cmocka_unit_test(states_over_time),
		cmocka_unit_test(slices_are_joined_by_commas),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(fields_can_be_read_by_people),
		cmocka_unit_test(what_was_purged_was_never_fresh),
		cmocka_unit_test(every_single_bit_counts),
		cmocka_unit_test(every_cut_and_every_addition_counts),
		cmocka_unit_test(entries_cannot_be_mixed),
		cmocka_unit_test(nothing_at_all_is_no_entry),
		cmocka_unit_test(contradictions_are_seen),
		cmocka_unit_test(bodies_that_are_no_objects),
		cmocka_unit_test(without_memory_nothing_is_written),
		cmocka_unit_test(the_largest_window_reads_back),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
