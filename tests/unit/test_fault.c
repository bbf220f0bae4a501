#include "unit/test.h"

#include "base/fault.h"

static void every_row_can_be_answered_with(void **state)
{
	(void)state;
	for (enum fault f = FAULT_NONE; f < FAULT_COUNT; f++) {
		struct str word = str_from(fault_word(f));

		assert_in_range(fault_status(f), f ? 400 : 200, 599);
		assert_true(word.n > 0);
		assert_true(str_from(fault_title(f)).n > 0);
		/* The word becomes part of a URN and a token of Cache-Status. */
		for (size_t i = 0; i < word.n; i++)
			assert_true((word.p[i] >= 'a' && word.p[i] <= 'z') || word.p[i] == '-');
		for (enum fault g = FAULT_NONE; g < f; g++)
			assert_string_not_equal(fault_word(f), fault_word(g));
	}
}

static void statuses_that_clients_know(void **state)
{
	(void)state;
	assert_int_equal(fault_status(FAULT_MALFORMED), 400);
	assert_int_equal(fault_status(FAULT_PARAMETERS), 400);
	assert_int_equal(fault_status(FAULT_NOT_FOUND), 404);
	assert_int_equal(fault_status(FAULT_METHOD), 405);
	assert_int_equal(fault_status(FAULT_TOO_LONG), 414);
	assert_int_equal(fault_status(FAULT_NO_BUDGET), 429);
	assert_int_equal(fault_status(FAULT_UPSTREAM_DOWN), 502);
	assert_int_equal(fault_status(FAULT_STORE_DOWN), 503);
	assert_int_equal(fault_status(FAULT_UPSTREAM_SLOW), 504);
}

static void a_failure_is_filled_whole(void **state)
{
	struct fail f;

	(void)state;
	memset(&f, 0xFF, sizeof(f));
	assert_false(fail(&f, FAULT_NOT_FOUND, "no %s, %d", "such thing", 7));
	assert_int_equal(f.fault, FAULT_NOT_FOUND);
	assert_int_equal(f.retry_after_s, 0);
	assert_string_equal(f.text, "no such thing, 7");
}

static void a_long_text_is_cut(void **state)
{
	struct fail f;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fail_set(&f, FAULT_INTERNAL, "%s", text);
	assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
}

/* ---- what is written about them ---- */

#define URN "urn:perigee:problem:"

struct text {
	char bytes[40000];
	struct str str;
};

/* Programs run from the top of the repository. */
static void read_text(struct text *t, const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		fail_msg("%s cannot be read (run it from the top of the repository)", path);
	t->str = (struct str){ t->bytes, fread(t->bytes, 1, sizeof(t->bytes), f) };
	assert_in_range(t->str.n, 1000, sizeof(t->bytes) - 1);
	fclose(f);
}

/* What stands between `before` and `after`, the first time; empty if nothing does. */
static struct str between(struct str text, const char *before, const char *after)
{
	const char *from = text.n ? memmem(text.p, text.n, before, strlen(before)) : NULL;
	const char *to;
	size_t left;

	if (!from)
		return STR("");
	from += strlen(before);
	left = (size_t)(text.p + text.n - from);
	to = memmem(from, left, after, strlen(after));
	return (struct str){ from, to ? (size_t)(to - from) : 0 };
}

static bool find_fault(struct str word, enum fault *ret)
{
	for (enum fault f = FAULT_NONE + 1; f < FAULT_COUNT; f++) {
		if (str_eq(str_from(fault_word(f)), word)) {
			*ret = f;
			return true;
		}
	}
	return false;
}

/* What is written for people, and what nginx says itself. */
static struct text doc;
static struct text site;

static int read_documents(void **state)
{
	(void)state;
	read_text(&doc, "conf/problems.md");
	read_text(&site, "nginx/perigee/http.conf");
	return 0;
}

static bool has_row(struct str text, struct str word, struct str status)
{
	char row[200];

	snprintf(row, sizeof(row), "\n| `%.*s` | %.*s | ", STR_ARG(word), STR_ARG(status));
	return memmem(text.p, text.n, row, strlen(row)) != NULL;
}

/* Each problem has a row in conf/problems.md with its status, of the worker's and of nginx' own. */
static void every_problem_is_explained(void **state)
{
	struct str rest;
	size_t n = 0;

	(void)state;
	for (enum fault f = FAULT_NONE + 1; f < FAULT_COUNT; f++) {
		char status[8];

		snprintf(status, sizeof(status), "%d", fault_status(f));
		if (!has_row(doc.str, str_from(fault_word(f)), str_from(status)))
			fail_msg("conf/problems.md has no row for %s, %s", fault_word(f), status);
	}
	for (rest = site.str; rest.n;) {
		struct str line = str_cut(&rest, '\n');
		struct str word = between(line, URN, "\"");
		struct str status = between(line, "\"status\":", ",");
		struct str title = between(line, "\"title\":\"", "\"");
		enum fault f;

		if (!word.n)
			continue;
		n++;
		if (!has_row(doc.str, word, status))
			fail_msg("conf/problems.md has no row for %.*s, %.*s", STR_ARG(word),
				 STR_ARG(status));
		/* RFC 9457: one title for one type, whoever says it. */
		if (find_fault(word, &f))
			assert_view(title, fault_title(f));
	}
	assert_in_range(n, 10, 100);
}

/* And there is no row for what nobody says. */
static void every_row_is_a_problem(void **state)
{
	struct str rest;
	size_t n = 0;

	(void)state;
	for (rest = doc.str; rest.n;) {
		struct str line = str_cut(&rest, '\n');
		struct str word = between(line, "| `", "` | ");
		struct str status = between(line, "` | ", " | ");
		char said[200];
		int64_t number;
		enum fault f;

		if (!word.n || !str_to_i64(status, &number))
			continue;
		n++;
		snprintf(said, sizeof(said), URN "%.*s\"", STR_ARG(word));
		if (find_fault(word, &f))
			assert_int_equal(fault_status(f), number);
		else if (!memmem(site.str.p, site.str.n, said, strlen(said)))
			fail_msg("nobody says %s", said);
	}
	assert_in_range(n, FAULT_COUNT, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_can_be_answered_with),
		cmocka_unit_test(statuses_that_clients_know),
		cmocka_unit_test(a_failure_is_filled_whole),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(every_problem_is_explained),
		cmocka_unit_test(every_row_is_a_problem),
	};

	return cmocka_run_group_tests_name("fault", tests, read_documents, NULL);
}
