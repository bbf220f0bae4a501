#include "unit/test.h"

#include "io/fcgi_client.h"

/* `%` and a type begin a record: what follows up to the next one is its content. */
static size_t make_records(const char *script, char *to)
{
	size_t n = 0;

	while (*script) {
		char type = (char)(script[1] - '0');
		size_t length = strcspn(script + 2, "%");
		const char header[8] = { 1, type, 0, 1, (char)(length >> 8), (char)length, 3, 0 };

		memcpy(to + n, header, 8);
		memcpy(to + n + 8, script + 2, length);
		memset(to + n + 8 + length, 'p', 3);
		n += 8 + length + 3;
		script += 2 + length;
	}
	return n;
}

static size_t put_end(char *to, char protocol_status)
{
	const char end[16] = { 1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, protocol_status };

	memcpy(to, end, sizeof(end));
	return sizeof(end);
}

/* Standard output is put together, whatever the records, and however they come. */
static void any_pieces(void **state)
{
	char bytes[500];
	size_t n = make_records("%6Status: 200 OK\r\n%7noise%6Content-Type: a/b\r\n\r\nbo%6dy%6",
				bytes);

	(void)state;
	n += put_end(bytes + n, 0);
	for (size_t piece = 1; piece <= n; piece++) {
		struct fcgi_reply r = fcgi_reply_init(1000);
		struct cgi_answer answer;

		for (size_t at = 0; at < n; at += piece) {
			size_t to = at + piece < n ? at + piece : n;

			assert_false(r.done);
			assert_true(fcgi_reply_feed(&r, (struct str){ bytes + at, to - at }));
		}
		assert_true(r.done);
		assert_true(cgi_answer_read(buf_str(&r.out), &answer));
		assert_int_equal(answer.status, 200);
		assert_view(answer.type, "a/b");
		assert_view(answer.body, "body");
		assert_false(fcgi_reply_feed(&r, STR("x")));
		fcgi_reply_release(&r);
	}
}

static void what_is_no_worker_is_found_out(void **state)
{
	static const char *const bad[] = {
		"HTTP/1.1 400 Bad Request\r\n", /* another protocol */
		"\1\6\0\2\0\1\0\0",		/* another request */
		"\1\1\0\1\0\0\0\0",		/* a record that workers do not send */
		"\1\3\0\1\0\7\0\0",		/* an end of another length */
		"\2\6\0\1\0\0\0\0",		/* another version */
	};
	char end[16];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct fcgi_reply r = fcgi_reply_init(1000);

		if (fcgi_reply_feed(&r, (struct str){ bad[i], 8 }))
			fail_msg("case %zu", i);
		fcgi_reply_release(&r);
	}
	for (char status = 1; status < 4; status++) {
		struct fcgi_reply r = fcgi_reply_init(1000);

		assert_false(fcgi_reply_feed(&r, (struct str){ end, put_end(end, status) }));
		fcgi_reply_release(&r);
	}
}

static void an_answer_has_a_cap(void **state)
{
	char bytes[500];
	size_t n = make_records("%60123456789%60123456789", bytes);
	struct fcgi_reply r = fcgi_reply_init(15);

	(void)state;
	assert_false(fcgi_reply_feed(&r, (struct str){ bytes, n }));
	fcgi_reply_release(&r);
}

static void heads(void **state)
{
	static const struct {
		const char *text;
		int status; /* 0: it is none, or not whole */
	} cases[] = {
		{ "Status: 404 Not Found\r\n\r\n", 404 },
		{ "status:503\n\n", 503 },
		{ "Content-Type: x\r\n\r\nStatus: 500\r\n", 200 },
		{ "\r\n", 200 },
		{ "", 0 },
		{ "Status: 200\r\n", 0 },
		{ "Status: 200", 0 },
		{ "Status: abc\r\n\r\n", 0 },
		{ "Status: 99\r\n\r\n", 0 },
		{ "Status: 600\r\n\r\n", 0 },
		{ "Status:\r\n\r\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cgi_answer answer;
		bool read = cgi_answer_read(str_from(cases[i].text), &answer);

		if ((read ? answer.status : 0) != cases[i].status)
			fail_msg("`%s` was read as %d", cases[i].text, read ? answer.status : 0);
	}
}

static void nobody_is_there(void **state)
{
	struct fcgi_question q = { .socket = "/nowhere/at-all", .silence_ms = 1 };
	char longer[200];
	struct fcgi_reply reply;
	struct cgi_answer answer;
	struct fail failure;

	(void)state;
	assert_int_equal(fcgi_ask(&q, &reply, &answer, &failure), FCGI_UNREACHABLE);
	assert_holds(str_from(failure.text), "No such file");
	fcgi_reply_release(&reply);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	q.socket = longer;
	assert_int_equal(fcgi_ask(&q, &reply, &answer, &failure), FCGI_UNREACHABLE);
	fcgi_reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces),
		cmocka_unit_test(what_is_no_worker_is_found_out),
		cmocka_unit_test(an_answer_has_a_cap),
		cmocka_unit_test(heads),
		cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests_name("fcgi_client", tests, NULL, NULL);
}
