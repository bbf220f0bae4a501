/*
 * The order of refreshes: what the index says of single answers, and what comes
 * of it over 1,000 hours in which far more answers are stale than can be
 * refreshed, compared with taking them in turn.
 */

#include "unit/test.h"

#include "policy/refresh.h"

#define HOUR_MS 3600000LL

/* ---- single answers ---- */

static void more_requests_or_more_age_are_worth_more(void **state)
{
	(void)state;
	assert_true(refresh_index(2, 1000, HOUR_MS) > refresh_index(1, 1000, HOUR_MS));
	assert_true(refresh_index(1, 1000, HOUR_MS + 1) > refresh_index(1, 1000, HOUR_MS));
	/* The same number of requests in a longer time is less wanted. */
	assert_true(refresh_index(5, HOUR_MS, HOUR_MS) < refresh_index(5, HOUR_MS / 2, HOUR_MS));
	/* Twice the age is worth four times the requests. */
	assert_true(refresh_index(4, 1000, HOUR_MS) == refresh_index(1, 1000, 2 * HOUR_MS));
}

static void extremes_stay_in_order(void **state)
{
	(void)state;
	assert_true(refresh_index(0, 0, HOUR_MS) == 0);
	assert_true(refresh_index(1, 0, 0) == 0);
	assert_true(refresh_index(UINT32_MAX, 0, 1LL << 42) >
		    refresh_index(UINT32_MAX, 1, 1LL << 42));
	/* One request a moment ago is no rate of a thousand a second. */
	assert_true(refresh_index(1, 1, HOUR_MS) < refresh_index(100, 60000, HOUR_MS));
}

/* ---- 1,000 hours ---- */

enum order { BY_INDEX, ROUND_ROBIN, FIFO };

#define ANSWERS	   200
#define HOURS	   1000
#define CALL_MS	   (HOUR_MS / 12) /* a background call each 5 minutes: 15 an hour less the reserve */
#define REQUEST_MS 10000	  /* between two requests, on average */

struct answer {
	double share; /* of the requests, summed up with those before it */
	int64_t fetched;
	uint32_t asked; /* since then; 0: nobody wants it refreshed */
	int64_t asked_first;
};

struct world {
	struct answer answers[ANSWERS];
	size_t last; /* that was refreshed */
	uint64_t random;
	double age_sum;
	size_t requests;
	size_t refreshed[ANSWERS];
};

static double chance(struct world *w)
{
	return (next_random(&w->random) + 0.5) / 2147483648.0;
}

/* The i-th is asked for with a share of 1/i (Zipf), as pages on the web are. */
static void set_up_world(struct world *w)
{
	double sum = 0;
	double so_far = 0;

	*w = (struct world){ .random = 7 };
	for (size_t i = 0; i < ANSWERS; i++)
		sum += 1.0 / (double)(i + 1);
	for (size_t i = 0; i < ANSWERS; i++) {
		so_far += 1.0 / (double)(i + 1) / sum;
		w->answers[i].share = so_far;
	}
}

static void request(struct world *w, int64_t now)
{
	double x = chance(w);
	struct answer *a = w->answers;

	while (a < &w->answers[ANSWERS - 1] && a->share < x)
		a++;
	w->age_sum += (double)(now - a->fetched);
	w->requests++;
	if (!a->asked++)
		a->asked_first = now;
}

static double worth(const struct world *w, enum order order, size_t i, int64_t now)
{
	const struct answer *a = &w->answers[i];

	switch (order) {
	case BY_INDEX:
		return refresh_index(a->asked, now - a->asked_first, now - a->fetched);
	case ROUND_ROBIN:
		return (double)(ANSWERS - (i + ANSWERS - 1 - w->last) % ANSWERS);
	case FIFO:
	default:
		return (double)(now - a->asked_first) + 1;
	}
}

static void refresh(struct world *w, enum order order, int64_t now)
{
	size_t best = ANSWERS;

	for (size_t i = 0; i < ANSWERS; i++)
		if (w->answers[i].asked &&
		    (best == ANSWERS || worth(w, order, i, now) > worth(w, order, best, now)))
			best = i;
	if (best == ANSWERS)
		return;
	w->last = best;
	w->refreshed[best]++;
	w->answers[best].fetched = now;
	w->answers[best].asked = 0;
}

/* How old the answers are that people get, in minutes; *ret_rarest: how often the least wanted one
 * of all was refreshed. */
static double mean_age(enum order order, size_t *ret_rarest)
{
	static struct world w;
	int64_t next_call = CALL_MS;

	set_up_world(&w);
	/* Evenly spread over twice the mean: how requests are spaced does not matter here. */
	for (int64_t now = 0; now < HOURS * HOUR_MS;
	     now += (int64_t)(2 * REQUEST_MS * chance(&w))) {
		for (; next_call <= now; next_call += CALL_MS)
			refresh(&w, order, next_call);
		request(&w, now);
	}
	*ret_rarest = w.refreshed[ANSWERS - 1];
	return w.age_sum / (double)w.requests / 60000;
}

static void the_index_beats_turns(void **state)
{
	size_t rarest[3];
	double by_index = mean_age(BY_INDEX, &rarest[0]);
	double round_robin = mean_age(ROUND_ROBIN, &rarest[1]);
	double fifo = mean_age(FIFO, &rarest[2]);

	(void)state;
	printf("# mean age of an answer that somebody got, %d answers, %d hours: "
	       "by index %.0f min, round robin %.0f min, first come first %.0f min\n",
	       ANSWERS, HOURS, by_index, round_robin, fifo);
	printf("# the least wanted one was refreshed %zu, %zu and %zu times\n", rarest[0],
	       rarest[1], rarest[2]);
	assert_true(by_index < 0.8 * round_robin);
	assert_true(by_index < 0.8 * fifo);
	/* And nothing is left alone for ever. */
	assert_true(rarest[0] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_requests_or_more_age_are_worth_more),
		cmocka_unit_test(extremes_stay_in_order),
		cmocka_unit_test(the_index_beats_turns),
	};

	return cmocka_run_group_tests_name("refresh", tests, NULL, NULL);
}
