#ifndef PERIGEE_IO_TAIL_H
#define PERIGEE_IO_TAIL_H

/*
 * A file that others append to, read by one process of a host at a time: who has the
 * lock on it, which the kernel takes back when the process ends, however that ends.
 *
 * What has been read is given back to the file system by punching a hole: unlike cutting the
 * file short that cannot lose what is being appended, and the bytes stay where they are
 * counted from. So the file looks ever longer and takes no room. (Where it cannot be
 * done, it does.)
 *
 * One thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tail;

/* Makes the file, readable and writable for owner and group, if there is none. NULL and errno. */
struct tail *tail_open(const char *path);
void tail_close(struct tail *t);

/* Has this process the lock, or does it get it now? */
bool tail_own(struct tail *t);

/* By which the file is known again, as long as it lives. */
uint64_t tail_id(const struct tail *t);

/* Its end just now; -1 if it cannot be told. */
int64_t tail_end(const struct tail *t);

/* Does its name belong to another file by now, or to none? */
bool tail_is_replaced(const struct tail *t);

/* Up to n bytes from there on; 0 at the end, -1 on failure. */
ssize_t tail_read(const struct tail *t, int64_t offset, char *to, size_t n);

/* All before the offset is not needed any more. */
void tail_forget(struct tail *t, int64_t offset);

#endif
