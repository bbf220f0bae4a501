#ifndef PERIGEE_BASE_BUF_H
#define PERIGEE_BASE_BUF_H

/*
 * A growing run of bytes with a cap given at birth.
 *
 * A write that would pass the cap, or finds no memory, marks the buffer failed
 * and drops what it has; every later write does nothing. So writers need not
 * check each step: they check `failed` once, at the end.
 *
 * Life: buf_init(), any number of buf_put*(), then buf_release() or buf_take().
 */

#include "base/str.h"

struct buf {
	char *p; /* owned; NULL while empty */
	size_t n;
	size_t size;
	size_t cap;
	bool failed;
};

static inline struct buf buf_init(size_t cap)
{
	return (struct buf){ .cap = cap };
}

void buf_release(struct buf *b);

/* Empty again, its memory kept, `failed` forgotten. */
void buf_clear(struct buf *b);

void buf_put(struct buf *b, struct str s);
void buf_put_char(struct buf *b, char c);
void buf_put_u64(struct buf *b, uint64_t value);
void buf_putf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for n more bytes at the end, or NULL; the caller writes them and calls buf_grew(). */
char *buf_room(struct buf *b, size_t n);
void buf_grew(struct buf *b, size_t n);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p, b->n };
}

/* Hands the bytes to the caller, who frees them; NUL-terminated beyond n. NULL if failed. */
char *buf_take(struct buf *b, size_t *ret_n);

#endif
