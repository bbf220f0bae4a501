#include "app/health.h"

#include "app/memory.h"
#include "app/metrics.h"
#include "app/respond.h"
#include "base/limits.h"

void health_live(const struct gateway *gw, struct store *store, struct exchange *x)
{
	(void)gw;
	(void)store;
	respond_page(x, 200, "text/plain", STR("ok\n"));
}

/* `{"ll2":true,"snapi":false}`: is it asked, or did call after call fail? Names of budgets have
 * nothing that JSON escapes (api/table.c). */
static void put_upstreams(struct buf *b, const struct metrics *m, const struct catalog *c)
{
	buf_put_char(b, '{');
	for (size_t i = 0; i < c->apis_n; i++) {
		if (!api_is_first_of_budget(&c->apis[i]))
			continue;
		buf_putf(b, "%s\"%.*s\":%s", i ? "," : "", STR_ARG(c->apis[i].budget),
			 metrics_breaker_is_open(m, c->apis[i].budget) ? "false" : "true");
	}
	buf_put_char(b, '}');
}

void health_ready(const struct gateway *gw, struct store *store, struct exchange *x)
{
	struct memory_stats memory = memory_stats(gw->memory);
	struct buf body = buf_init(LIMIT_REQUEST_BYTES);
	bool draining = atomic_load(&gw->first->stopping);
	bool redis = store->ping(store);
	bool ready = !draining && (redis || memory.entries);

	buf_putf(&body, "{\"ready\":%s,\"draining\":%s,\"redis\":%s,\"upstream\":",
		 ready ? "true" : "false", draining ? "true" : "false", redis ? "true" : "false");
	put_upstreams(&body, gw->metrics, x->catalog);
	buf_putf(&body, ",\"memory\":{\"entries\":%zu,\"bytes\":%zu}}\n", memory.entries,
		 memory.bytes);
	x->body.failed |= body.failed;
	respond_page(x, ready ? 200 : 503, "application/json", buf_str(&body));
	buf_release(&body);
}
