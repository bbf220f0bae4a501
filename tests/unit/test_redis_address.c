#include "unit/test.h"

#include "io/redis_address.h"

static struct redis_address address;

static int tear_down(void **state)
{
	(void)state;
	redis_address_release(&address);
	return 0;
}

static void parse(const char *text)
{
	const char *why = redis_address_parse(str_from(text), &address);

	if (why)
		fail_msg("%s: %s", text, why);
}

static void assert_host(const struct redis_host *host, const char *name, int port)
{
	assert_string_equal(host->name, name);
	assert_int_equal(host->port, port);
}

static void a_host(void **state)
{
	(void)state;
	parse("redis://me:se:cr@t@redis.example:7000/");
	assert_host(&address.host, "redis.example", 7000);
	assert_string_equal(address.login.username, "me");
	assert_string_equal(address.login.password, "se:cr@t");
	assert_null(address.master);
}

static void sentinels(void **state)
{
	(void)state;
	parse("sentinel://:secret@10.0.0.1:5000, 10.0.0.2,three/main");
	assert_int_equal(address.sentinels_n, 3);
	assert_host(&address.sentinels[0], "10.0.0.1", 5000);
	assert_host(&address.sentinels[1], "10.0.0.2", 26379);
	assert_host(&address.sentinels[2], "three", 26379);
	assert_string_equal(address.master, "main");
	assert_null(address.login.username);
	assert_string_equal(address.login.password, "secret");
	assert_null(address.host.name);
}

static void what_cannot_be_used_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *why;
	} rows[] = {
		{ "localhost:6379", "must begin with" },
		{ "redis://", "a host" },
		{ "redis://user@host", "the password is missing" },
		{ "sentinel://a,b", "/master" },
		{ "sentinel://a,b/", "/master" },
		{ "sentinel://a/b/c", "/master" },
		{ "sentinel:///main", "a host" },
		{ "sentinel://a,,b/main", "a host" },
		{ "sentinel://a:x/main", "the port" },
		{ "sentinel://user@a/main", "the password is missing" },
		{ "sentinel://a,b,c,d,e,f,g,h,i,j/main", "too many" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *why = redis_address_parse(str_from(rows[i].text), &address);

		if (!why)
			fail_msg("%s is not refused", rows[i].text);
		assert_holds(str_from(why), rows[i].why);
		redis_address_release(&address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_host, tear_down),
		cmocka_unit_test_teardown(sentinels, tear_down),
		cmocka_unit_test(what_cannot_be_used_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
