#include "app/exchange.h"

#include "base/hash.h"
#include "base/limits.h"

#include <stdio.h>

static const char *const words[RESULT_COUNT] = {
#define X(name, word) [RESULT_##name] = (word),
	RESULTS(X)
#undef X
};

const char *result_word(enum result result)
{
	return words[result];
}

void exchange_reset(struct exchange *x)
{
	void *connection = x->connection;
	struct arena *arena = x->arena;
	struct buf head = x->head;
	struct buf body = x->body;

	for (size_t i = 0; i < HELD_MAX; i++)
		entry_unref(x->held[i]);
	entry_unref(x->news.entry);
	catalog_unref(x->catalog);
	arena_reset(arena);
	buf_clear(&head);
	/* A long answer's memory is not kept for the short ones that follow. */
	buf_release(&body);
	*x = (struct exchange){ .connection = connection,
				.arena = arena,
				.head = head,
				.body = buf_init(LIMIT_ANSWER_BYTES),
				.age_s = -1 };
	x->head.cap = LIMIT_HEAD_BYTES;
}

void exchange_name_client(struct exchange *x, struct str address)
{
	snprintf(x->client, sizeof(x->client), "c%016llx", (unsigned long long)hash64(address));
}

static void hold(struct exchange *x, struct entry *e)
{
	size_t last = 0;

	while (last < HELD_MAX - 1 && x->held[last] && !str_eq(x->held[last]->target, e->target))
		last++;
	entry_unref(x->held[last]);
	for (; last > 0; last--)
		x->held[last] = x->held[last - 1];
	x->held[0] = e;
}

void exchange_take_news(struct exchange *x)
{
	x->fills++;
	x->collapsed |= x->news.collapsed;
	if (x->news.entry) {
		x->stored = x->news.stored;
		hold(x, x->news.entry);
	} else {
		x->failed = x->news.fail;
	}
	x->news = (struct news){ .entry = NULL };
}

struct entry *exchange_held(const struct exchange *x, struct str target)
{
	for (size_t i = 0; i < HELD_MAX; i++)
		if (x->held[i] && str_eq(x->held[i]->target, target))
			return x->held[i];
	return NULL;
}
