#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_BYTES 256

void buf_release(struct buf *b)
{
	free(b->p);
	*b = buf_init(b->cap);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

static void give_up(struct buf *b)
{
	buf_release(b);
	b->failed = true;
}

/* Allocates room for n more bytes at the end. */
static char *grow(struct buf *b, size_t n)
{
	size_t size = b->size ? b->size : FIRST_BYTES;
	char *p;

	if (b->failed)
		return NULL;
	if (n > b->cap - b->n) {
		give_up(b);
		return NULL;
	}
	/* One more byte than asked, so that buf_take() can end the string. */
	while (size < b->n + n + 1)
		size *= 2;
	p = realloc(b->p, size);
	if (!p) {
		give_up(b);
		return NULL;
	}
	b->p = p;
	/* What lies beyond the cap is for nobody. */
	b->size = size - 1 < b->cap ? size : b->cap + 1;
	return b->p + b->n;
}

/* Here, and short: an answer's head is put together of some dozens of pieces. */
static inline char *room(struct buf *b, size_t n)
{
	return n < b->size - b->n ? b->p + b->n : grow(b, n);
}

char *buf_room(struct buf *b, size_t n)
{
	return room(b, n);
}

void buf_grew(struct buf *b, size_t n)
{
	b->n += n;
}

void buf_put(struct buf *b, struct str s)
{
	char *to = room(b, s.n);

	if (!to || !s.n)
		return;
	memcpy(to, s.p, s.n);
	b->n += s.n;
}

void buf_put_char(struct buf *b, char c)
{
	char *to = room(b, 1);

	if (!to)
		return;
	*to = c;
	b->n++;
}

void buf_put_u64(struct buf *b, uint64_t value)
{
	char digits[STR_U64_BYTES];

	buf_put(b, str_of_u64(value, digits));
}

void buf_putf(struct buf *b, const char *format, ...)
{
	va_list ap;
	va_list again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n >= 0) {
		char *to = buf_room(b, (size_t)n);

		if (to)
			b->n += (size_t)vsnprintf(to, (size_t)n + 1, format, again);
	}
	va_end(again);
}

char *buf_take(struct buf *b, size_t *ret_n)
{
	char *p = buf_room(b, 0);

	if (!p)
		return NULL;
	*p = '\0';
	p = b->p;
	*ret_n = b->n;
	*b = buf_init(b->cap);
	return p;
}
