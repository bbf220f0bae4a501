#include "unit/test.h"

#include "io/log.h"
#include "io/purges.h"
#include "io/sysclock.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TARGET "/2.3.0/spacecraft/430/"

/* The moment at which Redis answers, by its clock, which has nothing to do with ours. */
#define REDIS_MS 5000000LL

/* A Redis that remembers one purge, and takes its time to say so. */
struct fake {
	struct redis_options options;
	char folder[32];
	char path[64];
	int listener;
	pthread_t thread;
	const char *name; /* of the key */
	const char *line;
	const char *reply; /* instead of that */
	int64_t purged_ms; /* by its clock */
	int64_t takes_ms;  /* so long after `begun` */
	struct mono begun;
	bool applied; /* the entry is gone */
	size_t told;
};

static void await_end(int fd, const char *end)
{
	char got[8192];
	size_t n = 0;

	while (n < strlen(end) || memcmp(got + n - strlen(end), end, strlen(end)) != 0) {
		ssize_t more = read(fd, got + n, sizeof(got) - n);

		if (more <= 0)
			return;
		n += (size_t)more;
	}
}

static void send_text(int fd, const char *text)
{
	assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void answer(const struct fake *f, int fd)
{
	char reply[200];

	while (sysclock.mono(&sysclock).ms - f->begun.ms < f->takes_ms)
		usleep(100);
	snprintf(reply, sizeof(reply), "*3\r\n:%lld\r\n$%zu\r\n%s\r\n:%lld\r\n", REDIS_MS,
		 strlen(f->line), f->line, (long long)f->purged_ms);
	send_text(fd, f->reply ? f->reply : reply);
}

static void *serve(void *ctx)
{
	struct fake *f = ctx;
	int fd = accept(f->listener, NULL, NULL);
	char end[32];
	char rest;

	snprintf(end, sizeof(end), "p:%s\r\n", f->name);
	await_end(fd, end);
	answer(f, fd);
	if (read(fd, &rest, 1) == 1) {
		await_end(fd, "p:" TARGET "\r\n");
		f->applied = true;
		send_text(fd, ":1\r\n");
	}
	close(fd);
	return NULL;
}

static struct redis *begin(struct fake *f)
{
	static struct redis_health health;
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct redis *r;

	f->options = (struct redis_options){ .health = &health,
					     .address.socket = f->path,
					     .timeouts = { 30000, 30000 } };
	r = redis_new(&f->options);
	assert_non_null(r);
	log_set_level(LOG_ERROR);
	snprintf(f->folder, sizeof(f->folder), "/tmp/perigee-unit-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/redis", f->folder);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(f->listener, 1), 0);
	f->begun = sysclock.mono(&sysclock);
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
	return r;
}

static void end(struct fake *f, struct redis *r)
{
	redis_free(r);
	pthread_join(f->thread, NULL);
	close(f->listener);
	unlink(f->path);
	assert_int_equal(rmdir(f->folder), 0);
}

/* ---- of what a call brought ---- */

/* Was it purged since, or is what Redis remembers from before? */
static bool is_late(struct fake *f, int64_t asked_ms)
{
	const struct entry facts = { .target = STR(TARGET) };
	struct redis *r;
	bool late;

	f->name = "purges";
	r = begin(f);
	late = purges_late(r, STR("p"), &facts, asked_ms);
	end(f, r);
	assert_true(f->applied == late);
	return late;
}

/* However long Redis takes to say so: only its own clock counts. */
static void a_purge_is_late_from_the_moment_of_the_call_on(void **state)
{
	static const struct {
		int64_t after_ms; /* the call's beginning */
		bool late;
	} cases[] = { { -1000, false }, { -2, false }, { -1, false },
		      { 0, true },	{ 1, true },   { 1000, true } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake f = { .line = "delete target " TARGET,
				  .purged_ms = REDIS_MS - 2000 + cases[i].after_ms,
				  .takes_ms = 20 };

		assert_true(is_late(&f, REDIS_MS - 2000) == cases[i].late);
	}
}

/* Of a call that was made without Redis nobody knows when that was by its clock. */
static void all_that_is_remembered_counts_for_a_call_without_the_store(void **state)
{
	struct fake f = { .line = "delete all", .purged_ms = REDIS_MS - 800000 };

	(void)state;
	assert_true(is_late(&f, 0));
}

static void not_what_another_purge_means(void **state)
{
	struct fake f = { .line = "delete target /2.3.0/spacecraft/431/", .purged_ms = REDIS_MS };

	(void)state;
	assert_false(is_late(&f, REDIS_MS));
}

/* It could be another program's key. */
static void what_is_no_such_answer_says_nothing(void **state)
{
	static const char *const replies[] = {
		"*0\r\n",
		"*2\r\n$10\r\ndelete all\r\n:9\r\n",
		"*3\r\n:5\r\n:6\r\n:9\r\n",
		"*3\r\n:5\r\n$10\r\ndelete all\r\n$1\r\n9\r\n",
		"*2\r\n:5\r\n$10\r\ndelete all\r\n",
		":7\r\n",
		"-ERR no\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct fake f = { .line = "", .reply = replies[i] };

		assert_false(is_late(&f, 0));
	}
}

/* ---- of what workers were told ---- */

static void count_purge(void *ctx, const struct purge *p)
{
	struct fake *f = ctx;

	assert_int_equal(p->scope, PURGE_ALL);
	f->told++;
}

/* How many were told since? */
static size_t told(struct fake *f)
{
	struct redis *r;

	f->name = "told";
	f->line = "delete all";
	r = begin(f);
	assert_true(purges_told(r, STR("p"), f->begun, count_purge, f));
	end(f, r);
	return f->told;
}

/* It was told with the beginning of the silence, and Redis takes its time to say so. */
static void however_long_redis_takes_nothing_is_missed(void **state)
{
	struct fake f = { .purged_ms = REDIS_MS - 50, .takes_ms = 50 };

	(void)state;
	assert_int_equal(told(&f), 1);
}

static void not_what_was_told_long_before(void **state)
{
	struct fake f = { .purged_ms = REDIS_MS - 3600000 };

	(void)state;
	assert_int_equal(told(&f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_purge_is_late_from_the_moment_of_the_call_on),
		cmocka_unit_test(all_that_is_remembered_counts_for_a_call_without_the_store),
		cmocka_unit_test(not_what_another_purge_means),
		cmocka_unit_test(what_is_no_such_answer_says_nothing),
		cmocka_unit_test(however_long_redis_takes_nothing_is_missed),
		cmocka_unit_test(not_what_was_told_long_before),
	};

	return cmocka_run_group_tests_name("purges", tests, NULL, NULL);
}
