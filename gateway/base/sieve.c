#include "base/sieve.h"

#include <stdlib.h>

#define SLOTS_MIN 64
#define SLOTS_MAX (1UL << 20)

bool sieve_init(struct sieve *s, size_t bytes_max, size_t usual)
{
	size_t slots = SLOTS_MIN;

	while (slots < bytes_max / usual && slots < SLOTS_MAX)
		slots *= 2;
	*s = (struct sieve){ .bytes_max = bytes_max, .slots_n = slots };
	s->slots = calloc(slots, sizeof(struct sieve_node *));
	s->bytes = slots * sizeof(struct sieve_node *);
	return s->slots != NULL;
}

void sieve_release(struct sieve *s)
{
	free(s->slots);
	s->slots = NULL;
}

static struct sieve_node **slot_of(const struct sieve *s, uint64_t hash)
{
	return &s->slots[hash & (s->slots_n - 1)];
}

struct sieve_node *sieve_slot(const struct sieve *s, uint64_t hash)
{
	return *slot_of(s, hash);
}

void sieve_take_out(struct sieve *s, struct sieve_node *node)
{
	struct sieve_node **at = slot_of(s, node->hash);

	while (*at && *at != node)
		at = &(*at)->next_in_slot;
	*at = node->next_in_slot;
	if (s->hand == node)
		s->hand = node->newer;
	*(node->newer ? &node->newer->older : &s->newest) = node->older;
	*(node->older ? &node->older->newer : &s->oldest) = node->newer;
	s->bytes -= node->size;
	s->n--;
}

/* From the oldest to the newest, and then anew. */
static struct sieve_node *evict_one(struct sieve *s)
{
	struct sieve_node *node = s->hand ? s->hand : s->oldest;

	while (node->asked_for) {
		node->asked_for = false;
		node = node->newer ? node->newer : s->oldest;
	}
	s->hand = node;
	sieve_take_out(s, node);
	s->evicted++;
	return node;
}

struct sieve_node *sieve_add(struct sieve *s, struct sieve_node *node)
{
	struct sieve_node **slot = slot_of(s, node->hash);
	struct sieve_node *gone = NULL;

	while (s->n && s->bytes + node->size > s->bytes_max) {
		struct sieve_node *one = evict_one(s);

		one->next_in_slot = gone;
		gone = one;
	}
	if (s->bytes + node->size > s->bytes_max) {
		node->next_in_slot = gone;
		return node;
	}
	node->asked_for = false;
	node->next_in_slot = *slot;
	*slot = node;
	node->newer = NULL;
	node->older = s->newest;
	*(s->newest ? &s->newest->newer : &s->oldest) = node;
	s->newest = node;
	s->bytes += node->size;
	s->n++;
	return gone;
}
