#include "base/arena.h"

#include <stdlib.h>

/* gcc says it by a macro, clang by a feature. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_EACH_ITS_OWN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_EACH_ITS_OWN 1
#endif

#ifdef ARENA_EACH_ITS_OWN
#define BLOCK_BYTES 0
#else
#define BLOCK_BYTES 8192
#endif

struct block {
	struct block *next;
	size_t size; /* bytes behind this header */
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	size_t cap;
	size_t handed_out;
	struct block *blocks; /* newest first */
};

struct arena *arena_new(size_t cap)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a)
		a->cap = cap;
	return a;
}

static void free_blocks(struct block *b)
{
	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_blocks(a->blocks);
	free(a);
}

void arena_reset(struct arena *a)
{
	struct block *first = NULL;

	while (a->blocks) {
		struct block *next = a->blocks->next;

		if (!next && BLOCK_BYTES && a->blocks->size == BLOCK_BYTES)
			first = a->blocks;
		else
			free(a->blocks);
		a->blocks = next;
	}
	if (first)
		first->used = 0;
	a->blocks = first;
	a->handed_out = 0;
}

static struct block *block_with(struct arena *a, size_t n)
{
	size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
	struct block *b = a->blocks;

	if (b && b->size - b->used >= n && BLOCK_BYTES)
		return b;
	b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	b->used = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	struct block *b;
	void *piece;

	if (n > a->cap - a->handed_out)
		return NULL;
	a->handed_out += n;
	/* Without sanitizers pieces share blocks, so each must end on an aligned place. */
	if (BLOCK_BYTES)
		n = (n + align - 1) / align * align;
	b = block_with(a, n);
	if (!b)
		return NULL;
	piece = b->bytes + b->used;
	b->used += n;
	memset(piece, 0, n);
	return piece;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return arena_alloc(a, n);
}

struct str arena_dup(struct arena *a, struct str s)
{
	char *copy = arena_alloc(a, s.n + 1);

	if (!copy)
		return (struct str){ NULL, 0 };
	if (s.n)
		memcpy(copy, s.p, s.n);
	return (struct str){ copy, s.n };
}
