#include "unit/test.h"

#include "io/fcgi_request.h"

/* Requests are written down as their records: `%`, a type and the content; `!` in place of `%`: the
 * record has padding, too. In a content `^` is a byte 0 and `+` a byte 1. */
static struct str make_records(const char *script, char *to)
{
	size_t n = 0;

	while (*script) {
		size_t length = strcspn(script + 2, "%!");
		char padding = *script == '!' ? 5 : 0;
		const char header[8] = { 1,	 (char)(script[1] - '0'), 0x12,
					 0x34,	 (char)(length >> 8),	  (char)length,
					 padding };

		memcpy(to + n, header, sizeof(header));
		n += sizeof(header);
		for (size_t i = 0; i < length; i++) {
			char c = script[2 + i];

			to[n++] = c == '^' ? 0 : c == '+' ? 1 : c;
		}
		memset(to + n, 'p', (size_t)padding);
		n += (size_t)padding;
		script += 2 + length;
	}
	return (struct str){ to, n };
}

/* All pairs of a request, as text. */
static const char *show(struct str params)
{
	static char text[1000];
	struct str name;
	struct str value;
	size_t n = 0;

	text[0] = '\0';
	while (fcgi_take_pair(&params, &name, &value))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s=%.*s;", STR_ARG(name),
				      STR_ARG(value));
	assert_int_equal(params.n, 0);
	return text;
}

#define BEGIN "%1^+^^^^^^"

static void plain(void **state)
{
	static const struct {
		const char *script;
		const char *pairs; /* NULL: it is not plain */
	} cases[] = {
		{ BEGIN "%4\3\4ABCword\2\2ADxy%4%5", "ABC=word;AD=xy;" },
		{ "!1^+++^^^^!4\1^A!4!5", "A=;" },	/* padding, another flag */
		{ BEGIN "%4^^^^%4%5", "=;=;" },		/* nothing in them */
		{ BEGIN "%4\1\200^^\1AB%4%5", "A=B;" }, /* a length of four bytes */
		{ BEGIN "%4\200^^\1\1AB%4%5", "A=B;" },
		{ BEGIN "%4\1\2AB%4%5", NULL }, /* less than its lengths say */
		{ BEGIN "%4\3%4%5", NULL },
		{ BEGIN "%4\1\200^^%4%5", NULL },
		{ BEGIN "%4\1\377\377\377\377AB%4%5", NULL },
		{ BEGIN "%4\377\377\377\377\377\377\377\377AB%4%5", NULL },
		{ BEGIN "%4\1\1AB\1%4%5", NULL },
		{ BEGIN "%4\1\1AB%4\1\1CD%4%5", NULL }, /* parameters in two records */
		{ BEGIN "%4%5", NULL },			/* none */
		{ BEGIN "%4\1\1AB%4%5body%5", NULL },
		{ BEGIN "%4\1\1AB%4%5%5", NULL }, /* more behind it */
		{ BEGIN "%4\1\1AB%4", NULL },
		{ BEGIN "%4\1\1AB%5", NULL },
		{ "%4\1\1AB%4%5", NULL },
		{ "%1^\2^^^^^^%4\1\1AB%4%5", NULL }, /* an authorizer */
		{ "%1++^^^^^^%4\1\1AB%4%5", NULL },
		{ "%1^+^^^^^%4\1\1AB%4%5", NULL }, /* a beginning that is too short */
		{ BEGIN BEGIN "%4\1\1AB%4%5", NULL },
		{ BEGIN "%6\1\1AB%4%5", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char bytes[500];
		struct fcgi_request r;
		bool is_plain = fcgi_request_read(make_records(cases[i].script, bytes), &r);

		if (is_plain != (cases[i].pairs != NULL))
			fail_msg("case %zu", i);
		if (!is_plain)
			continue;
		assert_int_equal(r.id, 0x1234);
		if (strcmp(show(r.params), cases[i].pairs) != 0)
			fail_msg("case %zu: %s", i, show(r.params));
	}
}

static void kept_or_not(void **state)
{
	char bytes[100];
	struct fcgi_request r;

	(void)state;
	assert_true(fcgi_request_read(make_records("%1^+^^^^^^%4^^%4%5", bytes), &r));
	assert_false(r.keep);
	assert_true(fcgi_request_read(make_records("%1^++^^^^^%4^^%4%5", bytes), &r));
	assert_true(r.keep);
}

/* Of another version, or with another id than it began with, no record belongs to it. */
static void what_does_not_belong_together(void **state)
{
	char bytes[100];
	struct str all = make_records("%1^+^^^^^^%4\1\1AB%4%5", bytes);
	static const size_t records[] = { 0, 16, 28, 36 };
	struct fcgi_request r;

	(void)state;
	assert_int_equal(all.n, 44);
	for (size_t i = 0; i < COUNT(records); i++) {
		bytes[records[i]]++;
		assert_false(fcgi_request_read(all, &r));
		assert_true(fcgi_request_is_whole(all));
		bytes[records[i]]--;
		bytes[records[i] + 3]++;
		assert_false(fcgi_request_read(all, &r));
		bytes[records[i] + 3]--;
		assert_true(fcgi_request_read(all, &r));
	}
}

/* There is something to wait for until the last byte has come. */
static void whole(void **state)
{
	static const char *const scripts[] = {
		BEGIN "%4\1\1AB%4%5",
		BEGIN "!4\1\1AB%4!5",
		BEGIN "%4\1\1AB%4\1\1CD%4%5some%5more%5",
		"%9what%5",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(scripts); i++) {
		char bytes[500];
		struct str all = make_records(scripts[i], bytes);
		struct fcgi_request r;

		for (size_t n = 0; n < all.n; n++) {
			assert_false(fcgi_request_is_whole(str_slice(all, 0, n)));
			assert_false(fcgi_request_read(str_slice(all, 0, n), &r));
		}
		assert_true(fcgi_request_is_whole(all));
	}
	assert_true(fcgi_request_is_whole(STR("GET / HTTP/1.1\r\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(kept_or_not),
		cmocka_unit_test(what_does_not_belong_together),
		cmocka_unit_test(whole),
	};

	return cmocka_run_group_tests_name("fcgi_request", tests, NULL, NULL);
}
