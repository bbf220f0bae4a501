#include "unit/test.h"

#include "io/log.h"
#include "io/purges.h"
#include "io/sysclock.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TARGET "/2.3.0/spacecraft/430/"

/* A Redis that remembers one purge, and answers as soon as that can have been so long ago. */
struct fake {
	char folder[32];
	char path[64];
	int listener;
	pthread_t thread;
	const char *line;
	int64_t ago_ms;
	struct mono begun; /* the call */
	bool applied;	   /* the entry is gone */
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

static void *serve(void *ctx)
{
	struct fake *f = ctx;
	int fd = accept(f->listener, NULL, NULL);
	char reply[200];
	char rest;

	await_end(fd, "p:purges\r\n");
	while (f->ago_ms < 60000 && sysclock.mono(&sysclock).ms - f->begun.ms < f->ago_ms)
		usleep(100);
	snprintf(reply, sizeof(reply), "*2\r\n$%zu\r\n%s\r\n:%lld\r\n", strlen(f->line), f->line,
		 (long long)f->ago_ms);
	send_text(fd, reply);
	if (read(fd, &rest, 1) == 1) {
		await_end(fd, "p:" TARGET "\r\n");
		f->applied = true;
		send_text(fd, ":1\r\n");
	}
	close(fd);
	return NULL;
}

/* Was what the call brought purged meanwhile? */
static bool is_late(struct fake *f)
{
	static struct redis_health health;
	const struct redis_options options = { .health = &health,
					       .address.socket = f->path,
					       .timeouts = { 30000, 30000 } };
	const struct entry facts = { .target = STR(TARGET) };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct redis *r = redis_new(&options);
	bool late;

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
	late = purges_late(r, STR("p"), &facts, f->begun);
	redis_free(r);
	pthread_join(f->thread, NULL);
	close(f->listener);
	unlink(f->path);
	assert_int_equal(rmdir(f->folder), 0);
	return late;
}

/* The purge comes with the call's beginning, and Redis takes its time to say so. */
static void however_long_redis_takes(void **state)
{
	struct fake f = { .line = "delete target " TARGET, .ago_ms = 50 };

	(void)state;
	assert_true(is_late(&f));
	assert_true(f.applied);
}

static void not_what_was_purged_before(void **state)
{
	struct fake f = { .line = "delete target " TARGET, .ago_ms = 3600000 };

	(void)state;
	assert_false(is_late(&f));
	assert_false(f.applied);
}

static void not_what_another_purge_means(void **state)
{
	struct fake f = { .line = "delete target /2.3.0/spacecraft/431/" };

	(void)state;
	assert_false(is_late(&f));
	assert_false(f.applied);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_long_redis_takes),
		cmocka_unit_test(not_what_was_purged_before),
		cmocka_unit_test(not_what_another_purge_means),
	};

	return cmocka_run_group_tests_name("purges", tests, NULL, NULL);
}
