#include "unit/test.h"

#include "app/answers.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Hit ratios on a trace: clients who want HOT pages, by Zipf's law, and a crawler who reads CRAWLED
 * other ones in between, each once. How many hits does it cost the clients? Asked of what keeps
 * answers, and of an LRU of the same size for comparison.
 */

#define HOT	  1000
#define CRAWLED	  50000
#define WARMING	  20000 /* requests before it counts, and before the crawler comes */
#define REQUESTS  50000 /* of clients, counted; the crawler has one for each */
#define KEPT	  700	/* answers that there is room for, nearly */
#define BODY	  400
#define LOST_MOST 0.02

/* ---- the trace ---- */

static double cumulative[HOT];

static void make_zipf(void)
{
	double sum = 0;

	for (int i = 0; i < HOT; i++)
		cumulative[i] = sum += 1.0 / (i + 1);
	for (int i = 0; i < HOT; i++)
		cumulative[i] /= sum;
}

static int draw_hot(uint64_t *random)
{
	double at = next_random(random) / 2147483648.0;
	int low = 0;
	int high = HOT - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (cumulative[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Asks for page number n: was it there? Else it is made. */
typedef bool asked_for(void *ctx, int page);

/* The clients' hit ratio. */
static double hit_ratio(asked_for *ask, void *ctx, bool crawler)
{
	uint64_t random = 7;
	int hits = 0;

	for (int i = 0; i < WARMING; i++)
		ask(ctx, draw_hot(&random));
	for (int i = 0; i < REQUESTS; i++) {
		hits += ask(ctx, draw_hot(&random));
		if (crawler)
			ask(ctx, HOT + i % CRAWLED);
	}
	return (double)hits / REQUESTS;
}

/* ---- answers ---- */

struct kept {
	struct answers *all;
	bool at_once;
};

static bool ask_answers(void *ctx, int page)
{
	static const char body[BODY];
	const struct kept *k = ctx;
	char text[32];
	int n = snprintf(text, sizeof(text), "/x/?offset=%d", page);
	struct answer_key key = { { text, (size_t)n }, 0 };
	struct answer *a = answers_find(k->all, &key);
	struct answer facts = { .target = key.target, .body = { body, sizeof(body) } };
	bool there = a != NULL;

	if (!there) {
		a = answer_new(&facts);
		assert_non_null(a);
		answers_put(k->all, &key, a, k->at_once);
	}
	answer_unref(a);
	return there;
}

static double answers_ratio(bool at_once, bool crawler, size_t *ret_kept)
{
	struct kept k = { answers_new((size_t)KEPT * (BODY + 300)), at_once };
	double ratio;

	assert_non_null(k.all);
	ratio = hit_ratio(ask_answers, &k, crawler);
	*ret_kept = answers_stats(k.all).n;
	answers_free(k.all);
	return ratio;
}

/* ---- the LRU ---- */

struct lru {
	size_t room;
	size_t n;
	struct lru_page {
		struct lru_page *newer;
		struct lru_page *older;
		bool there;
	} pages[HOT + CRAWLED];
	struct lru_page *newest;
	struct lru_page *oldest;
};

static void unlink_page(struct lru *l, struct lru_page *p)
{
	*(p->newer ? &p->newer->older : &l->newest) = p->older;
	*(p->older ? &p->older->newer : &l->oldest) = p->newer;
	p->there = false;
	l->n--;
}

static bool ask_lru(void *ctx, int page)
{
	struct lru *l = ctx;
	struct lru_page *p = &l->pages[page];
	bool there = p->there;

	if (there)
		unlink_page(l, p);
	else if (l->n == l->room)
		unlink_page(l, l->oldest);
	*p = (struct lru_page){ .older = l->newest, .there = true };
	*(l->newest ? &l->newest->newer : &l->oldest) = p;
	l->newest = p;
	l->n++;
	return there;
}

static double lru_ratio(size_t room, bool crawler)
{
	struct lru *l = calloc(1, sizeof(*l));
	double ratio;

	assert_non_null(l);
	l->room = room;
	ratio = hit_ratio(ask_lru, l, crawler);
	free(l);
	return ratio;
}

/* ---- ---- */

static void a_crawler_costs_clients_next_to_nothing(void **state)
{
	size_t kept;
	double lru_lost;

	(void)state;
	make_zipf();
	for (int at_once = 0; at_once < 2; at_once++) {
		double alone = answers_ratio(at_once, false, &kept);
		double crawled = answers_ratio(at_once, true, &kept);

		print_message("%s: %.1f %% of hits, with a crawler %.1f %%\n",
			      at_once ? "SIEVE" : "SIEVE, and not what comes once", 100 * alone,
			      100 * crawled);
		assert_in_range(kept, KEPT / 2, KEPT * 3 / 2);
		assert_true(alone > 0.8);
		assert_true(alone - crawled < LOST_MOST);
	}
	lru_lost = lru_ratio(kept, false);
	print_message("LRU of as many: %.1f %%", 100 * lru_lost);
	lru_lost -= lru_ratio(kept, true);
	print_message(", with a crawler %.1f points less\n", 100 * lru_lost);
	assert_true(lru_lost > LOST_MOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crawler_costs_clients_next_to_nothing),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
