#include "unit/test.h"

#include "http/encoding.h"
#include "http/shelf_key.h"

/* What a request's answer depends on. */
struct asked {
	const char *target;
	const char *host;
	const char *forwarded_host;
	const char *accept;
};

static struct str key_of(char text[static SHELF_KEY_BYTES], const struct asked *a)
{
	return shelf_key(text, str_from(a->target), str_from(a->host), str_from(a->forwarded_host),
			 str_from(a->accept));
}

/* Each of them gets another answer than all the others, or might. */
static void different_requests_have_different_keys(void **state)
{
	static const struct asked all[] = {
		{ "/2.3.0/launches/", "a.example", "", "" },
		{ "/2.3.0/launches/", "a.example", "", "gzip" },
		/* identity refused, whatever the size */
		{ "/2.3.0/launches/", "a.example", "", "gzip, identity;q=0" },
		{ "/2.3.0/launches", "a.example", "", "" },
		{ "/2.3.0/launches/?", "a.example", "", "" },
		{ "/2.3.0/launches/?limit=10", "a.example", "", "" },
		{ "/2.3.0/launches/?limit=10&", "a.example", "", "" },
		{ "/2.3.0/launches/?limit=1", "a.example", "", "" },
		{ "/2.3.0/launches/?LIMIT=1", "a.example", "", "" },
		{ "/2.3.0/launches/?limit=%31", "a.example", "", "" },
		{ "/2.3.0/launches/", "b.example", "", "" },
		{ "/2.3.0/launches/", "A.example", "", "" },
		{ "/2.3.0/launches/", "a.example:8080", "", "" },
		{ "/2.3.0/launches/", "", "", "" },
		{ "/2.3.0/launches/", "", "a.example", "" },
		{ "/2.3.0/launches/", "a.example", "a.example", "" },
		{ "/2.3.0/launches/", "a.example", "b.example", "" },
		{ "/2.3.0/launches/", "b.example", "a.example", "" },
		/* where one field could go on in the next one */
		{ "/2.3.0/launches/a.example", "", "", "" },
		{ "/2.3.0/launches/", "a.examplea.example", "", "" },
		{ "/2.3.0/launches/a.example", "a.example", "", "" },
		{ "", "/2.3.0/launches/", "a.example", "" },
		{ "", "", "/2.3.0/launches/", "" },
		{ "", "/2.3.0/launches/", "", "" },
		/* only the last one may hold blanks */
		{ "/2.3.0/launches/", "a.example", " ", "" },
		{ "/2.3.0/launches/", "a.example", "  ", "" },
		{ "/2.3.0/launches/", "a.example", "a.example, b.example", "" },
		{ "/2.3.0/launches/", "", " a.example", "" },
		{ "/2.3.0/launches/", "", "a.example ", "" },
		{ "/2.3.0/launches/", "", "a.example a.example", "" },
		/* what looks like the mark of a coding */
		{ "0/2.3.0/launches/", "a.example", "", "" },
		{ "2/2.3.0/launches/", "a.example", "", "" },
		{ "0/2.3.0/launches/", "a.example", "", "gzip" },
	};
	char one[SHELF_KEY_BYTES];
	char other[SHELF_KEY_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		struct str key = key_of(one, &all[i]);

		assert_true(key.n > 0);
		for (size_t k = 0; k < i; k++)
			if (str_eq(key, key_of(other, &all[k])))
				fail_msg("%zu and %zu share `%.*s`", k, i, STR_ARG(key));
	}
}

static void the_same_have_the_same(void **state)
{
	static const struct asked all[] = {
		{ "/2.3.0/launches/", "a.example", "b.example", "gzip" },
		{ "/2.3.0/launches/", "a.example", "b.example", "gzip, deflate, br" },
		{ "/2.3.0/launches/", "a.example", "b.example", "br, GZIP;q=1.0" },
		{ "/2.3.0/launches/", "a.example", "b.example", "x-gzip" },
	};
	static const struct asked plain[] = {
		{ "/2.3.0/launches/", "a.example", "", "" },
		{ "/2.3.0/launches/", "a.example", "", "br" },
		{ "/2.3.0/launches/", "a.example", "", "identity" },
		{ "/2.3.0/launches/", "a.example", "", "gzip;q=0" },
		{ "/2.3.0/launches/", "a.example", "", "gzip;q=2" },
	};
	char one[SHELF_KEY_BYTES];
	char other[SHELF_KEY_BYTES];

	(void)state;
	for (size_t i = 1; i < COUNT(all); i++)
		assert_true(str_eq(key_of(one, &all[0]), key_of(other, &all[i])));
	for (size_t i = 1; i < COUNT(plain); i++)
		assert_true(str_eq(key_of(one, &plain[0]), key_of(other, &plain[i])));
	/* A field that is not there is like an empty one. */
	assert_true(str_eq(key_of(one, &plain[0]),
			   shelf_key(other, STR("/2.3.0/launches/"), STR("a.example"),
				     (struct str){ NULL, 0 }, (struct str){ NULL, 0 })));
	/* It is a view of the text given. */
	assert_ptr_equal(key_of(one, &all[0]).p, one);
}

/* In whatever field it is. */
static void what_is_too_long_has_none(void **state)
{
	static char longest[SHELF_KEY_BYTES];
	const size_t room = SHELF_KEY_BYTES - 3; /* of three fields: a mark and two blanks */
	char text[SHELF_KEY_BYTES];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	for (size_t which = 0; which < 3; which++) {
		for (size_t n = room - 5; n <= sizeof(longest); n++) {
			struct str fields[3] = { STR("/"), STR("h"), STR("f") };
			struct str key;

			fields[which] = (struct str){ longest, n };
			key = shelf_key(text, fields[0], fields[1], fields[2], STR(""));
			assert_int_equal(key.n, n + 2 <= room ? n + 5 : 0);
		}
	}
	assert_int_equal(
		shelf_key(text, (struct str){ longest, SIZE_MAX }, STR("h"), STR("f"), STR("")).n,
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(different_requests_have_different_keys),
		cmocka_unit_test(the_same_have_the_same),
		cmocka_unit_test(what_is_too_long_has_none),
	};

	return cmocka_run_group_tests_name("shelf_key", tests, NULL, NULL);
}
