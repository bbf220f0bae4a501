#include "api/nearest.h"

#include <ctype.h>

#define FOLDED_MAX 48

struct folded {
	char c[FOLDED_MAX];
	size_t n;
};

static struct folded fold(struct str word)
{
	struct folded f = { .n = 0 };

	for (size_t i = 0; i < word.n && f.n < FOLDED_MAX; i++)
		if (isalnum((unsigned char)word.p[i]))
			f.c[f.n++] = (char)tolower((unsigned char)word.p[i]);
	return f;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, three rows of the table at a time. */
static size_t distance(const struct folded *a, const struct folded *b)
{
	size_t rows[3][FOLDED_MAX + 1];

	for (size_t j = 0; j <= b->n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a->n; i++) {
		size_t *now = rows[i % 3];
		const size_t *before = rows[(i + 2) % 3];
		const size_t *twice = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b->n; j++) {
			now[j] = least(before[j - 1] + (a->c[i - 1] != b->c[j - 1]),
				       least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a->c[i - 1] == b->c[j - 2] &&
			    a->c[i - 2] == b->c[j - 1])
				now[j] = least(now[j], twice[j - 2] + 1);
		}
	}
	return rows[a->n % 3][b->n];
}

struct str nearest(struct str word, const struct str *words, size_t n)
{
	struct folded wanted = fold(word);
	struct str best = { NULL, 0 };
	size_t best_distance = wanted.n / 3 + 1;

	if (!wanted.n)
		return best;
	for (size_t i = 0; i < n; i++) {
		struct folded known = fold(words[i]);
		size_t d = distance(&wanted, &known);

		if (d < best_distance && d < known.n) {
			best_distance = d;
			best = words[i];
		}
	}
	return best;
}
