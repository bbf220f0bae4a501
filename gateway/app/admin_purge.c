/*
 * POST /admin/purge: what an operator knows to be out of date, on all hosts.
 *
 * By URL it is all that the answer to that URL would be made of, found by looking it up
 * as for a client, again and again without what was found before, until nothing is found.
 * By endpoint, object or everything, all entries in Redis are looked through.
 */

#include "app/admin_call.h"
#include "app/lookup.h"
#include "app/memory.h"
#include "api/window.h"
#include "base/limits.h"
#include "io/purges.h"
#include "io/scan.h"
#include "io/store.h"

/* Entries that one URL's answer can be made of: heads, windows, their stand-ins. */
#define TARGETS_MAX 64

/* Of those that are found by scanning, so many are purged at a time. */
#define BATCH 128

/* Targets are shorter than what upstream is asked may be (base/limits.h). */
#define ENTRY_TARGET_BYTES ((size_t)LIMIT_TARGET_BYTES * 4)

/* The work in hand. */
struct job {
	struct admin_call *call;
	enum purge_mode mode;
	struct wall begun;
	uint64_t entries; /* that were purged */
	int64_t workers;  /* that were told */
};

static bool begin(const struct job *j, const struct purge *p)
{
	return purges_begin(j->call->redis, j->call->prefix, p) || admin_store_down(j->call);
}

static bool apply(struct job *j, const struct str *targets, size_t n)
{
	return purges_apply(j->call->redis, j->call->prefix, j->mode, targets, n, j->begun,
			    &j->entries) ||
	       admin_store_down(j->call);
}

/* This one is told too, but goes by it when it says that it is done, and not a moment later. */
static bool tell_workers(struct job *j, const struct purge *p)
{
	char text[STORE_CHANNEL_BYTES];
	struct str channel = store_channel(j->call->prefix, text);

	memory_purge(j->call->gw->memory, p);
	return purges_tell(j->call->redis, j->call->prefix, channel, p, &j->workers) ||
	       admin_store_down(j->call);
}

/* What is known of it at the end. */
static bool report(struct job *j, const struct purge *p, json_t *more)
{
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(purge_mode_words[p->mode]));
	json_object_set_new(o, "scope", json_string(purge_scope_words[p->scope]));
	if (p->what.n)
		json_object_set_new(o, "what", admin_text(p->what));
	json_object_update_new(o, more);
	json_object_set_new(o, "entries", json_integer((json_int_t)j->entries));
	json_object_set_new(o, "workers", json_integer(j->workers));
	j->call->answer = o;
	return true;
}

/* ---- by URL ---- */

/* A store in which what is to be purged is not there any more. */
struct sieved_store {
	struct store store; /* first, so that one is the other */
	struct store *real;
	struct str targets[TARGETS_MAX];
	size_t n;
};

static bool is_sieved(const struct sieved_store *s, struct str target)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->targets[i], target))
			return true;
	return false;
}

static enum load sieved_load(struct store *store, struct str target, struct entry **ret)
{
	struct sieved_store *s = (struct sieved_store *)store;

	return is_sieved(s, target) ? LOAD_ABSENT : s->real->load(s->real, target, ret);
}

static void sieve_out(struct sieved_store *s, struct str target, struct arena *a)
{
	if (target.n && s->n < TARGETS_MAX && !is_sieved(s, target)) {
		struct str copy = arena_dup(a, target);

		if (copy.p)
			s->targets[s->n++] = copy;
	}
}

/* One look: was there anything to answer with? */
static bool look_once(const struct gateway *gw, struct sieved_store *s, const struct exchange *x,
		      bool *ret_found, struct fail *reterr)
{
	struct lookup found;
	bool good = look_up(gw, &s->store, x, &found, reterr);

	*ret_found = false;
	for (size_t i = 0; good && i < LOOKUP_ENTRIES; i++) {
		if (found.entries[i])
			sieve_out(s, found.entries[i]->target, x->arena);
		sieve_out(s, found.wants[i].target, x->arena);
		*ret_found |= found.entries[i] != NULL;
	}
	if (good && found.broken)
		good = fail(reterr, FAULT_STORE_DOWN, "Redis does not answer.");
	lookup_release(&found);
	return good;
}

/* What other workers may remember of a list, though Redis has it no more. */
static void sieve_out_windows(struct sieved_store *s, const struct canon *c, struct arena *a)
{
	int64_t first = window_start(c->offset, c->endpoint->window);
	int64_t last = window_start(c->offset + c->limit - 1, c->endpoint->window);

	if (c->is_object || c->bounds.n)
		return;
	if (c->head)
		sieve_out(s, canon_page_target(c, &c->filter, c->head, 0, a), a);
	sieve_out(s, canon_page_target(c, &c->filter, c->endpoint->window, first, a), a);
	sieve_out(s, canon_page_target(c, &c->filter, c->endpoint->window, last, a), a);
}

static bool find_targets(struct admin_call *call, const struct canon *c, struct sieved_store *s)
{
	/* As for a client, but for the memory: what is remembered here says nothing of others. */
	struct gateway gw = { .config = call->gw->config,
			      .catalog = call->gw->catalog,
			      .canon = call->gw->canon,
			      .time_step_us = call->gw->time_step_us,
			      .clock = call->gw->clock,
			      .memory = memory_new(0) };
	const struct exchange x = { .arena = call->arena, .routed = true, .canon = *c };
	bool found = true;
	bool good = true;

	if (!gw.memory)
		return fail(&call->refusal.fail, FAULT_INTERNAL, "There is no memory left.");
	while (good && found && s->n < TARGETS_MAX)
		good = look_once(&gw, s, &x, &found, &call->refusal.fail);
	sieve_out_windows(s, c, call->arena);
	memory_free(gw.memory);
	return good;
}

static struct purge purge_of_target(const struct job *j, struct str target)
{
	return (struct purge){ j->mode, PURGE_TARGET, target };
}

static bool purge_url(struct job *j, struct str url)
{
	struct admin_call *call = j->call;
	struct sieved_store s = { .store = { .load = sieved_load }, .real = call->store };
	json_t *targets = json_array();
	struct purge whole = { j->mode, PURGE_TARGET, { NULL, 0 } };
	struct canon c;
	bool good = admin_canon(call, url, &c) && find_targets(call, &c, &s);

	for (size_t i = 0; good && i < s.n; i++) {
		const struct purge p = purge_of_target(j, s.targets[i]);

		good = begin(j, &p);
		json_array_append_new(targets, admin_text(s.targets[i]));
	}
	good = good && apply(j, s.targets, s.n);
	for (size_t i = 0; good && i < s.n; i++) {
		const struct purge p = purge_of_target(j, s.targets[i]);

		good = tell_workers(j, &p);
	}
	if (!good) {
		json_decref(targets);
		return false;
	}
	whole.what = c.target;
	return report(j, &whole, json_pack("{s:o}", "targets", targets));
}

/* ---- by scanning ---- */

struct sweep {
	struct job *job;
	const struct purge *purge;
	struct scan scan;
	struct buf text; /* of the batch's targets */
	size_t ends[BATCH];
	size_t n;
	bool good;
};

static void purge_batch(struct sweep *w)
{
	struct str targets[BATCH];
	size_t from = 0;

	for (size_t i = 0; i < w->n; i++) {
		targets[i] = str_slice(buf_str(&w->text), from, w->ends[i]);
		from = w->ends[i];
	}
	if (w->text.failed)
		w->good = fail(&w->job->call->refusal.fail, FAULT_INTERNAL,
			       "There is no memory left.");
	w->good = w->good && apply(w->job, targets, w->n);
	w->n = 0;
	buf_clear(&w->text);
}

static void visit(void *ctx, struct str target, struct str ids)
{
	struct sweep *w = ctx;

	/* No entry has so long a name, whoever wrote that. */
	if (target.n > ENTRY_TARGET_BYTES || !purge_hits(w->purge, target, ids))
		return;
	buf_put(&w->text, target);
	w->ends[w->n++] = w->text.n;
	if (w->n == BATCH)
		purge_batch(w);
}

static bool sweep_step(struct sweep *w)
{
	struct admin_call *call = w->job->call;

	if (atomic_load(call->stopping))
		return fail(&call->refusal.fail, FAULT_STOPPING, "The worker is shutting down.");
	if (!scan_step(&w->scan, call->redis))
		return admin_store_down(call);
	if (w->n)
		purge_batch(w);
	call->tell(call, json_pack("{s:I,s:I}", "scanned", (json_int_t)w->scan.visited, "entries",
				   (json_int_t)w->job->entries));
	return w->good;
}

static bool sweep(struct job *j, const struct purge *p)
{
	struct buf begin_text = buf_init(STORE_CHANNEL_BYTES);
	struct sweep w = { .job = j,
			   .purge = p,
			   .text = buf_init((size_t)BATCH * ENTRY_TARGET_BYTES),
			   .good = begin(j, p) };

	buf_put(&begin_text, j->call->prefix);
	buf_put_char(&begin_text, ':');
	w.scan = (struct scan){ .begin = buf_str(&begin_text),
				.rest = STR("/"),
				.field = p->scope == PURGE_OBJECT ? "ids" : NULL,
				.visit = visit,
				.ctx = &w };
	while (w.good && !w.scan.done)
		w.good = sweep_step(&w);
	buf_release(&w.text);
	buf_release(&begin_text);
	return w.good && tell_workers(j, p) &&
	       report(j, p, json_pack("{s:I}", "scanned", (json_int_t)w.scan.visited));
}

static bool purge_endpoint(struct job *j, struct str url)
{
	struct purge p = { j->mode, PURGE_ENDPOINT, { NULL, 0 } };
	struct canon c;

	if (!admin_canon(j->call, url, &c))
		return false;
	if (c.is_object && c.endpoint->kind != ENDPOINT_SINGLE)
		return fail(&j->call->refusal.fail, FAULT_PARAMETERS,
			    "endpoint: that is an object; give its endpoint, or purge by object.");
	p.what = c.path;
	return sweep(j, &p);
}

static bool purge_object(struct job *j, struct str url)
{
	struct purge p = { j->mode, PURGE_OBJECT, { NULL, 0 } };
	struct canon c;

	if (!admin_canon(j->call, url, &c))
		return false;
	if (!c.is_object || c.endpoint->kind == ENDPOINT_SINGLE)
		return fail(&j->call->refusal.fail, FAULT_PARAMETERS,
			    "object: the address of one object is needed, such as "
			    "/2.3.0/spacecraft/430/.");
	p.what = c.path;
	return sweep(j, &p);
}

static bool purge_everything(struct job *j, struct str value)
{
	const struct purge p = { j->mode, PURGE_ALL, { NULL, 0 } };

	if (!str_eq(value, STR("yes")))
		return fail(&j->call->refusal.fail, FAULT_PARAMETERS, "everything: only yes.");
	return sweep(j, &p);
}

/* ---- the route ---- */

static bool read_mode(struct job *j)
{
	struct str word = admin_param(j->call, "mode");

	for (size_t i = 0; i < PURGE_MODES; i++) {
		if (str_eq(word, str_from(purge_mode_words[i]))) {
			j->mode = (enum purge_mode)i;
			return true;
		}
	}
	return !word.n ||
	       fail(&j->call->refusal.fail, FAULT_PARAMETERS, "mode: invalidate or delete.");
}

bool admin_purge(struct admin_call *call)
{
	static const struct {
		const char *param;
		bool (*purge)(struct job *, struct str);
	} ways[] = {
		{ "url", purge_url },
		{ "endpoint", purge_endpoint },
		{ "object", purge_object },
		{ "everything", purge_everything },
	};
	struct job j = { .call = call,
			 .mode = PURGE_INVALIDATE,
			 .begun = call->gw->clock->wall(call->gw->clock) };
	size_t way = 0;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (admin_param(call, ways[i].param).n) {
			way = i;
			n++;
		}
	}
	if (n != 1)
		return fail(&call->refusal.fail, FAULT_PARAMETERS,
			    "One of url, endpoint, object and everything is needed.");
	return read_mode(&j) && ways[way].purge(&j, admin_param(call, ways[way].param));
}
