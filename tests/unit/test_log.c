#include "unit/test.h"

#include "io/log.h"
#include "policy/repeat.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static char bytes[200000];
static struct str logged;
static int saved;
static int file;

/* Standard error goes into a file, so that what is written can be read. */
static int catch_it(void **state)
{
	char path[] = "/tmp/perigee-unit-XXXXXX";

	(void)state;
	fflush(stderr);
	file = mkstemp(path);
	saved = dup(STDERR_FILENO);
	if (file < 0 || saved < 0 || dup2(file, STDERR_FILENO) < 0)
		return -1;
	unlink(path);
	log_set_level(LOG_INFO);
	log_set_form(RECORD_LOGFMT);
	log_set_cause(NULL);
	return 0;
}

static int let_it_go(void **state)
{
	(void)state;
	log_tick(true);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(file);
	return 0;
}

/* All that is written by now. */
static struct str read_back(void)
{
	ssize_t n = pread(file, bytes, sizeof(bytes), 0);

	assert_true(n >= 0 && n < (ssize_t)sizeof(bytes));
	logged = (struct str){ bytes, (size_t)n };
	return logged;
}

static size_t lines(void)
{
	size_t n = 0;

	read_back();
	for (size_t i = 0; i < logged.n; i++)
		n += bytes[i] == '\n';
	return n;
}

static void a_line_has_time_level_and_event(void **state)
{
	static const char shape[] = "ts=dddd-dd-ddTdd:dd:dd.dddZ level=warn event=first a=1\n";

	(void)state;
	log_line(LOG_WARN, "first", "a=%d", 1);
	assert_int_equal(read_back().n, sizeof(shape) - 1);
	for (size_t i = 0; i < logged.n; i++) {
		if (shape[i] == 'd' && i < 27)
			assert_in_range(bytes[i], '0', '9');
		else
			assert_int_equal(bytes[i], shape[i]);
	}
}

static void in_json_too(void **state)
{
	(void)state;
	log_set_form(RECORD_JSON);
	log_line(LOG_WARN, "second", "a=%d", 1);
	assert_true(str_starts(read_back(), STR("{\"ts\":\"")));
	assert_true(
		str_ends(logged, STR("Z\",\"level\":\"warn\",\"event\":\"second\",\"a\":1}\n")));
}

static void what_is_above_the_level_is_not_written(void **state)
{
	(void)state;
	log_line(LOG_DEBUG, "quiet", "a=%d", 1);
	log_set_level(LOG_ERROR);
	log_line(LOG_WARN, "quiet", "a=%d", 1);
	log_line(LOG_ERROR, "loud", "a=%d", 1);
	assert_lacks(read_back(), "quiet");
	assert_holds(logged, "level=error event=loud a=1\n");
}

static void *log_in_another_thread(void *ctx)
{
	log_line(LOG_WARN, "elsewhere", "a=%d", 1);
	return ctx;
}

static void a_cause_stands_in_every_line_of_its_thread(void **state)
{
	const struct log_cause cause = { .id = "abc", .trace = "def" };
	pthread_t thread;

	(void)state;
	log_set_cause(&cause);
	assert_string_equal(log_get_cause().id, "abc");
	log_line(LOG_WARN, "caused", "a=%d", 1);
	assert_int_equal(pthread_create(&thread, NULL, log_in_another_thread, NULL), 0);
	pthread_join(thread, NULL);
	log_set_cause(NULL);
	log_line(LOG_WARN, "uncaused", "a=%d", 1);
	assert_holds(read_back(), "event=caused id=abc trace=def a=1\n");
	assert_holds(logged, "event=elsewhere a=1\n");
	assert_holds(logged, "event=uncaused a=1\n");
}

static void what_repeats_itself_is_counted(void **state)
{
	(void)state;
	for (int i = 0; i < REPEAT_FREE + 10; i++)
		log_line(i % 2 ? LOG_WARN : LOG_ERROR, "trouble", "n=%d reason=\"timed out\"", i);
	log_line(LOG_WARN, "trouble", "reason=refused");
	assert_int_equal(lines(), REPEAT_FREE + 1);
	log_tick(false); /* the time is not over */
	assert_int_equal(lines(), REPEAT_FREE + 1);
	log_tick(true);
	assert_int_equal(lines(), REPEAT_FREE + 2);
	assert_holds(logged, "level=error event=repeated of=trouble reason=\"timed out\" times=10 "
			     "seconds=");
}

/* Other lines are never held back, and all are out after a tick. */
static void many_lines_go_out_together(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		log_line(LOG_INFO, "request", "n=%d", i);
	log_tick(false);
	assert_int_equal(lines(), 1000);
	assert_holds(logged, "event=request n=0\n");
	assert_holds(logged, "event=request n=999\n");
}

/* In their order, a warning at once with all that came before it. */
static void a_warning_lets_none_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		log_line(LOG_INFO, "request", "n=%d", i);
	log_line(LOG_WARN, "now", "a=%d", 1);
	assert_int_equal(lines(), 6);
	assert_holds(logged, "event=now a=1\n");
	assert_true(str_ends(logged, STR("event=now a=1\n")));
}

#define THREADS 4

static void *log_many(void *ctx)
{
	for (int i = 0; i < 200; i++)
		log_line(LOG_INFO, "request", "of=%zu n=%d end=yes", *(size_t *)ctx, i);
	return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
	pthread_t threads[THREADS];
	size_t numbers[THREADS];
	struct str rest;

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, log_many, &numbers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_tick(false);
	assert_int_equal(lines(), THREADS * 200);
	rest = logged;
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		assert_true(str_starts(line, STR("ts=")));
		assert_true(str_ends(line, STR(" end=yes")));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, catch_it, let_it_go)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_has_time_level_and_event),
		TEST(in_json_too),
		TEST(what_is_above_the_level_is_not_written),
		TEST(a_cause_stands_in_every_line_of_its_thread),
		TEST(what_repeats_itself_is_counted),
		TEST(many_lines_go_out_together),
		TEST(a_warning_lets_none_wait),
		TEST(lines_of_many_threads_stay_whole),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
