#include "io/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Others hold the lock for microseconds. If somebody does for longer, this goes on without. */
#define LOCK_TRIES   200
#define LOCK_STEP_NS (10 * 1000 * 1000)

/* Who replaces the file makes others open it again; that many do not start at once. */
#define OPEN_TRIES 100

/* Slots are locked bytes, far behind the end of the file. */
#define SLOTS_AT (1LL << 40)

#define MODE	       0600
#define MODE_FOR_GROUP 0660

struct shared {
	int fd; /* -1: memory of its own */
	void *block;
	size_t bytes;
	size_t slot;
	pthread_mutex_t lock;
};

/* ---- a file that is cut short ---- */

/* The mappings that the handler watches. */
static struct {
	char *_Atomic at;
	size_t bytes;
} guarded[SHARED_MAX];

/* mmap() is no more than a system call here, and safe in a handler. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	const char *at = info->si_addr;

	(void)context;
	for (size_t i = 0; i < SHARED_MAX; i++) {
		char *from = guarded[i].at;

		if (from && at >= from && at < from + guarded[i].bytes &&
		    mmap(from, guarded[i].bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
			return;
	}
	/* Not ours: it happens again, and ends the process as it would have. */
	signal(number, SIG_DFL);
}

static void guard(const struct shared *s)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

	for (size_t i = 0; i < SHARED_MAX; i++) {
		if (guarded[i].at)
			continue;
		guarded[i].bytes = s->bytes;
		guarded[i].at = s->block;
		break;
	}
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

static void unguard(const struct shared *s)
{
	for (size_t i = 0; i < SHARED_MAX; i++)
		if (guarded[i].at == s->block)
			guarded[i].at = NULL;
}

/* ---- opening ---- */

static bool map(struct shared *s, int fd)
{
	s->block = mmap(NULL, s->bytes, PROT_READ | PROT_WRITE,
			fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	if (s->block != MAP_FAILED)
		return true;
	s->block = NULL;
	return false;
}

static void unmap(struct shared *s)
{
	if (s->block)
		munmap(s->block, s->bytes);
	s->block = NULL;
}

static bool lock_file(int fd)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_NS };

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		nanosleep(&step, NULL);
	}
	errno = EWOULDBLOCK;
	return false;
}

/* Is what was opened still what the path names? */
static bool is_current(int fd, const char *path)
{
	struct stat opened;
	struct stat named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

/* The file at `path`, locked, with whatever stands in it. -1 and errno. */
static int open_locked(const char *path)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, MODE);

		if (fd < 0)
			return -1;
		if (lock_file(fd) && is_current(fd, path))
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

static bool use(struct shared *s, int fd, const struct shared_layout *layout)
{
	struct stat found;

	if (fstat(fd, &found) != 0 || found.st_size != (off_t)s->bytes || !map(s, fd))
		return false;
	if (layout->is_valid(s->block))
		return true;
	unmap(s);
	return false;
}

/* A new file, whole before it has the name. Returns its descriptor; -1 and errno. */
static int replace(struct shared *s, const char *path, const struct shared_layout *layout)
{
	char name[4096];
	int why;
	int fd;

	if (snprintf(name, sizeof(name), "%s.%ld", path, (long)getpid()) >= (int)sizeof(name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(name);
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
	if (fd < 0)
		return -1;
	/* Allocated at once: a full disk shows now, and not when something is counted. */
	why = posix_fallocate(fd, 0, (off_t)(s->bytes - layout->later));
	if (!why && ftruncate(fd, (off_t)s->bytes) == 0 && map(s, fd)) {
		layout->init(s->block);
		/* Whatever the umask is. */
		if ((!layout->is_for_group || fchmod(fd, MODE_FOR_GROUP) == 0) &&
		    rename(name, path) == 0)
			return fd;
		why = errno;
		unmap(s);
	}
	unlink(name);
	close(fd);
	errno = why ? why : ENOMEM;
	return -1;
}

static bool is_regular(int fd)
{
	struct stat found;

	return fstat(fd, &found) == 0 && S_ISREG(found.st_mode);
}

static bool open_file(struct shared *s, const char *path, const struct shared_layout *layout)
{
	int fd = open_locked(path);
	int fresh;

	if (fd < 0)
		return false;
	if (!is_regular(fd)) {
		close(fd);
		errno = EINVAL;
		return false;
	}
	if (use(s, fd, layout)) {
		s->fd = fd;
		flock(fd, LOCK_UN);
		return true;
	}
	fresh = replace(s, path, layout);
	close(fd);
	s->fd = fresh;
	return fresh >= 0;
}

bool shared_allocate(struct shared *s)
{
	int why = s->fd < 0 ? 0 : posix_fallocate(s->fd, 0, (off_t)s->bytes);

	errno = why;
	return why == 0;
}

struct shared *shared_open(const char *path, const struct shared_layout *layout,
			   struct fail *reterr)
{
	struct shared *s = calloc(1, sizeof(*s));
	bool opened = false;

	if (s) {
		s->fd = -1;
		s->bytes = layout->bytes;
		pthread_mutex_init(&s->lock, NULL);
		if (path && path[0]) {
			opened = open_file(s, path, layout);
		} else {
			opened = map(s, -1);
			if (opened)
				layout->init(s->block);
		}
	}
	if (opened) {
		guard(s);
		return s;
	}
	fail_set(reterr, FAULT_INTERNAL, "%s", strerrordesc_np(s ? errno : ENOMEM));
	free(s);
	return NULL;
}

void shared_close(struct shared *s)
{
	if (!s)
		return;
	unguard(s);
	unmap(s);
	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void *shared_block(const struct shared *s)
{
	return s->block;
}

void shared_lock(struct shared *s)
{
	pthread_mutex_lock(&s->lock);
	if (s->fd >= 0)
		lock_file(s->fd);
}

void shared_unlock(struct shared *s)
{
	if (s->fd >= 0)
		flock(s->fd, LOCK_UN);
	pthread_mutex_unlock(&s->lock);
}

/* ---- slots ---- */

static struct flock slot_lock(size_t slot)
{
	return (struct flock){ .l_type = F_WRLCK,
			       .l_whence = SEEK_SET,
			       .l_start = (off_t)(SLOTS_AT + (long long)slot),
			       .l_len = 1 };
}

size_t shared_take_slot(struct shared *s, size_t n)
{
	for (s->slot = 0; s->slot < n && s->fd >= 0; s->slot++) {
		struct flock lock = slot_lock(s->slot);

		if (fcntl(s->fd, F_OFD_SETLK, &lock) == 0)
			break;
	}
	return s->slot;
}

bool shared_slot_is_taken(const struct shared *s, size_t slot)
{
	struct flock lock = slot_lock(slot);

	if (slot == s->slot)
		return true;
	return s->fd >= 0 && fcntl(s->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
