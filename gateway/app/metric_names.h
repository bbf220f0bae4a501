#ifndef PERIGEE_APP_METRIC_NAMES_H
#define PERIGEE_APP_METRIC_NAMES_H

/*
 * The closed list of what is counted (app/metrics.h says how): one row for each
 * family, and for each number that has a place of its own.
 */

#include "app/exchange.h"
#include "base/histogram.h"

/* clang-format off */

/*   id                 type       name                                 help */
#define METRIC_FAMILIES(X)                                                                        \
	X(REQUESTS,         COUNTER,   "perigee_requests_total",                                      \
	  "Requests to the APIs by route template and result, those that nginx answered by itself "   \
	  "included.")                                                                                \
	X(MICROCACHE,       COUNTER,   "perigee_microcache_requests_total",                           \
	  "Of these, the ones that nginx answered by itself, from a shelf or its micro-cache.")       \
	X(METHODS,          COUNTER,   "perigee_request_methods_total",                               \
	  "Requests to the APIs by method.")                                                          \
	X(PAGES,            COUNTER,   "perigee_pages_total",                                         \
	  "Requests for the gateway's own pages, which are not requests to an API.")                  \
	X(REQUEST_SECONDS,  HISTOGRAM, "perigee_request_duration_seconds",                            \
	  "How long workers took for requests to the APIs, waiting for upstream included, by result.")\
	X(STALE_AGE,        HISTOGRAM, "perigee_stale_age_seconds",                                   \
	  "Age of stale answers.")                                                                    \
	X(UPSTREAM,         COUNTER,   "perigee_upstream_requests_total",                             \
	  "Calls to upstream by class, and the status of the answer or why there was none.")          \
	X(UPSTREAM_SECONDS, HISTOGRAM, "perigee_upstream_duration_seconds",                           \
	  "How long calls to upstream took.")                                                         \
	X(QUOTA_LIMIT,      GAUGE,     "perigee_upstream_quota_limit",                                \
	  "Calls that upstream allows in a window; all hosts share them.")                            \
	X(QUOTA_WINDOW,     GAUGE,     "perigee_upstream_quota_window_seconds",                       \
	  "How long that window is.")                                                                 \
	X(QUOTA_REMAINING,  GAUGE,     "perigee_upstream_quota_remaining",                            \
	  "Calls that are left of it now.")                                                           \
	X(QUOTA_RESET,      GAUGE,     "perigee_upstream_quota_reset_seconds",                        \
	  "Seconds until the next call that is used up becomes free again; 0: none is used up.")      \
	X(COOLDOWN,         GAUGE,     "perigee_cooldown_seconds",                                    \
	  "Seconds until upstream, which has answered 429, may be asked again; 0: now.")              \
	X(BREAKER,          GAUGE,     "perigee_breaker_open",                                        \
	  "Workers of this host that ask nothing of this upstream, because it failed repeatedly.")    \
	X(ORIGIN_MODE,      GAUGE,     "perigee_origin_mode",                                         \
	  "1 for the mode in which upstream is asked: normal, avoid, or never; 0 for the others.")    \
	X(CACHE_ENTRIES,    GAUGE,     "perigee_cache_entries",                                       \
	  "What caches hold: entries in the workers' memory, composed answers, and keys of the "    \
	  "Redis database, all of them (DBSIZE).")                                                    \
	X(CACHE_BYTES,      GAUGE,     "perigee_cache_bytes",                                         \
	  "Memory that caches take; of Redis all that it uses (used_memory).")                        \
	X(CACHE_EVICTIONS,  COUNTER,   "perigee_cache_evictions_total",                               \
	  "What had to go for want of memory; in Redis since that was started (evicted_keys).")       \
	X(CACHE_LIMIT,      GAUGE,     "perigee_cache_limit_bytes",                                   \
	  "Memory that caches may take; 0: no limit (maxmemory of Redis).")                           \
	X(FILLS,            GAUGE,     "perigee_fills_in_flight",                                     \
	  "Calls to upstream that are under way.")                                                    \
	X(FILLS_QUEUED,     GAUGE,     "perigee_fills_queued",                                        \
	  "Fetches that wait: for the budget, for another worker's, for their turn.")                 \
	X(WAITERS,          GAUGE,     "perigee_waiters",                                             \
	  "Requests that wait for upstream.")                                                         \
	X(LOCK_WAITS,       COUNTER,   "perigee_lock_waits_total",                                    \
	  "Fetches that found another worker fetching the same, and waited for it.")                  \
	X(REDIS_UP,         GAUGE,     "perigee_redis_up",                                            \
	  "Did Redis answer just now? 1: yes.")                                                       \
	X(REDIS_ERRORS,     COUNTER,   "perigee_redis_errors_total",                                  \
	  "Commands, or groups of them, that Redis refused or did not answer in time.")               \
	X(REDIS_SECONDS,    HISTOGRAM, "perigee_redis_duration_seconds",                              \
	  "How long Redis took to answer a command or a group of them.")                              \
	X(UNREADABLE,       COUNTER,   "perigee_entry_unreadable_total",                              \
	  "Entries in Redis that were damaged or of another version, and fetched again.")             \
	X(WORKERS,          GAUGE,     "perigee_workers",                                             \
	  "Workers of this host that live.")                                                          \
	X(START_TIME,       GAUGE,     "perigee_start_time_seconds",                                  \
	  "When the one of them that was started last was started.")                                  \
	X(RELOAD_OK,        GAUGE,     "perigee_config_last_reload_successful",                       \
	  "Did all of them take the configuration when they last read it? 1: yes.")                   \
	X(RELOAD_TIME,      GAUGE,     "perigee_config_last_reload_success_timestamp_seconds",        \
	  "When the one with the oldest configuration read it.")                                      \
	X(BUILD_INFO,       GAUGE,     "perigee_build_info",                                          \
	  "1, with the version that answers this.")

/*   id                   family           label and value */
#define METRIC_SUMS(X)                                                                            \
	X(MICROCACHE,         MICROCACHE,      "", "")                                                \
	X(LOCK_WAITS,         LOCK_WAITS,      "", "")                                                \
	X(REDIS_ERRORS,       REDIS_ERRORS,    "", "")                                                \
	X(UNREADABLE,         UNREADABLE,      "", "")                                                \
	X(EVICTED_MEMORY,     CACHE_EVICTIONS, "cache", "memory")                                     \
	X(EVICTED_ANSWERS,    CACHE_EVICTIONS, "cache", "answers")

#define METRIC_GAUGES(X)                                                                          \
	X(MEMORY_ENTRIES,     CACHE_ENTRIES,   "cache", "memory")                                     \
	X(ANSWERS_ENTRIES,    CACHE_ENTRIES,   "cache", "answers")                                 \
	X(MEMORY_BYTES,       CACHE_BYTES,     "cache", "memory")                                     \
	X(ANSWERS_BYTES,      CACHE_BYTES,     "cache", "answers")                                 \
	X(MEMORY_LIMIT,       CACHE_LIMIT,     "cache", "memory")                                     \
	X(ANSWERS_LIMIT,      CACHE_LIMIT,     "cache", "answers")                                 \
	X(FILLS,              FILLS,           "", "")                                                \
	X(FILLS_QUEUED,       FILLS_QUEUED,    "", "")                                                \
	X(WAITERS,            WAITERS,         "", "")

/* Why a call to upstream was made. */
#define CALL_KINDS(X)                                                                             \
	X(DEMAND,      "demand")      /* somebody waits for it */                                     \
	X(BACKGROUND,  "background")  /* to have something fresh before it is asked for */            \
	X(CALIBRATION, "calibration") /* upstream's own count, which costs no call of the quota */

/*   id        what, bounds in microseconds */
#define METRIC_HISTOGRAMS(X)                                                                      \
	X(UPSTREAM_SECONDS, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,       \
	  20000000)                                                                                   \
	X(STALE_AGE, 10000000, 60000000, 300000000, 900000000, 3600000000, 14400000000, 43200000000,  \
	  86400000000, 259200000000, 604800000000, 2592000000000)                                     \
	X(REDIS_SECONDS, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,    \
	  500000, 1000000)

#define METRIC_REQUEST_BOUNDS                                                                     \
	25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000,         \
	1000000, 2500000, 5000000, 10000000, 15000000
/* clang-format on */

enum metric_family {
#define X(id, type, name, help) FAMILY_##id,
	METRIC_FAMILIES(X)
#undef X
		FAMILY_COUNT
};

enum metric_sum {
#define X(id, family, label, value) SUM_##id,
	METRIC_SUMS(X)
#undef X
		SUM_COUNT
};

enum metric_gauge {
#define X(id, family, label, value) GAUGE_##id,
	METRIC_GAUGES(X)
#undef X
		GAUGE_COUNT
};

enum metric_histogram {
#define X(id, ...) HISTOGRAM_##id,
	METRIC_HISTOGRAMS(X)
#undef X
		HISTOGRAM_COUNT
};

enum call_kind {
#define X(id, word) KIND_##id,
	CALL_KINDS(X)
#undef X
		KIND_COUNT
};

/* The results of requests to an API: all but the last, `local`. */
#define METRIC_RESULTS RESULT_LOCAL

/* Two series that are no route template's. */
#define SERIES_UNMATCHED 0 /* requests that match none */
#define SERIES_OTHER	 1 /* those of templates that came when all numbers were taken */

#define METRICS_SERIES	512
#define METRICS_BUDGETS 16
#define METRICS_WORKERS 64

/* How far a file has been read. */
struct metrics_cursor {
	counter file; /* its inode */
	counter offset;
};

#endif
