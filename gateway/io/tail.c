#include "io/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* nginx and the workers may be two users that share a group. */
#define FILE_MODE 0660

struct tail {
	int fd;
	bool owned;
	ino_t inode;
	dev_t device;
	char path[];
};

/* To read it is enough, if somebody else has made it. */
static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd;
}

struct tail *tail_open(const char *path)
{
	size_t n = strlen(path) + 1;
	struct tail *t = calloc(1, sizeof(*t) + n);
	struct stat st;

	if (!t)
		return NULL;
	memcpy(t->path, path, n);
	t->fd = open_file(path);
	if (t->fd < 0 || fstat(t->fd, &st) != 0) {
		tail_close(t);
		return NULL;
	}
	/* Whatever the umask was. */
	if (st.st_uid == geteuid())
		fchmod(t->fd, FILE_MODE);
	t->inode = st.st_ino;
	t->device = st.st_dev;
	return t;
}

void tail_close(struct tail *t)
{
	int error = errno;

	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	free(t);
	errno = error;
}

bool tail_own(struct tail *t)
{
	if (!t->owned)
		t->owned = flock(t->fd, LOCK_EX | LOCK_NB) == 0;
	return t->owned;
}

uint64_t tail_id(const struct tail *t)
{
	return t->inode;
}

int64_t tail_end(const struct tail *t)
{
	struct stat st;

	return fstat(t->fd, &st) == 0 ? st.st_size : -1;
}

bool tail_is_replaced(const struct tail *t)
{
	struct stat st;

	return lstat(t->path, &st) != 0 || st.st_ino != t->inode || st.st_dev != t->device;
}

ssize_t tail_read(const struct tail *t, int64_t offset, char *to, size_t n)
{
	return pread(t->fd, to, n, offset);
}

void tail_forget(struct tail *t, int64_t offset)
{
	/* Whole blocks become holes; of the last one only the bytes become zeros. */
	fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, offset);
}
