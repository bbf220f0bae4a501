#ifndef PERIGEE_IO_SHARED_H
#define PERIGEE_IO_SHARED_H

/*
 * A block of memory that the processes of a host share: a file that each of them
 * maps. It outlives them, so that what stands in it goes on after a restart.
 *
 * A file of another size, or one whose contents are not taken for valid, is
 * replaced by a new one under the same name, at once; who has the old one mapped
 * keeps it, and nobody else sees it. If the file is cut short while it is mapped (by
 * an operator's `: >file`), the process goes on with empty memory of its own in its
 * place, instead of being killed by the SIGBUS that the kernel has for that.
 *
 * Slots are places in the block that belong to one living process each: the kernel
 * holds a lock on the file for each, which ends with its process, however that ends.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

struct shared;

#define SHARED_MAX 2

struct shared_layout {
	size_t bytes;
	size_t later;	   /* of which so many, at the end, have room from shared_allocate() on */
	bool is_for_group; /* others of the file's group may read and write it */
	/* May the contents be used as they are? Nothing of them can be trusted. */
	bool (*is_valid)(const void *block);
	/* Of zeroed memory, what is_valid() takes. */
	void (*init)(void *block);
};

/* Maps the file (NULL or empty: memory of its own). NULL and *reterr, which says what cannot be
 * done with the file. Up to SHARED_MAX in a process. */
struct shared *shared_open(const char *path, const struct shared_layout *layout,
			   struct fail *reterr);
void shared_close(struct shared *s);

void *shared_block(const struct shared *s);

/* Makes room for all of the block. False and errno: there is none, and what has no room must not be
 * touched. */
bool shared_allocate(struct shared *s);

/* One thread of one process at a time. Not for long: whoever starts waits for it. */
void shared_lock(struct shared *s);
void shared_unlock(struct shared *s);

/* Takes the first of n slots that nobody living has, until the process ends; n if there is none. */
size_t shared_take_slot(struct shared *s, size_t n);

/* Does the slot belong to a living process, this one or another? */
bool shared_slot_is_taken(const struct shared *s, size_t slot);

#endif
