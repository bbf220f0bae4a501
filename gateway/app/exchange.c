#include "app/exchange.h"

#include "base/hash.h"
#include "base/limits.h"
#include "http/address.h"
#include "http/trace.h"

#include <stdio.h>
#include <sys/random.h>

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
	answer_unref(x->answer);
	gateway_give_back(x->gw);
	arena_reset(arena);
	buf_clear(&head);
	/* A long answer's memory is not kept for the short ones that follow. */
	buf_release(&body);
	*x = (struct exchange){ .connection = connection,
				.arena = arena,
				.head = head,
				.body = buf_init(LIMIT_ANSWER_BYTES),
				.upstream_ms = -1,
				.age_s = -1 };
	x->head.cap = LIMIT_HEAD_BYTES;
}

void exchange_pieces(const struct exchange *x, struct str ret[static EXCHANGE_PIECES])
{
	const struct answer *a = x->status == 200 ? x->answer : NULL;

	ret[0] = buf_str(&x->head);
	ret[1] = a ? a->head : (struct str){ NULL, 0 };
	ret[2] = a ? a->body : buf_str(&x->body);
	if (a && request_method(&x->request) == METHOD_HEAD)
		ret[2].n = 0;
}

/* Every request that is not a hit in memory is named: without printf's formats. */
static void put_hex(uint64_t number, char text[static 16])
{
	for (int i = 15; i >= 0; i--, number >>= 4)
		text[i] = "0123456789abcdef"[number & 15];
}

static void copy_text(struct str s, char *text, size_t size)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n)
		memcpy(text, s.p, n);
	text[n] = '\0';
}

void exchange_name_client(struct exchange *x, struct str address)
{
	char text[ADDRESS_NAME_BYTES];
	struct str name = x->named.n ? x->named : address_client(address, text);

	x->address = address;
	x->client[0] = 'c';
	put_hex(hash64(name), x->client + 1);
	x->client[CLIENT_BYTES - 1] = '\0';
}

/* Of a new trace: nginx' request id is as good as any; without it, chance. */
static struct str new_trace(struct str id, char text[static 2 * TRACE_ID_BYTES])
{
	uint64_t half[2] = { 0, 0 };

	if (trace_id_is_valid(id))
		return id;
	if (getrandom(half, sizeof(half), GRND_NONBLOCK) != sizeof(half))
		half[0] = hash64(id);
	snprintf(text, 2UL * TRACE_ID_BYTES, "%016llx%016llx", (unsigned long long)half[0],
		 (unsigned long long)half[1] | 1);
	return (struct str){ text, TRACE_ID_BYTES };
}

void exchange_name_cause(struct exchange *x, struct str traceparent)
{
	char text[2 * TRACE_ID_BYTES];
	struct str trace = traceparent_id(traceparent);

	if (!trace.n)
		trace = new_trace(x->request.id, text);
	copy_text(x->request.id, x->cause.id, sizeof(x->cause.id));
	copy_text(trace, x->cause.trace, sizeof(x->cause.trace));
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
	if (x->news.took_ms >= 0)
		x->upstream_ms = x->news.took_ms;
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
