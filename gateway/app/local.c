#include "app/local.h"

#include "api/openapi.h"
#include "app/health.h"
#include "app/refuse.h"
#include "app/respond.h"
#include "app/usage.h"
#include "app/scrape.h"
#include "app/status.h"
#include "base/limits.h"

#include <stdio.h>

/* What clients would else ask upstream is a request to the API, and a hit. */
static void answer_for_upstream(struct exchange *x, struct str body)
{
	respond_page(x, 200, "application/json", body);
	if (x->status == 200)
		x->result = RESULT_HIT;
}

/* `{"agencies": "https://.../2.3.0/agencies/", ...}`, as DRF's DefaultRouter has it. */
static void api_root(const struct gateway *gw, const struct api *api, struct exchange *x)
{
	struct str base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host);
	struct buf body = buf_init(LIMIT_REQUEST_BYTES);

	buf_put_char(&body, '{');
	for (size_t i = 0; i < api->endpoints_n; i++) {
		buf_put(&body, i ? STR(",\"") : STR("\""));
		buf_put(&body, api->endpoints[i].name);
		buf_put(&body, STR("\":\""));
		buf_put(&body, base);
		buf_put(&body, api->root);
		buf_put(&body, api->endpoints[i].name);
		buf_put(&body, STR("/\""));
	}
	buf_put_char(&body, '}');
	answer_for_upstream(x, buf_str(&body));
	buf_release(&body);
	x->series = api->series;
}

void local_throttle(const struct gateway *gw, struct store *store, struct exchange *x)
{
	const struct api *api = x->canon.api;
	struct count count;
	struct fail failure;
	char body[256];
	int n;

	if (!usage_of_all(store, gw->identities, api, &count)) {
		fail_set(&failure, FAULT_STORE_DOWN, "The shared budget cannot be asked.");
		refuse(x, &failure);
		return;
	}
	n = snprintf(body, sizeof(body),
		     "{\"your_request_limit\":%u,\"limit_frequency_secs\":%lld,"
		     "\"current_use\":%u,\"next_use_secs\":%lld,\"ident\":\"perigee\"}",
		     (unsigned int)count.quota.calls, (long long)(count.quota.window_ms / 1000),
		     (unsigned int)count.used, (long long)((count.wait_ms + 999) / 1000));
	answer_for_upstream(x, (struct str){ body, (size_t)n });
}

static void openapi(const struct gateway *gw, struct store *store, struct exchange *x)
{
	struct str base = bases_pick(&gw->bases, x->request.forwarded_host, x->request.host);

	(void)store;
	x->canon.target = STR("/openapi.json");
	openapi_put(&x->body, x->catalog, base);
	respond_document(gw, x);
}

bool local_answer(const struct gateway *gw, struct store *store, struct exchange *x)
{
	static const struct {
		struct str path;
		enum page page;
		void (*answer)(const struct gateway *, struct store *, struct exchange *);
	} pages[] = {
		{ STR("/healthz"), PAGE_HEALTHZ, health_live },
		{ STR("/readyz"), PAGE_READYZ, health_ready },
		{ STR("/metrics"), PAGE_METRICS, scrape_answer },
		{ STR("/openapi.json"), PAGE_OPENAPI, openapi },
		{ STR("/status/"), PAGE_STATUS, status_page },
		{ STR("/status/state.json"), PAGE_STATUS, status_state },
		{ STR("/status/status.css"), PAGE_STATUS, status_style },
		{ STR("/status/status.js"), PAGE_STATUS, status_script },
		{ STR("/status/icon.svg"), PAGE_STATUS, status_icon },
	};
	struct str query = x->request.target;
	struct str path = str_cut(&query, '?');

	const struct api *api = canon_root(x->catalog, x->request.target);

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (str_eq(path, pages[i].path)) {
			x->page = pages[i].page;
			pages[i].answer(gw, store, x);
			return true;
		}
	}
	if (api)
		api_root(gw, api, x);
	return api != NULL;
}
