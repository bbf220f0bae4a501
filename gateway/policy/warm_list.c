#include "policy/warm_list.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct lines {
	struct warm_list *list;
	const struct catalog *catalog;
	const struct canon_options *options;
	struct arena *scratch; /* of one line */
	warm_report *report;
	void *ctx;
	int line;
	bool good;
};

static void complain(struct lines *r, const char *what)
{
	r->report(r->ctx, r->line, what);
	r->good = false;
}

/* What a client would be told: the first of the faults. */
static void complain_of(struct lines *r, const struct refusal *refusal)
{
	char what[256];

	if (refusal->faults_n)
		snprintf(what, sizeof(what), "%.*s: %s", STR_ARG(refusal->faults[0].name),
			 refusal->faults[0].reason);
	else
		snprintf(what, sizeof(what), "%s", refusal->fail.text);
	complain(r, what);
}

static bool is_listed(const struct warm_list *list, struct str target)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->targets[i], target))
			return true;
	return false;
}

static void read_target(struct lines *r, struct str target)
{
	struct refusal refusal = { .faults_n = 0 };
	struct warm_list *list = r->list;
	struct canon c;

	arena_reset(r->scratch);
	if (!canon_request(r->catalog, r->options, target, r->scratch, &c, &refusal)) {
		complain_of(r, &refusal);
		return;
	}
	if (c.endpoint->kind == ENDPOINT_THROTTLE) {
		complain(r, "it is the gateway that answers this");
		return;
	}
	if (is_listed(list, c.target))
		return;
	if (list->n == WARM_LINES_MAX) {
		complain(r, "there are too many lines");
		return;
	}
	list->targets[list->n] = arena_dup(list->memory, c.target);
	if (list->targets[list->n].p)
		list->n++;
	else
		complain(r, "there is no memory left");
}

static void read_line(struct lines *r, struct str line)
{
	struct str target = str_trim(line);

	r->line++;
	if (target.n && target.p[0] != '#')
		read_target(r, target);
}

static struct warm_list *new_list(void)
{
	struct warm_list *list = calloc(1, sizeof(*list));

	if (!list)
		return NULL;
	list->memory = arena_new(WARM_LINES_MAX * (LIMIT_TARGET_BYTES + sizeof(struct str)));
	list->targets =
		list->memory ? arena_array(list->memory, WARM_LINES_MAX, sizeof(struct str)) : NULL;
	if (list->targets)
		return list;
	warm_list_free(list);
	return NULL;
}

struct warm_list *warm_list_read(struct str text, const struct catalog *catalog,
				 const struct canon_options *options, warm_report *report,
				 void *ctx)
{
	struct lines r = { .list = new_list(),
			   .catalog = catalog,
			   .options = options,
			   .scratch = arena_new(LIMIT_REQUEST_BYTES),
			   .report = report,
			   .ctx = ctx,
			   .good = true };

	if (!r.list || !r.scratch)
		complain(&r, "there is no memory left");
	while (r.list && r.scratch && text.n)
		read_line(&r, str_cut(&text, '\n'));
	arena_free(r.scratch);
	if (r.good)
		return r.list;
	warm_list_free(r.list);
	return NULL;
}

void warm_list_free(struct warm_list *list)
{
	if (!list)
		return;
	arena_free(list->memory);
	free(list);
}
