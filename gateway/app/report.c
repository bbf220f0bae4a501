#include "app/report.h"

#include "app/metrics.h"
#include "base/hash.h"
#include "io/log.h"

#include <stdio.h>

static void count(const struct gateway *gw, const struct exchange *x)
{
	if (x->page) {
		metrics_page(gw->metrics, x->page);
		return;
	}
	metrics_request(gw->metrics, x->series, x->result, request_method(&x->request),
			gw->clock->us(gw->clock) - x->arrived_us);
	if (x->result == RESULT_STALE)
		metrics_stale(gw->metrics, x->age_s);
}

/* The same for the same client, and not to be told from another one of the same hash without the
 * salt. */
static void put_client(struct record *r, const struct gateway *gw, struct str address)
{
	struct {
		uint64_t salt;
		char address[64];
	} salted = { .salt = metrics_salt(gw->metrics) };

	switch ((enum log_client)CONFIG_NUMBER(gw->config, log, client)) {
	case LOG_CLIENT_NO:
		break;
	case LOG_CLIENT_ADDRESS:
		record_putf(r, "client=%.*s", STR_ARG(address));
		break;
	case LOG_CLIENT_HASH:
		snprintf(salted.address, sizeof(salted.address), "%.*s", STR_ARG(address));
		record_putf(r, "client=%016llx",
			    (unsigned long long)hash64(
				    (struct str){ (const char *)&salted, sizeof(salted) }));
		break;
	}
}

bool report_has_line(const struct gateway *gw, const struct exchange *x)
{
	switch ((enum log_requests)CONFIG_NUMBER(gw->config, log, requests)) {
	case LOG_REQUESTS_NO:
		break;
	case LOG_REQUESTS_MISSES:
		return x->result != RESULT_HIT;
	case LOG_REQUESTS_YES:
		return true;
	}
	return false;
}

/* Only what was understood is logged: anything else may hold anything, keys included. */
static void log_request(const struct gateway *gw, const struct exchange *x)
{
	struct record r;
	struct str pieces[EXCHANGE_PIECES];
	long long us = gw->clock->us(gw->clock) - x->arrived_us;

	if (!report_has_line(gw, x) || !log_begin(&r, LOG_INFO, "request"))
		return;
	exchange_pieces(x, pieces);
	record_putf(&r, "method=%.*s status=%d result=%s",
		    (int)(x->request.method.n < 16 ? x->request.method.n : 16),
		    x->request.method.p ? x->request.method.p : "", x->status,
		    result_word(x->result));
	if (!x->page)
		record_putf(&r, "endpoint=%.*s",
			    STR_ARG(metrics_series_name(gw->metrics, x->series)));
	if (x->canon.target.n)
		record_putf(&r, "target=%.*s", STR_ARG(x->canon.target));
	if (x->age_s >= 0)
		record_putf(&r, "age_s=%lld", (long long)x->age_s);
	if (x->upstream_ms >= 0)
		record_putf(&r, "upstream_ms=%lld", (long long)x->upstream_ms);
	record_putf(&r, "ms=%lld.%03lld bytes=%zu", us / 1000, us % 1000, pieces[2].n);
	put_client(&r, gw, x->address);
	log_end(&r, LOG_INFO, "request");
}

void report(const struct gateway *gw, const struct exchange *x)
{
	count(gw, x);
	log_request(gw, x);
}
