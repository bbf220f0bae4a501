#include "unit/test.h"

#include "app/config.h"
#include "base/buf.h"

struct reports {
	size_t n;
	struct buf text;
};

static void note(void *ctx, const char *where, const char *what)
{
	struct reports *r = ctx;

	r->n++;
	buf_putf(&r->text, "%s: %s\n", where, what);
}

static struct config *read_with(const char *text, const char *const *environment, struct reports *r)
{
	*r = (struct reports){ .text = buf_init(100000) };
	return config_read("p.conf", str_from(text), (char *const *)environment, note, r);
}

static struct config *assert_taken(const char *text, const char *const *environment)
{
	struct reports r;
	struct config *c = read_with(text, environment, &r);

	if (!c)
		fail_msg("%.*s", STR_ARG(buf_str(&r.text)));
	assert_int_equal(r.n, 0);
	buf_release(&r.text);
	return c;
}

static void assert_refused(const char *text, const char *const *environment, const char *where)
{
	struct reports r;
	struct config *c = read_with(text, environment, &r);

	if (c)
		fail_msg("it is taken: %s", text);
	assert_int_equal(r.n, 1);
	assert_holds(buf_str(&r.text), where);
	buf_release(&r.text);
}

static const char *const nothing[] = { NULL };

static void defaults(void **state)
{
	struct config *c = assert_taken("", nothing);

	(void)state;
	assert_view(CONFIG_TEXT(c, server, socket), "/run/perigee/worker.sock");
	assert_int_equal(CONFIG_NUMBER(c, server, socket_mode), 0660);
	assert_int_equal(CONFIG_NUMBER(c, server, wait), 12000);
	assert_int_equal(CONFIG_NUMBER(c, redis, connect_timeout), 250);
	assert_int_equal(CONFIG_NUMBER(c, cache, time_scale), 1);
	assert_int_equal(CONFIG_NUMBER(c, api, unknown_parameters), 0);
	assert_int_equal(CONFIG_NUMBER(c, api, time_step), 600000);
	assert_int_equal(CONFIG_NUMBER(c, log, requests), LOG_REQUESTS_MISSES);
	assert_view(CONFIG_TEXT(c, upstream, token), "");
	assert_view(CONFIG_TEXT(c, public, base_urls), "http://127.0.0.1:8080");
	config_free(c);
	config_free(NULL);
}

static void a_file_and_the_environment_over_it(void **state)
{
	const char *const environment[] = { "PATH=/bin", "PERIGEE_SERVER_WAIT=5s", "PERIGEE_BIN=x",
					    "PERIGEE_UPSTREAM_TOKEN= secret ", NULL };
	struct config *c = assert_taken("# a comment\n"
					"; another\n"
					"\n"
					"[server]\r\n"
					"wait = 3s\n"
					"  threads=4  \n"
					"[ public ]\n"
					"base_urls = https://a.example/x=y, http://b\n"
					"[upstream]\n"
					"contact =\n"
					"[server]\n"
					"threads = 5\n"
					"[api]\n"
					"unknown_parameters = pass\n"
					"[log]\n"
					"level = debug\n"
					"requests = no",
					environment);

	(void)state;
	assert_int_equal(CONFIG_NUMBER(c, server, wait), 5000);
	assert_int_equal(CONFIG_NUMBER(c, server, threads), 5);
	assert_view(CONFIG_TEXT(c, public, base_urls), "https://a.example/x=y, http://b");
	assert_view(CONFIG_TEXT(c, upstream, contact), "");
	assert_view(CONFIG_TEXT(c, upstream, token), "secret");
	assert_int_equal(CONFIG_NUMBER(c, api, unknown_parameters), 1);
	assert_int_equal(CONFIG_NUMBER(c, log, level), 3);
	assert_int_equal(CONFIG_NUMBER(c, log, requests), LOG_REQUESTS_NO);
	config_free(c);
}

static void values_that_are_wrong(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} cases[] = {
		{ "[server]\nwait = 12", false },
		{ "[server]\nwait = 0s", false },
		{ "[server]\nwait = -1s", false },
		{ "[server]\nwait =", false },
		{ "[server]\nwait = 12s # or so", false },
		{ "[server]\nthreads = two", false },
		{ "[server]\nthreads = -1", false },
		{ "[server]\nthreads = 2147483649", false },
		{ "[server]\nthreads = 1.5", false },
		{ "[server]\nsocket_mode = 0777", true },
		{ "[server]\nsocket_mode = 01777", false },
		{ "[server]\nsocket_mode = 0888", false },
		{ "[server]\nsocket_mode = rw", false },
		{ "[server]\nsocket_mode =", false },
		{ "[server]\nsocket_mode = 77777777777777777777777", false },
		{ "[api]\nunknown_parameters = ignore", false },
		{ "[api]\ntime_step = 10m", true },
		{ "[api]\ntime_step = 1d", true },
		{ "[api]\ntime_step = 0s", true },
		{ "[api]\ntime_step = 7m", false },
		{ "[api]\ntime_step = 2d", false },
		{ "[api]\ntime_step = 600", false },
		{ "[log]\nlevel = verbose", false },
		{ "[log]\nrequests = true", false },
		{ "[log]\nrequests = yes", true },
		{ "[log]\nrequests = misses", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].good)
			config_free(assert_taken(cases[i].line, nothing));
		else
			assert_refused(cases[i].line, nothing, "p.conf:2");
	}
}

static void lines_that_are_wrong(void **state)
{
	(void)state;
	assert_refused("[server]\nwait 12s\n", nothing, "p.conf:2");
	assert_refused("[server]\nwiat = 12s\n", nothing, "p.conf:2: [server] has no key wiat");
	assert_refused("[severs]\n", nothing, "p.conf:1: there is no section [severs]");
	assert_refused("[server\n", nothing, "p.conf:1");
	assert_refused("[]\n", nothing, "p.conf:1");
	assert_refused("[server]\n = 5\n", nothing, "p.conf:2");
}

/* A key that stands above the first section would otherwise be lost without a word. */
static void a_key_needs_a_section(void **state)
{
	(void)state;
	assert_refused("wait = 5s\n[server]\n", nothing, "p.conf:1");
	assert_refused("\n\n= 5\n[server]\n", nothing, "p.conf:3");
}

static void every_fault_is_reported(void **state)
{
	const char *const environment[] = { "PERIGEE_SERVER_WAIT=soon", "PERIGEE_LOG_LEVELS=x",
					    NULL };
	struct reports r;

	(void)state;
	assert_null(read_with("[server]\nthreads = x\nwiat = 1s\n[nowhere]\na = 1\nb = 2\n",
			      environment, &r));
	assert_int_equal(r.n, 5);
	assert_holds(buf_str(&r.text), "p.conf:2: ");
	assert_holds(buf_str(&r.text), "p.conf:3: ");
	assert_holds(buf_str(&r.text), "p.conf:4: ");
	assert_holds(buf_str(&r.text), "PERIGEE_SERVER_WAIT: ");
	assert_holds(buf_str(&r.text), "PERIGEE_LOG_LEVELS: ");
	buf_release(&r.text);
}

static void slips_in_the_environment(void **state)
{
	const char *const slip[] = { "PERIGEE_SERVER_WIAT=5s", NULL };
	const char *const others[] = { "PERIGEE_BIN=/x", "PERIGEE_KEEP=1", "PERIGEE=1",
				       "SERVER_WAIT=5",	 "NOTHING",	   NULL };

	(void)state;
	assert_refused("", slip, "PERIGEE_SERVER_WIAT");
	config_free(assert_taken("", others));
	config_free(assert_taken("", NULL));
}

/* Taken or refused, but not passed over: whoever writes it means it. */
static void small_letters_in_the_environment(void **state)
{
	const char *const environment[] = { "perigee_server_wait=5s", NULL };
	struct reports r;
	struct config *c = read_with("", environment, &r);

	(void)state;
	assert_true(!c || CONFIG_NUMBER(c, server, wait) == 5000);
	config_free(c);
	buf_release(&r.text);
}

static void no_message_shows_a_secret(void **state)
{
	const char *const environment[] = { "PERIGEE_UPSTREAM_TOKENS=hunter2", NULL };
	struct reports r;

	(void)state;
	assert_null(read_with("[upstream]\ntokn = hunter2\nhunter2\n[server]\nwait = hunter2\n",
			      environment, &r));
	assert_int_equal(r.n, 4);
	assert_lacks(buf_str(&r.text), "hunter2");
	buf_release(&r.text);
}

static struct str printed(char **ret_text)
{
	size_t n = 0;
	FILE *f = open_memstream(ret_text, &n);

	assert_non_null(f);
	config_print(f);
	fclose(f);
	return (struct str){ *ret_text, n };
}

static void what_is_printed_are_the_defaults(void **state)
{
	struct config *from_defaults = assert_taken("", nothing);
	char *text;
	struct config *from_text;

	(void)state;
	printed(&text);
	from_text = assert_taken(text, nothing);
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		assert_string_equal(from_text->values[i].text, from_defaults->values[i].text);
		assert_int_equal(from_text->values[i].number, from_defaults->values[i].number);
	}
	config_free(from_text);
	config_free(from_defaults);
	free(text);
}

static void the_file_that_is_shipped_is_what_is_printed(void **state)
{
	char shipped[65536];
	FILE *f = fopen("conf/perigee.conf", "re");
	char *text;

	(void)state;
	assert_non_null(f);
	shipped[fread(shipped, 1, sizeof(shipped) - 1, f)] = '\0';
	fclose(f);
	printed(&text);
	assert_string_equal(shipped, text);
	free(text);
}

static void files_that_cannot_be_read(void **state)
{
	struct reports r = { .text = buf_init(1000) };
	struct config *c;

	(void)state;
	assert_null(config_load("tests/unit/no-such-file", (char *const *)nothing, note, &r));
	assert_holds(buf_str(&r.text), "tests/unit/no-such-file: ");
	assert_null(config_load("tests/unit", (char *const *)nothing, note, &r));
	assert_int_equal(r.n, 2);
	c = config_load(NULL, (char *const *)nothing, note, &r);
	assert_non_null(c);
	config_free(c);
	c = config_load("conf/perigee.conf", (char *const *)nothing, note, &r);
	assert_non_null(c);
	config_free(c);
	buf_release(&r.text);
}

/* Of a configuration that is read while another one is in force. */
static void what_holds_for_life_is_kept(void **state)
{
	static const char before[] = "[redis]\nprefix = one\n[server]\nwait = 1s\nthreads = 3\n";
	static const char after[] = "[redis]\nprefix = two\n[server]\nwait = 2s\nthreads = 3\n";
	struct config *running = assert_taken(before, NULL);
	struct config *read = assert_taken(after, NULL);
	struct reports r = { .text = buf_init(100000) };

	(void)state;
	assert_true(config_keep(read, running, note, &r));
	assert_view(CONFIG_TEXT(read, redis, prefix), "one");
	assert_int_equal(CONFIG_NUMBER(read, server, threads), 3);
	assert_int_equal(CONFIG_NUMBER(read, server, wait), 2000);
	assert_int_equal(r.n, 1);
	assert_view(buf_str(&r.text), "[redis] prefix: it changes with a restart only\n");
	/* Kept, it changes no more. */
	assert_true(config_keep(read, running, note, &r));
	assert_int_equal(r.n, 1);
	buf_release(&r.text);
	config_free(running);
	config_free(read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(a_file_and_the_environment_over_it),
		cmocka_unit_test(values_that_are_wrong),
		cmocka_unit_test(lines_that_are_wrong),
		cmocka_unit_test(a_key_needs_a_section),
		cmocka_unit_test(every_fault_is_reported),
		cmocka_unit_test(slips_in_the_environment),
		cmocka_unit_test(small_letters_in_the_environment),
		cmocka_unit_test(no_message_shows_a_secret),
		cmocka_unit_test(what_is_printed_are_the_defaults),
		cmocka_unit_test(the_file_that_is_shipped_is_what_is_printed),
		cmocka_unit_test(what_holds_for_life_is_kept),
		cmocka_unit_test(files_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
