#include "unit/test.h"

#include "io/shared.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES 10000
#define SLOTS 4

static char folder[] = "/tmp/perigee-unit-XXXXXX";
static char path[64];

static bool begins_well(const void *block)
{
	return memcmp(block, "good", 4) == 0;
}

static void make_good(void *block)
{
	memcpy(block, "good", 4);
}

static const struct shared_layout layout = { .bytes = BYTES,
					     .is_valid = begins_well,
					     .init = make_good };

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/perigee-unit-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/shared", folder);
	return 0;
}

/* It must be empty but for the file: nothing may be left lying about. */
static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static struct shared *open_as(const struct shared_layout *as)
{
	struct fail failure;
	struct shared *s = shared_open(path, as, &failure);

	if (!s)
		fail_msg("%s", failure.text);
	return s;
}

static struct shared *open_it(void)
{
	return open_as(&layout);
}

static void put_file(const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(ftruncate(fd, (off_t)(n > BYTES ? n : BYTES)), 0);
	close(fd);
}

static off_t size_of_file(void)
{
	struct stat found;

	assert_int_equal(stat(path, &found), 0);
	return found.st_size;
}

/* ---- one block for all ---- */

static void who_maps_it_sees_it(void **state)
{
	struct shared *a = open_it();
	struct shared *b = open_it();
	char *at_a = shared_block(a);
	char *at_b = shared_block(b);

	(void)state;
	assert_ptr_not_equal(at_a, at_b);
	at_a[100] = 'x';
	assert_int_equal(at_b[100], 'x');
	shared_close(a);
	assert_int_equal(at_b[100], 'x');
	shared_close(b);
	a = open_it();
	assert_int_equal(((char *)shared_block(a))[100], 'x');
	assert_int_equal(size_of_file(), BYTES);
	shared_close(a);
}

static void it_is_for_its_owner_only(void **state)
{
	struct shared *s = open_it();
	struct stat found;

	(void)state;
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_mode & 0777, 0600);
	shared_close(s);
}

/* Whatever the umask is; and nobody else but the group. */
static void it_may_be_for_a_group(void **state)
{
	static const struct shared_layout for_group = {
		.bytes = BYTES, .is_for_group = true, .is_valid = begins_well, .init = make_good
	};
	static const mode_t masks[] = { 0, 022, 077, 0777 };

	(void)state;
	for (size_t i = 0; i < COUNT(masks); i++) {
		mode_t before = umask(masks[i]);
		struct shared *s = open_as(&for_group);
		struct stat found;

		umask(before);
		assert_int_equal(stat(path, &found), 0);
		assert_int_equal(found.st_mode & 0777, 0660);
		shared_close(s);
		assert_int_equal(unlink(path), 0);
	}
}

static void without_a_file_it_is_private(void **state)
{
	struct fail failure;
	struct shared *a = shared_open(NULL, &layout, &failure);
	struct shared *b = shared_open("", &layout, &failure);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_memory_equal(shared_block(a), "good", 4);
	((char *)shared_block(a))[100] = 'x';
	assert_int_equal(((char *)shared_block(b))[100], 0);
	assert_int_equal(shared_take_slot(a, SLOTS), 0);
	assert_true(shared_slot_is_taken(a, 0));
	assert_false(shared_slot_is_taken(a, 1));
	shared_lock(a);
	shared_unlock(a);
	shared_close(a);
	shared_close(b);
	shared_close(NULL);
}

/* ---- what lies there already ---- */

static void what_cannot_be_used_is_replaced(void **state)
{
	static const char large[BYTES + 1] = "good";
	static const struct {
		const char *text;
		size_t n;
		off_t cut_to; /* -1: as it is */
	} cases[] = { { "", 0, 0 },
		      { "good", 4, 4 },
		      { "good", 4, BYTES - 1 },
		      { "bad", 3, -1 },
		      { large, sizeof(large), -1 },
		      { "goo", 3, -1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct shared *s;

		put_file(cases[i].text, cases[i].n);
		if (cases[i].cut_to >= 0)
			assert_int_equal(truncate(path, cases[i].cut_to), 0);
		s = open_it();
		assert_memory_equal(shared_block(s), "good", 5); /* and a zero */
		assert_int_equal(size_of_file(), BYTES);
		shared_close(s);
	}
}

static void who_has_the_old_one_keeps_it(void **state)
{
	static const struct shared_layout other = { .bytes = 2 * BYTES,
						    .is_valid = begins_well,
						    .init = make_good };
	struct shared *old = open_it();
	struct fail failure;
	struct shared *new = shared_open(path, &other, &failure);

	(void)state;
	assert_non_null(new);
	((char *)shared_block(old))[100] = 'x';
	assert_int_equal(((char *)shared_block(new))[100], 0);
	assert_int_equal(size_of_file(), 2 * BYTES);
	assert_int_equal(shared_take_slot(old, SLOTS), 0);
	assert_int_equal(shared_take_slot(new, SLOTS), 0);
	shared_close(old);
	shared_close(new);
}

static void what_is_no_file_is_left_alone(void **state)
{
	struct fail failure;
	struct stat found;

	(void)state;
	assert_int_equal(symlink("/tmp", path), 0);
	assert_null(shared_open(path, &layout, &failure));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(shared_open(path, &layout, &failure));
	assert_true(failure.text[0] != '\0');
	assert_int_equal(lstat(path, &found), 0);
	assert_true(S_ISFIFO(found.st_mode));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_null(shared_open(path, &layout, &failure));
	assert_int_equal(rmdir(path), 0);
	assert_null(shared_open("/nowhere/at/all", &layout, &failure));
	assert_string_equal(failure.text, "No such file or directory");
}

static void one_that_is_cut_short_costs_nothing_but_its_contents(void **state)
{
	struct shared *s = open_it();
	volatile char *block = shared_block(s);

	(void)state;
	block[BYTES - 1] = 'x';
	assert_int_equal(truncate(path, 0), 0);
	/* Without a guard this is the end of the process. */
	assert_int_equal(block[BYTES - 1], 0);
	block[BYTES - 1] = 'y';
	block[0] = 'z';
	assert_int_equal(block[BYTES - 1], 'y');
	shared_close(s);
	s = open_it();
	assert_memory_equal(shared_block(s), "good", 5);
	shared_close(s);
}

/* What is there is an anonymous page, from one moment to the next. */
static void assert_goes_on_with_zeros(struct shared *s, size_t bytes)
{
	volatile char *block = shared_block(s);

	assert_int_equal(block[bytes - 1], 0);
	assert_int_equal(block[0], 0);
	block[bytes - 1] = 'y';
	block[0] = 'z';
	assert_int_equal(block[bytes - 1], 'y');
	assert_int_equal(block[0], 'z');
}

/* Two files of a process, both cut short; the one costs the other nothing. */
static void as_many_as_may_be_are_guarded(void **state)
{
	static const struct shared_layout larger = { .bytes = 5 * BYTES,
						     .is_valid = begins_well,
						     .init = make_good };
	struct fail failure;
	char other[80];
	struct shared *a;
	struct shared *c;

	(void)state;
	snprintf(other, sizeof(other), "%s.other", path);
	/* A place is used again once it was given back. */
	for (int round = 0; round < 3; round++) {
		a = open_it();
		c = shared_open(other, &larger, &failure);
		assert_non_null(c);
		((char *)shared_block(c))[5 * BYTES - 1] = 'x';
		assert_int_equal(truncate(path, 0), 0);
		assert_goes_on_with_zeros(a, BYTES);
		assert_int_equal(((char *)shared_block(c))[5 * BYTES - 1], 'x');
		assert_int_equal(truncate(other, 0), 0);
		assert_goes_on_with_zeros(c, 5 * BYTES);
		assert_int_equal(((char *)shared_block(a))[BYTES - 1], 'y');
		shared_close(a);
		shared_close(c);
	}
	_Static_assert(SHARED_MAX == 2, "that many are tried");
	assert_int_equal(unlink(other), 0);
}

/* ---- room for later ---- */

#define MEGA (1024UL * 1024)

static const struct shared_layout lazy = {
	.bytes = 8 * MEGA, .later = 7 * MEGA, .is_valid = begins_well, .init = make_good
};

/* What the file takes on the disk. */
static size_t bytes_taken(void)
{
	struct stat found;

	assert_int_equal(stat(path, &found), 0);
	return (size_t)found.st_blocks * 512;
}

static void room_is_taken_when_it_is_needed(void **state)
{
	struct shared *s = open_as(&lazy);
	char *block = shared_block(s);

	(void)state;
	assert_int_equal(size_of_file(), lazy.bytes);
	assert_in_range(bytes_taken(), MEGA, 2 * MEGA);
	block[MEGA - 1] = 'x';
	/* Who opens it again takes no more, nor who asks twice. */
	shared_close(s);
	s = open_as(&lazy);
	assert_in_range(bytes_taken(), MEGA, 2 * MEGA);
	for (int i = 0; i < 2; i++) {
		assert_true(shared_allocate(s));
		assert_int_equal(size_of_file(), lazy.bytes);
		assert_in_range(bytes_taken(), lazy.bytes, lazy.bytes + MEGA);
	}
	block = shared_block(s);
	assert_int_equal(block[MEGA - 1], 'x');
	block[lazy.bytes - 1] = 'y';
	shared_close(s);
	s = open_as(&lazy);
	assert_int_equal(((char *)shared_block(s))[lazy.bytes - 1], 'y');
	shared_close(s);
}

static void without_a_file_there_is_room(void **state)
{
	struct fail failure;
	struct shared *s = shared_open("", &lazy, &failure);

	(void)state;
	assert_non_null(s);
	assert_true(shared_allocate(s));
	((char *)shared_block(s))[lazy.bytes - 1] = 'y';
	shared_close(s);
}

/* ---- among processes ---- */

/* Runs what in a process of its own; its exit status. */
static int in_child(int (*what)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid)
		_exit(what());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int slot_of_another(void)
{
	struct fail failure;
	struct shared *s = shared_open(path, &layout, &failure);

	return s ? (int)shared_take_slot(s, SLOTS) : 99;
}

static int die_with_a_slot(void)
{
	slot_of_another();
	return kill(getpid(), SIGKILL);
}

static void a_slot_ends_with_its_process(void **state)
{
	struct shared *s = open_it();

	(void)state;
	assert_int_equal(shared_take_slot(s, SLOTS), 0);
	assert_true(shared_slot_is_taken(s, 0));
	assert_int_equal(in_child(slot_of_another), 1);
	assert_false(shared_slot_is_taken(s, 1));
	assert_int_equal(in_child(die_with_a_slot), -SIGKILL);
	assert_false(shared_slot_is_taken(s, 1));
	shared_close(s);
	assert_int_equal(in_child(slot_of_another), 0);
}

static void there_are_only_so_many_slots(void **state)
{
	struct shared *all[SLOTS + 1];

	(void)state;
	for (size_t i = 0; i <= SLOTS; i++) {
		all[i] = open_it();
		assert_int_equal(shared_take_slot(all[i], SLOTS), i);
	}
	for (size_t i = 0; i < SLOTS; i++)
		assert_true(shared_slot_is_taken(all[SLOTS], i));
	shared_close(all[1]);
	assert_false(shared_slot_is_taken(all[0], 1));
	all[1] = open_it();
	assert_int_equal(shared_take_slot(all[1], SLOTS), 1);
	for (size_t i = 0; i <= SLOTS; i++)
		shared_close(all[i]);
}

#define STARTERS 8

/* They start at once, and find nothing or rubbish: there must be one file in the end, and all in
 * it. */
static void who_starts_at_once_shares(void **state)
{
	pid_t pids[STARTERS];
	struct shared *s;

	(void)state;
	for (int round = 0; round < 10; round++) {
		int gate[2];

		put_file("rubbish", 7);
		assert_int_equal(pipe(gate), 0);
		for (size_t i = 0; i < STARTERS; i++) {
			pids[i] = fork();
			assert_true(pids[i] >= 0);
			if (!pids[i]) {
				struct fail failure;
				char byte;

				close(gate[1]);
				if (read(gate[0], &byte, 1) != 0)
					_exit(1);
				s = shared_open(path, &layout, &failure);
				if (!s)
					_exit(2);
				shared_lock(s);
				((char *)shared_block(s))[100]++;
				shared_unlock(s);
				_exit(0);
			}
		}
		close(gate[0]);
		close(gate[1]);
		for (size_t i = 0; i < STARTERS; i++) {
			int status;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_int_equal(status, 0);
		}
		s = open_it();
		assert_int_equal(((char *)shared_block(s))[100], STARTERS);
		shared_close(s);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_maps_it_sees_it),
		TEST(it_is_for_its_owner_only),
		TEST(it_may_be_for_a_group),
		TEST(without_a_file_it_is_private),
		TEST(what_cannot_be_used_is_replaced),
		TEST(who_has_the_old_one_keeps_it),
		TEST(what_is_no_file_is_left_alone),
		TEST(one_that_is_cut_short_costs_nothing_but_its_contents),
		TEST(as_many_as_may_be_are_guarded),
		TEST(room_is_taken_when_it_is_needed),
		TEST(without_a_file_there_is_room),
		TEST(a_slot_ends_with_its_process),
		TEST(there_are_only_so_many_slots),
		TEST(who_starts_at_once_shares),
	};

	return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
