#include "app/metrics_put.h"

#include "app/metrics_block.h"
#include "app/metrics_rows.h"
#include "base/exposition.h"
#include "base/version.h"

#include <stdio.h>

#define MILLION 1000000

/* What the telling of one family needs. */
struct teller {
	struct metrics *m;
	const struct block *b;
	const struct metrics_asked *asked;
	struct buf *out;
	const char *name; /* of the family */
};

/* ---- words ---- */

static const char *const family_names[FAMILY_COUNT] = {
#define X(id, type, name, help) [FAMILY_##id] = (name),
	METRIC_FAMILIES(X)
#undef X
};

enum type { COUNTER, GAUGE, HISTOGRAM };

static const char *const type_words[] = {
	[COUNTER] = "counter",
	[GAUGE] = "gauge",
	[HISTOGRAM] = "histogram",
};

static const char *const page_words[PAGE_COUNT] = {
#define X(name, word) [PAGE_##name] = (word),
	PAGES(X)
#undef X
};

static const char *const kind_words[KIND_COUNT] = {
#define X(id, word) [KIND_##id] = (word),
	CALL_KINDS(X)
#undef X
};

/* A number that belongs to a family, with one label or none. */
struct place {
	enum metric_family family;
	struct label label;
};

#define X(id, family, name, value) { FAMILY_##family, { STR(name), STR(value) } },
static const struct place sums[SUM_COUNT] = { METRIC_SUMS(X) };
static const struct place gauges[GAUGE_COUNT] = { METRIC_GAUGES(X) };
#undef X

static struct label label(const char *name, const char *value)
{
	return (struct label){ str_from(name), str_from(value) };
}

/* A name out of the block, of which nothing is certain. */
static struct label block_label(const char *name, const char *text, size_t size)
{
	return (struct label){ str_from(name), { text, strnlen(text, size) } };
}

/* ---- one number each ---- */

static void put(const struct teller *t, struct label l, uint64_t value)
{
	exposition_count(t->out, t->name, &l, 1, value);
}

/* What is below 0 is not known. */
static void put_known(const struct teller *t, struct label l, int64_t value)
{
	if (value >= 0)
		put(t, l, (uint64_t)value);
}

static void put_ms(const struct teller *t, struct label l, int64_t ms)
{
	if (ms >= 0)
		exposition_micro(t->out, t->name, &l, 1, ms * 1000);
}

static uint32_t bounded(const _Atomic uint32_t *n, uint32_t max)
{
	uint32_t value = *n;

	return value < max ? value : max;
}

static void put_breakers(const struct teller *t)
{
	uint32_t n = bounded(&t->b->budgets_n, METRICS_BUDGETS);

	for (uint32_t i = 0; i < n; i++)
		put(t, block_label("budget", t->b->budgets[i], BUDGET_BYTES),
		    metrics_breakers_open(t->m, i));
}

/* ---- what has labels ---- */

/* Only what has happened: endpoints times results are many. */
static void put_requests(const struct teller *t)
{
	uint32_t n = bounded(&t->b->series_n, METRICS_SERIES);

	for (uint32_t i = 0; i < n; i++) {
		for (enum result r = 0; r < METRIC_RESULTS; r++) {
			const struct label labels[] = { block_label("endpoint", t->b->series[i],
								    SERIES_BYTES),
							label("result", result_word(r)) };
			uint64_t value = counter_get(&t->b->requests[i][r]);

			if (value)
				exposition_count(t->out, t->name, labels, 2, value);
		}
	}
}

static void put_methods(const struct teller *t)
{
	for (enum method i = 0; i <= METHOD_OTHER; i++)
		if (i != METHOD_OPTIONS)
			put(t, label("method", metric_methods[i]), counter_get(&t->b->methods[i]));
}

static void put_pages(const struct teller *t)
{
	for (enum page i = PAGE_NONE + 1; i < PAGE_COUNT; i++)
		put(t, label("page", page_words[i]), counter_get(&t->b->pages[i]));
}

static void put_request_seconds(const struct teller *t)
{
	for (enum result r = 0; r < METRIC_RESULTS; r++) {
		const struct label l = label("result", result_word(r));

		exposition_histogram(t->out, t->name, &l, 1, &t->b->request_seconds[r],
				     &metric_request_bins);
	}
}

static void put_histogram(const struct teller *t, enum metric_histogram which)
{
	exposition_histogram(t->out, t->name, NULL, 0, &t->b->histograms[which],
			     &metric_bins[which]);
}

static struct label code_label(size_t code, char text[static 24])
{
	if (code >= CODE_STATUSES)
		return label("code", fault_word((enum fault)(code - CODE_STATUSES)));
	snprintf(text, 24, "%zu", code + CODE_STATUS_MIN);
	return label("code", text);
}

/* Codes that have come; and of each class the 200s, so that a rate has something to begin at. */
static void put_upstream(const struct teller *t)
{
	for (enum call_kind kind = 0; kind < KIND_COUNT; kind++) {
		for (size_t code = 0; code < CODE_COUNT; code++) {
			char text[24];
			const struct label labels[] = { label("class", kind_words[kind]),
							code_label(code, text) };
			uint64_t value = counter_get(&t->b->upstream[kind][code]);

			if (value || code == 200 - CODE_STATUS_MIN)
				exposition_count(t->out, t->name, labels, 2, value);
		}
	}
}

/* ---- what was asked ---- */

static void put_budgets(const struct teller *t, enum metric_family family)
{
	for (size_t i = 0; i < t->asked->budgets_n; i++) {
		const struct metrics_budget *budget = &t->asked->budgets[i];
		const struct label l = { STR("budget"), budget->name };

		if (family == FAMILY_QUOTA_LIMIT)
			put_known(t, l, budget->limit);
		else if (family == FAMILY_QUOTA_WINDOW)
			put_ms(t, l, budget->window_ms);
		else if (family == FAMILY_QUOTA_REMAINING)
			put_known(t, l, budget->remaining);
		else if (family == FAMILY_QUOTA_RESET)
			put_ms(t, l, budget->reset_ms);
		else
			put_ms(t, l, budget->cool_ms);
	}
}

static void put_modes(const struct teller *t)
{
	for (enum mode mode = 0; mode < MODE_COUNT; mode++)
		put(t, label("mode", mode_word(mode)), mode == t->asked->mode);
}

static void put_redis(const struct teller *t, int64_t value)
{
	put_known(t, label("cache", "redis"), value);
}

/* ---- all of it ---- */

/* Those of the numbers kept one by one that belong to the family. */
static void put_places(const struct teller *t, enum metric_family family)
{
	for (size_t i = 0; i < SUM_COUNT; i++)
		if (sums[i].family == family)
			put(t, sums[i].label, counter_get(&t->b->sums[i]));
	for (size_t i = 0; i < GAUGE_COUNT; i++)
		if (gauges[i].family == family)
			put(t, gauges[i].label, metrics_gauge_sum(t->m, (enum metric_gauge)i));
}

static void put_family(const struct teller *t, enum metric_family family)
{
	const struct metrics_asked *asked = t->asked;

	put_places(t, family);
	switch (family) {
	case FAMILY_REQUESTS:
		put_requests(t);
		break;
	case FAMILY_METHODS:
		put_methods(t);
		break;
	case FAMILY_PAGES:
		put_pages(t);
		break;
	case FAMILY_REQUEST_SECONDS:
		put_request_seconds(t);
		break;
	case FAMILY_STALE_AGE:
		put_histogram(t, HISTOGRAM_STALE_AGE);
		break;
	case FAMILY_UPSTREAM:
		put_upstream(t);
		break;
	case FAMILY_UPSTREAM_SECONDS:
		put_histogram(t, HISTOGRAM_UPSTREAM_SECONDS);
		break;
	case FAMILY_REDIS_SECONDS:
		put_histogram(t, HISTOGRAM_REDIS_SECONDS);
		break;
	case FAMILY_QUOTA_LIMIT:
	case FAMILY_QUOTA_WINDOW:
	case FAMILY_QUOTA_REMAINING:
	case FAMILY_QUOTA_RESET:
	case FAMILY_COOLDOWN:
		put_budgets(t, family);
		break;
	case FAMILY_BREAKER:
		put_breakers(t);
		break;
	case FAMILY_ORIGIN_MODE:
		put_modes(t);
		break;
	case FAMILY_CACHE_ENTRIES:
		put_redis(t, asked->redis_keys);
		break;
	case FAMILY_CACHE_BYTES:
		put_redis(t, asked->redis_bytes);
		break;
	case FAMILY_CACHE_EVICTIONS:
		put_redis(t, asked->redis_evicted);
		break;
	case FAMILY_CACHE_LIMIT:
		put_redis(t, asked->redis_bytes_max);
		break;
	case FAMILY_REDIS_UP:
		put(t, label("", ""), asked->redis_up);
		break;
	case FAMILY_WORKERS:
		put(t, label("", ""), metrics_workers(t->m));
		break;
	case FAMILY_START_TIME:
		put_known(t, label("", ""), metrics_started_s(t->m));
		break;
	case FAMILY_RELOAD_OK:
		put(t, label("", ""), metrics_reload_is_good(t->m));
		break;
	case FAMILY_RELOAD_TIME:
		put_known(t, label("", ""), metrics_reloaded_s(t->m));
		break;
	case FAMILY_BUILD_INFO:
		put(t, label("version", PERIGEE_VERSION), 1);
		break;
	/* Nothing but places. */
	case FAMILY_MICROCACHE:
	case FAMILY_FILLS:
	case FAMILY_FILLS_QUEUED:
	case FAMILY_WAITERS:
	case FAMILY_LOCK_WAITS:
	case FAMILY_REDIS_ERRORS:
	case FAMILY_UNREADABLE:
	case FAMILY_COUNT:
		break;
	}
}

void metrics_put(struct metrics *m, const struct metrics_asked *asked, struct buf *out)
{
	static const struct {
		enum type type;
		const char *help;
	} families[FAMILY_COUNT] = {
#define X(id, type, name, help) [FAMILY_##id] = { type, help },
		METRIC_FAMILIES(X)
#undef X
	};
	struct teller t = { .m = m, .b = m->block, .asked = asked, .out = out };

	for (enum metric_family family = 0; family < FAMILY_COUNT; family++) {
		t.name = family_names[family];
		exposition_family(out, t.name, type_words[families[family].type],
				  families[family].help);
		put_family(&t, family);
	}
}
