#include "unit/catalog.h"

#include "policy/problem.h"

#include <jansson.h>

#define ID STR("0123456789abcdef")

static json_t *parse(struct buf *out)
{
	json_error_t error;
	json_t *o;

	assert_false(out->failed);
	o = json_loadb(out->p, out->n, JSON_REJECT_DUPLICATES, &error);
	if (!o)
		fail_msg("%s: %.*s", error.text, STR_ARG(buf_str(out)));
	buf_release(out);
	return o;
}

static void assert_member(const json_t *o, const char *name, const char *want)
{
	const char *got = json_string_value(json_object_get(o, name));

	if (want)
		assert_view(str_from(got), want);
	else
		assert_null(json_object_get(o, name));
}

static void assert_head(const json_t *o, const char *word, int status)
{
	char type[100];

	snprintf(type, sizeof(type), "urn:perigee:problem:%s", word);
	assert_member(o, "type", type);
	assert_true(json_string_length(json_object_get(o, "title")) > 0);
	assert_int_equal(json_integer_value(json_object_get(o, "status")), status);
	assert_true(json_string_length(json_object_get(o, "detail")) > 0);
	assert_member(o, "instance", "urn:perigee:request:0123456789abcdef");
}

/* The problem of a target that is refused. */
static json_t *problem_of(const char *target)
{
	struct catalog *catalog = test_catalog();
	struct canon_options options = test_canon_options();
	struct arena *a = arena_new(1 << 20);
	struct buf out = buf_init(1 << 20);
	struct refusal refusal;
	struct canon c;

	assert_non_null(a);
	assert_false(canon_request(catalog, &options, str_from(target), a, &c, &refusal));
	problem_of_refusal(&out, &refusal, ID);
	arena_free(a);
	catalog_unref(catalog);
	return parse(&out);
}

static void every_fault_of_a_request(void **state)
{
	json_t *o = problem_of("/2.3.0/spacecraft/?orderng=%22id%22&mode=detaild&api_key=hunter2");
	const json_t *faults = json_object_get(o, "faults");
	const json_t *f;

	(void)state;
	assert_head(o, "invalid-parameters", 400);
	assert_int_equal(json_array_size(faults), 3);
	f = json_array_get(faults, 0);
	assert_member(f, "parameter", "orderng");
	assert_member(f, "value", "\"id\"");
	assert_member(f, "reason", "there is no such parameter");
	assert_member(f, "nearest", "ordering");
	assert_holds(str_from(json_string_value(json_object_get(f, "allowed"))),
		     "one of format, in_space");
	f = json_array_get(faults, 1);
	assert_member(f, "parameter", "mode");
	assert_member(f, "value", "detaild");
	assert_member(f, "allowed", "one of normal, detailed");
	assert_member(f, "nearest", "detailed");
	f = json_array_get(faults, 2);
	assert_member(f, "parameter", "api_key");
	assert_member(f, "value", "(not shown)");
	assert_member(f, "nearest", NULL);
	assert_holds(str_from(json_string_value(json_object_get(o, "detail"))),
		     "orderng: there is no such parameter; did you mean ordering?");
	json_decref(o);
}

static void secrets_are_nowhere(void **state)
{
	static const char *const targets[] = {
		"/2.3.0/spacecraft/?api_key=hunter2",
		"/2.3.0/spacecraft/?token=hunter2&limit=abc",
		"/2.3.0/spacecraft/?Authorization=Token%20hunter2",
		"/2.3.0/spacecraft/?key=hunter2&key=hunter2",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		json_t *o = problem_of(targets[i]);
		char *text = json_dumps(o, 0);

		assert_lacks(str_from(text), "hunter2");
		free(text);
		json_decref(o);
	}
}

static void other_refusals(void **state)
{
	json_t *o = problem_of("/2.3.0/spacecrfat/");

	(void)state;
	assert_head(o, "not-found", 404);
	assert_member(o, "detail", "Not found. Did you mean /2.3.0/spacecraft/?");
	assert_member(o, "nearest", "/2.3.0/spacecraft/");
	assert_null(json_object_get(o, "faults"));
	json_decref(o);
	o = problem_of("/2.3.0/spacecraft/?name=%zz");
	assert_head(o, "malformed-request", 400);
	assert_member(o, "nearest", NULL);
	json_decref(o);
	o = problem_of("/nothing/");
	assert_member(o, "nearest", NULL);
	json_decref(o);
}

static void two_hundred_faults_stay_readable(void **state)
{
	char target[8000] = "/2.3.0/spacecraft/?";
	json_t *o;
	char *text;

	(void)state;
	for (int i = 0; i < 200; i++)
		snprintf(target + strlen(target), sizeof(target) - strlen(target),
			 "xxxxxxxxxxxxxxxxxxxx%d=1&", i);
	o = problem_of(target);
	assert_int_equal(json_array_size(json_object_get(o, "faults")), 200);
	text = json_dumps(o, JSON_COMPACT);
	assert_true(strlen(text) < 40000);
	free(text);
	json_decref(o);
}

/* One parameter alone can be too long for a sentence; there is a detail all the same. */
static void a_very_long_name_has_a_detail_too(void **state)
{
	char target[7000] = "/2.3.0/spacecraft/?";
	json_t *o;

	(void)state;
	memset(target + strlen(target), 'x', sizeof(target) - 1 - strlen(target));
	o = problem_of(target);
	assert_head(o, "invalid-parameters", 400);
	json_decref(o);
}

static void failures(void **state)
{
	struct buf out = buf_init(10000);
	struct fail failure;
	json_t *o;

	(void)state;
	fail_set(&failure, FAULT_UPSTREAM_DOWN, "It \"said\" nothing.\n");
	problem_of_fail(&out, &failure, ID);
	o = parse(&out);
	assert_head(o, "upstream-unreachable", 502);
	assert_member(o, "detail", "It \"said\" nothing.\n");
	assert_null(json_object_get(o, "retry_after"));
	json_decref(o);

	failure.retry_after_s = 7;
	problem_of_fail(&out, &failure, STR(""));
	o = parse(&out);
	assert_int_equal(json_integer_value(json_object_get(o, "retry_after")), 7);
	assert_member(o, "instance", NULL);
	json_decref(o);
}

static void a_spent_quota_in_the_words_that_clients_parse(void **state)
{
	static const struct {
		int wait_s;
		const char *detail;
	} cases[] = {
		{ 240, "Request was throttled. Expected available in 240 seconds." },
		{ 1, "Request was throttled. Expected available in 1 second." },
		{ 86400, "Request was throttled. Expected available in 86400 seconds." },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = buf_init(10000);
		struct fail failure;
		json_t *o;

		fail_set(&failure, FAULT_NO_BUDGET, "Whatever it says.");
		failure.retry_after_s = cases[i].wait_s;
		problem_of_fail(&out, &failure, ID);
		o = parse(&out);
		assert_head(o, "quota-exceeded", 429);
		assert_member(o, "detail", cases[i].detail);
		assert_int_equal(json_integer_value(json_object_get(o, "retry_after")),
				 cases[i].wait_s);
		json_decref(o);
	}
}

static void refusals_of_upstream(void **state)
{
	struct buf out = buf_init(10000);
	const json_t *faults;
	json_t *o;

	(void)state;
	problem_of_upstream(&out, 404, STR("{\"detail\":\"No Spacecraft matches.\"}"), ID);
	o = parse(&out);
	assert_head(o, "not-found", 404);
	assert_member(o, "detail", "No Spacecraft matches.");
	json_decref(o);

	problem_of_upstream(&out, 400,
			    STR("{\"status\":[\"Select a valid choice.\",\"Twice.\"],"
				"\"name\":[\"Too long.\"]}"),
			    ID);
	o = parse(&out);
	assert_head(o, "invalid-parameters", 400);
	faults = json_object_get(o, "faults");
	assert_int_equal(json_array_size(faults), 3);
	assert_member(json_array_get(faults, 0), "parameter", "status");
	assert_member(json_array_get(faults, 1), "reason", "Twice.");
	assert_member(json_array_get(faults, 2), "parameter", "name");
	json_decref(o);
}

static void refusals_of_upstream_of_any_shape(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"{\"detail\":7}",
		"{\"detail\":null}",
		"{\"status\":\"one text\"}",
		"{\"status\":[{\"deep\":1}]}",
		"{\"a\":{\"b\":[\"c\"]}}",
		"{\"detail\":\"nul \\u0000 in it\"}",
		"{\"big\":1e999}",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct buf out = buf_init(10000);
		json_t *o;

		problem_of_upstream(&out, 400, str_from(bodies[i]), ID);
		o = parse(&out);
		assert_head(o, "invalid-parameters", 400);
		json_decref(o);
	}
}

static void without_memory_the_document_has_failed(void **state)
{
	struct fail failure;

	(void)state;
	fail_set(&failure, FAULT_INTERNAL, "x");
	for (size_t cap = 0; cap < 100; cap++) {
		struct buf out = buf_init(cap);

		problem_of_fail(&out, &failure, ID);
		assert_true(out.failed);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_of_a_request),
		cmocka_unit_test(secrets_are_nowhere),
		cmocka_unit_test(other_refusals),
		cmocka_unit_test(two_hundred_faults_stay_readable),
		cmocka_unit_test(a_very_long_name_has_a_detail_too),
		cmocka_unit_test(failures),
		cmocka_unit_test(a_spent_quota_in_the_words_that_clients_parse),
		cmocka_unit_test(refusals_of_upstream),
		cmocka_unit_test(refusals_of_upstream_of_any_shape),
		cmocka_unit_test(without_memory_the_document_has_failed),
	};

	return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
