#include "app/scrape.h"

#include "app/answers.h"
#include "app/fill_look.h"
#include "app/memory.h"
#include "app/metrics_put.h"
#include "app/origin.h"
#include "app/respond.h"
#include "app/usage.h"
#include "base/exposition.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

/* What was asked so lately is told again. */
#define KEPT_MS 1000

struct scrape {
	pthread_mutex_t publishing; /* for evictions */
	uint64_t evicted_memory;    /* as far as they are in the sums */
	uint64_t evicted_answers;

	pthread_mutex_t asking; /* for all below; one thread asks, and others wait for it */
	struct mono asked_at;
	bool is_asked;
	struct metrics_budget budgets[METRICS_BUDGETS];
	char names[METRICS_BUDGETS][64];
	struct metrics_asked asked;
};

struct scrape *scrape_new(void)
{
	struct scrape *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->publishing, NULL);
	pthread_mutex_init(&s->asking, NULL);
	return s;
}

void scrape_free(struct scrape *s)
{
	if (!s)
		return;
	pthread_mutex_destroy(&s->publishing);
	pthread_mutex_destroy(&s->asking);
	free(s);
}

/* ---- this worker's gauges ---- */

/* A cache counts for itself; what has come since the last time goes to the sum of all. */
static void add_new(struct metrics *m, enum metric_sum sum, uint64_t now, uint64_t *told)
{
	metrics_add(m, sum, now - *told);
	*told = now;
}

void scrape_publish(struct scrape *s, const struct gateway *gw)
{
	struct metrics *m = gw->metrics;
	struct memory_stats memory = memory_stats(gw->memory);
	struct answers_stats answers = answers_stats(gw->answers);
	struct fills_stats fills = fills_stats(gw->fills);

	metrics_gauge(m, GAUGE_MEMORY_ENTRIES, memory.entries);
	metrics_gauge(m, GAUGE_MEMORY_BYTES, memory.bytes);
	metrics_gauge(m, GAUGE_MEMORY_LIMIT, memory.bytes_max);
	metrics_gauge(m, GAUGE_ANSWERS_ENTRIES, answers.n);
	metrics_gauge(m, GAUGE_ANSWERS_BYTES, answers.bytes);
	metrics_gauge(m, GAUGE_ANSWERS_LIMIT, answers.bytes_max);
	metrics_gauge(m, GAUGE_FILLS, fills.calling);
	metrics_gauge(m, GAUGE_FILLS_QUEUED, fills.queued);
	metrics_gauge(m, GAUGE_WAITERS, fills.waiting);
	pthread_mutex_lock(&s->publishing);
	add_new(m, SUM_EVICTED_MEMORY, memory.evicted, &s->evicted_memory);
	add_new(m, SUM_EVICTED_ANSWERS, answers.evicted, &s->evicted_answers);
	pthread_mutex_unlock(&s->publishing);
}

/* ---- what others know ---- */

static bool is_asked(const struct scrape *s, struct str budget)
{
	for (size_t i = 0; i < s->asked.budgets_n; i++)
		if (str_eq(s->budgets[i].name, budget))
			return true;
	return false;
}

/* False: the store does not answer. */
static bool ask_budget(struct scrape *s, struct store *store, const struct api *api,
		       const struct identity *as)
{
	size_t n = s->asked.budgets_n;
	char text[USAGE_NAME_BYTES];
	struct str name = usage_name(api, as, text);
	struct count count;

	if (is_asked(s, name) || n == METRICS_BUDGETS || name.n > sizeof(s->names[n]))
		return true;
	if (!usage_of(store, as, api, &count))
		return false;
	memcpy(s->names[n], name.p, name.n);
	s->budgets[n] = (struct metrics_budget){
		.name = { s->names[n], name.n },
		.limit = count.quota.calls,
		.window_ms = count.quota.window_ms,
		.remaining = count.used < count.quota.calls ? count.quota.calls - count.used : 0,
		.reset_ms = count.free_ms,
		.cool_ms = count.cool_ms,
	};
	s->asked.budgets_n++;
	return true;
}

/* Of each identity that may call the api. */
static bool ask_budgets(struct scrape *s, struct store *store, const struct api *api,
			const struct identities *ids)
{
	const struct identities *all = usage_identities(ids, api);
	bool up = true;

	for (size_t i = 0; up && i < all->n; i++)
		up = ask_budget(s, store, api, &all->list[i]);
	return up;
}

static void ask(struct scrape *s, struct store *store, const struct catalog *catalog,
		const struct identities *ids)
{
	struct store_stats stats = { .keys = -1, .bytes = -1, .bytes_max = -1, .evicted = -1 };
	bool up = store->stats(store, &stats);

	s->asked = (struct metrics_asked){ .budgets = s->budgets };
	for (size_t i = 0; up && i < catalog->apis_n; i++)
		up = ask_budgets(s, store, &catalog->apis[i], ids);
	s->asked.redis_up = up;
	s->asked.redis_keys = stats.keys;
	s->asked.redis_bytes = stats.bytes;
	s->asked.redis_bytes_max = stats.bytes_max;
	s->asked.redis_evicted = stats.evicted;
}

void scrape_answer(const struct gateway *gw, struct store *store, struct exchange *x)
{
	struct scrape *s = gw->scrape;
	struct buf page = buf_init(LIMIT_ANSWER_BYTES);
	struct mono now = gw->clock->mono(gw->clock);

	scrape_publish(s, gw);
	pthread_mutex_lock(&s->asking);
	if (!s->is_asked || now.ms - s->asked_at.ms >= KEPT_MS) {
		ask(s, store, x->catalog, gw->identities);
		s->asked_at = gw->clock->mono(gw->clock);
		s->is_asked = true;
	}
	s->asked.mode = origin_mode(gw->origin);
	metrics_put(gw->metrics, &s->asked, &page);
	pthread_mutex_unlock(&s->asking);
	x->body.failed |= page.failed;
	respond_page(x, 200, EXPOSITION_TYPE, buf_str(&page));
	buf_release(&page);
}
