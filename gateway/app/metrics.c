#include "app/metrics.h"

#include "app/metrics_block.h"
#include "base/hash.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static const char magic[16] = "perigee metrics";

const struct bins metric_request_bins = { .n = sizeof((uint64_t[]){ METRIC_REQUEST_BOUNDS }) /
					       sizeof(uint64_t),
					  .upto = { METRIC_REQUEST_BOUNDS } };

const struct bins metric_bins[HISTOGRAM_COUNT] = {
#define X(id, ...)                                                                                 \
	[HISTOGRAM_##id] = { .n = sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),          \
			     .upto = { __VA_ARGS__ } },
	METRIC_HISTOGRAMS(X)
#undef X
};

const char *const metric_methods[METHOD_OTHER + 1] = {
	[METHOD_GET] = "GET",
	[METHOD_HEAD] = "HEAD",
	[METHOD_OPTIONS] = "OPTIONS",
	[METHOD_OTHER] = "other",
};

static const char *const unmatched[] = {
	[SERIES_UNMATCHED] = "(unmatched)", [SERIES_OTHER] = "(other)"
};

/* ---- the file ---- */

/* Every word that gives a place in the block its meaning, one after the other. */
static const char places[] =
#define X(id, family, label, value) #id " "
	METRIC_SUMS(X) "/ " METRIC_GAUGES(X) "/ "
#undef X
#define X(id, word) word " "
	RESULTS(X) "/ " PAGES(X) "/ " CALL_KINDS(X) "/ "
#undef X
#define X(name, status, word, title) word " "
	FAULTS(X) "/ "
#undef X
#define X(id, ...) #id " " #__VA_ARGS__ " "
	METRIC_HISTOGRAMS(X) "/ ";
#undef X

static uint64_t fingerprint(void)
{
	return hash64((struct str){ places, sizeof(places) }) ^ sizeof(struct block);
}

static bool is_label(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return n > 0 && n < size;
}

static bool is_valid(const void *memory)
{
	const struct block *b = memory;
	uint32_t series_n = b->series_n;
	uint32_t budgets_n = b->budgets_n;

	if (memcmp(b->head.magic, magic, sizeof(magic)) != 0 ||
	    b->head.fingerprint != fingerprint() || series_n <= SERIES_OTHER ||
	    series_n > METRICS_SERIES || budgets_n > METRICS_BUDGETS)
		return false;
	for (uint32_t i = 0; i < series_n; i++)
		if (!is_label(b->series[i], SERIES_BYTES))
			return false;
	for (uint32_t i = 0; i < budgets_n; i++)
		if (!is_label(b->budgets[i], BUDGET_BYTES))
			return false;
	return true;
}

static void init(void *memory)
{
	struct block *b = memory;

	for (uint32_t i = 0; i <= SERIES_OTHER; i++)
		memcpy(b->series[i], unmatched[i], strlen(unmatched[i]) + 1);
	b->series_n = SERIES_OTHER + 1;
	if (getrandom(&b->salt, sizeof(b->salt), GRND_NONBLOCK) != sizeof(b->salt))
		b->salt = (uint64_t)getpid();
	b->head.fingerprint = fingerprint();
	memcpy(b->head.magic, magic, sizeof(magic));
}

struct metrics *metrics_open(const char *path, struct wall now, struct fail *reterr)
{
	static const struct shared_layout layout = { .bytes = sizeof(struct block),
						     .is_valid = is_valid,
						     .init = init };
	struct metrics *m = calloc(1, sizeof(*m));

	if (m)
		m->shared = shared_open(path, &layout, reterr);
	else
		fail_set(reterr, FAULT_INTERNAL, "There is no memory left.");
	if (!m || !m->shared) {
		free(m);
		return NULL;
	}
	m->block = shared_block(m->shared);
	m->row = shared_take_slot(m->shared, METRICS_WORKERS);
	if (m->row < METRICS_WORKERS) {
		struct block_row *row = &m->block->rows[m->row];

		memset(row, 0, sizeof(*row));
		counter_set(&row->started_s, (uint64_t)now.ms / 1000);
		counter_set(&row->reloaded_s, (uint64_t)now.ms / 1000);
	}
	return m;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	shared_close(m->shared);
	free(m);
}

/* ---- names ---- */

/* The place of `name` among n texts of `size` bytes, where it is put if there is room; n_max
 * without. Under the lock. */
static uint32_t place_of(char *texts, size_t size, _Atomic uint32_t *n, uint32_t n_max,
			 struct str name)
{
	uint32_t known = *n < n_max ? *n : n_max;

	for (uint32_t i = 0; i < known; i++) {
		const char *text = texts + i * size;

		if (str_eq((struct str){ text, strnlen(text, size) }, name))
			return i;
	}
	if (known == n_max || !name.n || name.n >= size)
		return n_max;
	memset(texts + known * size, 0, size);
	memcpy(texts + known * size, name.p, name.n);
	/* Who reads the number reads the name too. */
	atomic_store(n, known + 1);
	return known;
}

/* `/2.3.0/`, `/2.3.0/launches/`, `/2.3.0/launches/{id}/` */
static uint32_t series_of(struct metrics *m, const struct api *api, struct str endpoint,
			  const char *below)
{
	struct block *b = m->block;
	struct buf name = buf_init(SERIES_BYTES);
	uint32_t place = METRICS_SERIES;

	buf_put(&name, api->root);
	buf_put(&name, endpoint);
	buf_put(&name, endpoint.n ? STR("/") : STR(""));
	buf_put(&name, str_from(below));
	if (!name.failed)
		place = place_of(b->series[0], SERIES_BYTES, &b->series_n, METRICS_SERIES,
				 buf_str(&name));
	buf_release(&name);
	return place < METRICS_SERIES ? place : SERIES_OTHER;
}

void metrics_register(struct metrics *m, struct catalog *catalog)
{
	struct block *b = m->block;

	shared_lock(m->shared);
	for (size_t i = 0; i < catalog->apis_n; i++) {
		const struct api *api = &catalog->apis[i];

		catalog->apis[i].series = series_of(m, api, STR(""), "");
		place_of(b->budgets[0], BUDGET_BYTES, &b->budgets_n, METRICS_BUDGETS, api->budget);
		for (size_t j = 0; j < api->endpoints_n; j++) {
			struct endpoint *e = &api->endpoints[j];

			e->series = series_of(m, api, e->name, "");
			e->object_series = e->series;
			if (e->kind == ENDPOINT_LIST && e->ids != VALUE_TYPE_COUNT)
				e->object_series = series_of(m, api, e->name, "{id}/");
		}
	}
	shared_unlock(m->shared);
}

struct str metrics_series_name(const struct metrics *m, uint32_t series)
{
	const char *name = m->block->series[series < METRICS_SERIES ? series : SERIES_OTHER];

	return (struct str){ name, strnlen(name, SERIES_BYTES) };
}

uint64_t metrics_salt(const struct metrics *m)
{
	return m->block->salt;
}

/* ---- counting ---- */

void metrics_add(struct metrics *m, enum metric_sum sum, uint64_t n)
{
	counter_add(&m->block->sums[sum], n);
}

void metrics_request(struct metrics *m, uint32_t series, enum result result, enum method method,
		     int64_t us)
{
	struct block *b = m->block;

	counter_add(&b->requests[series][result], 1);
	counter_add(&b->methods[method], 1);
	histogram_add(&b->request_seconds[result], &metric_request_bins, us > 0 ? (uint64_t)us : 0);
}

void metrics_page(struct metrics *m, enum page page)
{
	counter_add(&m->block->pages[page], 1);
}

uint32_t metrics_number(uint32_t series, enum result result)
{
	return series * METRIC_RESULTS + (uint32_t)result;
}

bool metrics_front(struct metrics *m, uint64_t number, uint64_t n)
{
	struct block *b = m->block;

	if (number >= (uint64_t)METRICS_SERIES * METRIC_RESULTS)
		return false;
	counter_add(&b->requests[number / METRIC_RESULTS][number % METRIC_RESULTS], n);
	counter_add(&b->methods[METHOD_GET], n);
	counter_add(&b->sums[SUM_MICROCACHE], n);
	return true;
}

struct metrics_cursor *metrics_front_cursor(struct metrics *m)
{
	return &m->block->front;
}

void metrics_stale(struct metrics *m, int64_t age_s)
{
	if (age_s >= 0)
		histogram_add(&m->block->histograms[HISTOGRAM_STALE_AGE],
			      &metric_bins[HISTOGRAM_STALE_AGE], (uint64_t)age_s * 1000000);
}

static size_t code_of(const struct reply *reply)
{
	int place = reply->status - CODE_STATUS_MIN;

	if (reply->fault != FAULT_NONE)
		return CODE_STATUSES + (size_t)reply->fault;
	if (place < 0 || place >= CODE_STATUSES)
		return CODE_STATUSES + FAULT_UPSTREAM_GARBAGE;
	return (size_t)place;
}

void metrics_upstream(struct metrics *m, enum call_kind kind, const struct reply *reply)
{
	struct block *b = m->block;

	counter_add(&b->upstream[kind][code_of(reply)], 1);
	histogram_add(&b->histograms[HISTOGRAM_UPSTREAM_SECONDS],
		      &metric_bins[HISTOGRAM_UPSTREAM_SECONDS],
		      reply->took_ms > 0 ? (uint64_t)reply->took_ms * 1000 : 0);
}

struct measure metrics_histogram(struct metrics *m, enum metric_histogram which)
{
	return (struct measure){ &m->block->histograms[which], &metric_bins[which] };
}

counter *metrics_sum(struct metrics *m, enum metric_sum which)
{
	return &m->block->sums[which];
}

/* ---- this worker's row ---- */

void metrics_gauge(struct metrics *m, enum metric_gauge gauge, uint64_t value)
{
	if (m->row < METRICS_WORKERS)
		counter_set(&m->block->rows[m->row].gauges[gauge], value);
}

/* NULL: it is not registered, or this worker has no row. */
static counter *breaker_of(const struct metrics *m, struct str budget)
{
	struct block *b = m->block;
	uint32_t n = b->budgets_n;

	for (uint32_t i = 0; i < n && i < METRICS_BUDGETS && m->row < METRICS_WORKERS; i++)
		if (str_eq(budget,
			   (struct str){ b->budgets[i], strnlen(b->budgets[i], BUDGET_BYTES) }))
			return &b->rows[m->row].breaker_open[i];
	return NULL;
}

void metrics_breaker(struct metrics *m, struct str budget, bool is_open)
{
	counter *c = breaker_of(m, budget);

	if (c)
		counter_set(c, is_open);
}

bool metrics_breaker_is_open(const struct metrics *m, struct str budget)
{
	const counter *c = breaker_of(m, budget);

	return c && counter_get(c);
}

void metrics_reloaded(struct metrics *m, struct wall now, bool good)
{
	if (m->row == METRICS_WORKERS)
		return;
	counter_set(&m->block->rows[m->row].reload_failed, !good);
	if (good)
		counter_set(&m->block->rows[m->row].reloaded_s, (uint64_t)now.ms / 1000);
}
