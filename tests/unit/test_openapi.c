#include "unit/catalog.h"

#include "api/openapi.h"

#include <jansson.h>

static struct catalog *catalog;

static int set_up(void **state)
{
	(void)state;
	catalog = test_catalog();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	catalog_unref(catalog);
	return 0;
}

static json_t *document_under(struct str base)
{
	struct buf out = buf_init(1000000);
	json_t *document;

	openapi_put(&out, catalog, base);
	assert_false(out.failed);
	document = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	buf_release(&out);
	return document;
}

/* What lies at `a|b|c` in the document. */
static const json_t *at(const json_t *document, const char *path)
{
	char step[200];

	while (*path && document) {
		size_t n = strcspn(path, "|");

		assert_true(n < sizeof(step));
		memcpy(step, path, n);
		step[n] = '\0';
		document = json_object_get(document, step);
		path += n + (path[n] == '|');
	}
	return document;
}

static const json_t *parameter(const json_t *document, const char *path, const char *name)
{
	char where[200];
	size_t i;
	json_t *p;

	snprintf(where, sizeof(where), "paths|%s|get|parameters", path);
	json_array_foreach(at(document, where), i, p)
	{
		if (strcmp(json_string_value(json_object_get(p, "name")), name) == 0)
			return p;
	}
	return NULL;
}

static void the_base_is_where_it_is_served(void **state)
{
	json_t *a = document_under(STR("https://a.example"));
	json_t *b = document_under(STR("https://b.example/deep"));
	const json_t *server = json_array_get(at(a, "servers"), 0);

	(void)state;
	assert_string_equal(json_string_value(at(server, "url")), "https://a.example");
	server = json_array_get(at(b, "servers"), 0);
	assert_string_equal(json_string_value(at(server, "url")), "https://b.example/deep");
	assert_true(json_equal(at(a, "paths"), at(b, "paths")));
	json_decref(a);
	json_decref(b);
}

static void paths_have_what_the_table_says(void **state)
{
	json_t *d = document_under(STR("http://x"));
	const char *list = "/2.3.0/spacecraft/";
	const char *one = "/2.3.0/spacecraft/{id}/";
	const json_t *p;

	(void)state;
	assert_string_equal(json_string_value(at(d, "openapi")), "3.1.0");
	assert_int_equal(json_object_size(at(d, "paths")), 9);
	p = parameter(d, list, "in_space");
	assert_string_equal(json_string_value(at(p, "schema|type")), "boolean");
	p = parameter(d, list, "limit");
	assert_int_equal(json_integer_value(at(p, "schema|default")), 10);
	assert_int_equal(json_integer_value(at(p, "schema|maximum")), 100);
	p = parameter(d, list, "mode");
	assert_string_equal(json_string_value(at(p, "schema|default")), "normal");
	p = parameter(d, one, "mode");
	assert_string_equal(json_string_value(at(p, "schema|default")), "detailed");
	assert_null(parameter(d, one, "limit"));
	assert_null(parameter(d, one, "ordering"));
	p = parameter(d, one, "id");
	assert_true(json_is_true(at(p, "required")));
	assert_null(parameter(d, list, "beyond"));
	assert_string_equal(
		json_string_value(at(d, "paths|/2.3.0/api-throttle/|get|responses|200|$ref")),
		"#/components/responses/Throttle");
	json_decref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_base_is_where_it_is_served),
		cmocka_unit_test(paths_have_what_the_table_says),
	};

	return cmocka_run_group_tests_name("openapi", tests, set_up, tear_down);
}
