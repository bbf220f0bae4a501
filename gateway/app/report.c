#include "app/report.h"

#include "app/metrics.h"
#include "io/log.h"

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

/* Only what was understood is logged: anything else may hold anything, keys included. */
static void log_request(const struct gateway *gw, const struct exchange *x)
{
	const struct clock *clock = gw->clock;

	if (!CONFIG_NUMBER(gw->config, log, requests))
		return;
	log_line(LOG_INFO, "request",
		 "id=%.*s method=%.*s status=%d result=%s ms=%lld bytes=%zu target=%.*s",
		 STR_ARG(x->request.id), (int)(x->request.method.n < 16 ? x->request.method.n : 16),
		 x->request.method.p ? x->request.method.p : "", x->status, result_word(x->result),
		 (long long)(clock->mono(clock).ms - x->arrived.ms), x->body.n,
		 STR_ARG(x->canon.target));
}

void report(const struct gateway *gw, const struct exchange *x)
{
	count(gw, x);
	log_request(gw, x);
}
