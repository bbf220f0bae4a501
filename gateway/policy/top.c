#include "policy/top.h"

#include "base/utf8.h"

/* After so many fadings (18 hours) nothing is left that could be told from nothing. */
#define FADES_MAX 1000

void top_fade(struct top *t, struct mono now)
{
	int64_t fades = (now.ms - t->faded.ms) / TOP_FADE_MS;
	double by = fades > FADES_MAX ? 0 : 1;

	if (fades < 1)
		return;
	for (int64_t i = 0; by > 0 && i < fades; i++)
		by *= TOP_FADE;
	for (size_t i = 0; i < t->n; i++) {
		t->weights[i] *= by;
		t->errors[i] *= by;
	}
	t->faded = mono_after(t->faded, fades * TOP_FADE_MS);
}

/* ---- by hash ---- */

static size_t find(const struct top *t, uint64_t hash)
{
	uint16_t i = t->chains[hash % TOP_SLOTS];

	while (i && t->hashes[i - 1] != hash)
		i = t->chained[i - 1];
	return i ? i - 1U : t->n;
}

static void chain(struct top *t, size_t i, uint64_t hash)
{
	uint16_t *first = &t->chains[hash % TOP_SLOTS];

	t->hashes[i] = hash;
	t->chained[i] = *first;
	*first = (uint16_t)(i + 1);
}

static void unchain(struct top *t, size_t i)
{
	uint16_t *at = &t->chains[t->hashes[i] % TOP_SLOTS];

	while (*at != i + 1)
		at = &t->chained[*at - 1];
	*at = t->chained[i];
}

/* ---- by weight ---- */

static void put_at(struct top *t, size_t place, uint16_t slot)
{
	t->heap[place] = slot;
	t->places[slot] = (uint16_t)place;
}

/* The slot at the place has become heavier: down with it, below those that are lighter now. */
static void sink(struct top *t, size_t place)
{
	uint16_t slot = t->heap[place];

	for (size_t child; (child = 2 * place + 1) < t->n; place = child) {
		if (child + 1 < t->n && t->weights[t->heap[child + 1]] < t->weights[t->heap[child]])
			child++;
		if (t->weights[t->heap[child]] >= t->weights[slot])
			break;
		put_at(t, place, t->heap[child]);
	}
	put_at(t, place, slot);
}

/* A slot without weight comes in at the end: up with it. */
static void rise(struct top *t, size_t place)
{
	uint16_t slot = t->heap[place];

	for (; place && t->weights[t->heap[(place - 1) / 2]] > t->weights[slot];
	     place = (place - 1) / 2)
		put_at(t, place, t->heap[(place - 1) / 2]);
	put_at(t, place, slot);
}

/* ---- adding ---- */

/* As much of the name as there is room for, not cut within a character. */
static void set_name(struct top_slot *slot, struct str name)
{
	size_t n = 0;
	size_t next = 0;

	do {
		n += next;
		next = utf8_char(str_slice(name, n, name.n));
	} while (next && n + next <= TOP_NAME_BYTES);
	if (n)
		memcpy(slot->name, name.p, n);
	slot->name_n = (uint16_t)n;
}

static size_t new_slot(struct top *t)
{
	size_t i = t->n++;

	t->weights[i] = 0;
	put_at(t, i, (uint16_t)i);
	rise(t, i);
	return i;
}

static size_t take_slot(struct top *t, struct str name, uint64_t hash)
{
	size_t i = t->heap[0];

	if (t->n < TOP_SLOTS)
		i = new_slot(t);
	else
		unchain(t, i);
	chain(t, i, hash);
	t->errors[i] = t->weights[i];
	t->slots[i] = (struct top_slot){ .times = 0 };
	set_name(&t->slots[i], name);
	return i;
}

void top_add(struct top *t, struct str name, uint64_t hash, int64_t amount, struct mono now)
{
	size_t i = find(t, hash);

	if (!t->n)
		t->faded = now;
	top_fade(t, now);
	if (i == t->n)
		i = take_slot(t, name, hash);
	t->weights[i] += (double)amount;
	sink(t, t->places[i]);
	t->slots[i].times++;
	if (amount > t->slots[i].largest)
		t->slots[i].largest = amount;
}

/* ---- reading ---- */

static bool goes_before(const struct top *t, size_t a, size_t b)
{
	if (t->weights[a] != t->weights[b])
		return t->weights[a] > t->weights[b];
	return str_cmp(top_name(t, a), top_name(t, b)) < 0;
}

size_t top_order(const struct top *t, size_t ret[static TOP_SLOTS])
{
	for (size_t n = 0; n < t->n; n++) {
		size_t at = n;

		for (; at > 0 && goes_before(t, n, ret[at - 1]); at--)
			ret[at] = ret[at - 1];
		ret[at] = n;
	}
	return t->n;
}
