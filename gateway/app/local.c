#include "app/local.h"

#include "app/respond.h"

#include <stdio.h>

static void healthz(const struct gateway *gw, struct store *store, struct exchange *x)
{
	(void)gw;
	(void)store;
	respond_page(x, 200, "text/plain", STR("ok\n"));
}

static void readyz(const struct gateway *gw, struct store *store, struct exchange *x)
{
	bool redis = store->ping(store);
	bool ready = redis && !atomic_load(&gw->stopping);
	char body[64];
	int n = snprintf(body, sizeof(body), "{\"ready\":%s,\"redis\":%s}\n",
			 ready ? "true" : "false", redis ? "true" : "false");

	respond_page(x, ready ? 200 : 503, "application/json", (struct str){ body, (size_t)n });
}

bool local_answer(const struct gateway *gw, struct store *store, struct exchange *x)
{
	static const struct {
		struct str path;
		void (*answer)(const struct gateway *, struct store *, struct exchange *);
	} pages[] = {
		{ STR("/healthz"), healthz },
		{ STR("/readyz"), readyz },
	};
	struct str query = x->request.target;
	struct str path = str_cut(&query, '?');

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (str_eq(path, pages[i].path)) {
			pages[i].answer(gw, store, x);
			return true;
		}
	}
	return false;
}
