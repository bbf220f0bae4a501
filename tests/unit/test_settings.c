#include "unit/test.h"

#include "app/settings.h"
#include "io/log.h"

#include <unistd.h>

static struct settings settings;

static bool load(const char *const *environment)
{
	return settings_load(&settings, NULL, (char *const *)environment);
}

/* With the address of Redis, which a process keeps for good. */
static void unload(void)
{
	redis_address_release(&settings.redis.address);
	settings_release(&settings);
	settings = (struct settings){ .config = NULL };
}

static int tear_down(void **state)
{
	(void)state;
	unload();
	return 0;
}

static const struct catalog *in_force(void)
{
	return settings.catalog;
}

static void defaults(void **state)
{
	const char *const environment[] = { NULL };

	(void)state;
	assert_true(load(environment));
	assert_int_equal(settings.bases.n, 1);
	assert_view(settings.bases.list[0], "http://127.0.0.1:8080");
	assert_false(settings.canon.pass_unknown);
	assert_true(settings.canon.ignored_n > 3);
	assert_view(settings.canon.ignored[0], "_");
	assert_int_equal(settings.fills.wait_ms, 12000);
	assert_int_equal(settings.fills.permit.call_ms, 20000);
	assert_int_equal(settings.fills.permit.reserve_percent, 20);
	assert_true(settings.fills.waiting_max > 0 && settings.fills.waiting_max <= 10000);
	assert_int_equal(settings.identities.list[0].token.n, 0);
	assert_string_equal(settings.redis.address.socket, "/run/redis/redis-server.sock");
	assert_int_equal(settings.redis.timeouts.command_ms, 500);
	assert_true(in_force()->apis_n > 0);
}

static void texts_become_values(void **state)
{
	const char *const environment[] = { "PERIGEE_API_UNKNOWN_PARAMETERS=pass",
					    "PERIGEE_API_IGNORED_PARAMETERS= a ,, b_* ,",
					    "PERIGEE_PUBLIC_BASE_URLS=https://a.example/,http://b",
					    "PERIGEE_UPSTREAM_BASE_URL=http://127.0.0.1:9000",
					    "PERIGEE_UPSTREAM_QUOTA=3/60",
					    "PERIGEE_UPSTREAM_TOKEN=abc",
					    "PERIGEE_CACHE_TIME_SCALE=10",
					    NULL };

	(void)state;
	assert_true(load(environment));
	assert_true(settings.canon.pass_unknown);
	assert_int_equal(settings.canon.ignored_n, 2);
	assert_view(settings.canon.ignored[1], "b_*");
	assert_int_equal(settings.bases.n, 2);
	assert_view(settings.bases.list[0], "https://a.example");
	assert_view(settings.identities.list[0].token, "abc");
	assert_view(in_force()->apis[0].upstream, "http://127.0.0.1:9000");
	assert_int_equal(in_force()->apis[0].quota.calls, 3);
	assert_int_equal(in_force()->apis[0].quota.window_ms, 60000);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The token's file wins over the setting, and the newline at its end is no part of it. */
static void a_token_from_its_file(void **state)
{
	char path[] = "/tmp/perigee-unit-XXXXXX";
	char variable[100];
	const char *const environment[] = { variable, "PERIGEE_UPSTREAM_TOKEN=other", NULL };
	int fd = mkstemp(path);
	bool loaded;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret-token\n", 13), 13);
	close(fd);
	snprintf(variable, sizeof(variable), "PERIGEE_UPSTREAM_TOKEN_FILE=%s", path);
	loaded = load(environment);
	unlink(path);
	assert_true(loaded);
	assert_view(settings.identities.list[0].token, "secret-token");
}

/* Its own settings win over the address, whose credentials are for Sentinels where it names some.
 */
static void who_logs_in_to_redis(void **state)
{
	static const struct {
		const char *environment[4];
		const char *username;
		const char *password;
	} rows[] = {
		{ { "PERIGEE_REDIS_ADDRESS=redis://a:b@h" }, "a", "b" },
		{ { "PERIGEE_REDIS_ADDRESS=redis://a:b@h", "PERIGEE_REDIS_PASSWORD=c" },
		  NULL,
		  "c" },
		{ { "PERIGEE_REDIS_ADDRESS=sentinel://a:b@h/m" }, NULL, NULL },
		{ { "PERIGEE_REDIS_ADDRESS=sentinel://a:b@h/m", "PERIGEE_REDIS_USER=u",
		    "PERIGEE_REDIS_PASSWORD=p" },
		  "u",
		  "p" },
		{ { "PERIGEE_REDIS_PASSWORD_FILE=/dev/null", "PERIGEE_REDIS_PASSWORD=p" },
		  NULL,
		  "p" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct redis_login *login = &settings.redis.login;

		assert_true(load(rows[i].environment));
		assert_view(str_from(login->username), rows[i].username ? rows[i].username : "");
		assert_view(str_from(login->password), rows[i].password ? rows[i].password : "");
		unload();
	}
}

static void unload_again(struct settings *again)
{
	redis_address_release(&again->redis.address);
	settings_release(again);
}

/* While another one is in force: what holds as long as the process lives is kept. */
static void it_is_read_again(void **state)
{
	static const char good[] = "{\"title\":\"T\",\"root\":\"/x/\",\"upstream\":\"http://u\","
				   "\"budget\":\"b\",\"quota\":\"1/1\",\"negative\":\"1s\","
				   "\"limit\":10,\"limit_max\":100,\"endpoints\":{\"a\":{\"kind\":"
				   "\"throttle\"}}}";
	char folder[] = "/tmp/perigee-unit-XXXXXX";
	char variable[100];
	char path[100];
	const char *const before[] = { variable, NULL };
	const char *const after[] = { variable, "PERIGEE_SERVER_WAIT=3s",
				      "PERIGEE_REDIS_PREFIX=other", NULL };
	struct settings again;

	(void)state;
	log_set_level(LOG_ERROR);
	assert_non_null(mkdtemp(folder));
	snprintf(variable, sizeof(variable), "PERIGEE_API_TABLES=%s", folder);
	snprintf(path, sizeof(path), "%s/x.json", folder);
	write_file(path, good);
	assert_true(load(before));
	assert_true(settings_load_again(&again, NULL, (char *const *)after, &settings));
	assert_view(CONFIG_TEXT(again.config, redis, prefix), "perigee");
	assert_int_equal(again.fills.wait_ms, 3000);
	assert_int_equal(settings.fills.wait_ms, 12000);
	assert_view(again.catalog->apis[0].name, "x");
	assert_ptr_not_equal(again.catalog, in_force());
	unload_again(&again);
	write_file(path, "{}");
	assert_false(settings_load_again(&again, NULL, (char *const *)after, &settings));
	unload_again(&again);
	assert_view(in_force()->apis[0].name, "x");
	unlink(path);
	rmdir(folder);
}

static void settings_that_are_wrong(void **state)
{
	static const char *const wrong[] = {
		"PERIGEE_CACHE_TIME_SCALE=0",
		"PERIGEE_UPSTREAM_QUOTA=15",
		"PERIGEE_UPSTREAM_RESERVE=101",
		"PERIGEE_UPSTREAM_BASE_URL=upstream",
		"PERIGEE_UPSTREAM_TOKEN=caf\xC3\xA9",
		"PERIGEE_UPSTREAM_TOKEN=a\tb",
		"PERIGEE_UPSTREAM_CONTACT=caf\xC3\xA9",
		"PERIGEE_UPSTREAM_TOKEN_FILE=tests/unit/no-such-file",
		"PERIGEE_PUBLIC_BASE_URLS=",
		"PERIGEE_PUBLIC_BASE_URLS=api.example.org",
		"PERIGEE_API_TABLES=tests/unit/no-such-folder",
		"PERIGEE_REDIS_ADDRESS=nowhere",
		"PERIGEE_REDIS_USER=nobody",
		"PERIGEE_REDIS_PASSWORD_FILE=tests/unit/no-such-file",
		"PERIGEE_SERVER_WAIT=soon",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *const environment[] = { wrong[i], NULL };

		if (load(environment))
			fail_msg("%s", wrong[i]);
		unload();
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults),
		TEST(texts_become_values),
		TEST(a_token_from_its_file),
		TEST(who_logs_in_to_redis),
		TEST(it_is_read_again),
		TEST(settings_that_are_wrong),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
