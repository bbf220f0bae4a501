#include "app/permit.h"

#include "app/usage.h"
#include "policy/breaker.h"

#include <stdlib.h>

/* What this worker knows of a budget: of its upstream, and of each identity's share. */
struct account {
	struct account *next;
	struct str budget; /* owned */
	struct breaker breaker;
	struct purse *purses; /* in the order of the identities */
	size_t purses_n;
};

struct permits {
	struct permit_options options;
	struct till till;
	struct account *accounts;
};

struct permits *permits_new(const struct permit_options *options, const struct clock *clock,
			    struct store *store)
{
	struct permits *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->options = *options;
	p->till = (struct till){ .options = &p->options, .clock = clock, .store = store };
	return p;
}

static void free_account(struct account *a)
{
	while (a->purses) {
		struct purse *purse = a->purses;

		a->purses = purse->next;
		purse_free(purse);
	}
	free((char *)a->budget.p);
	free(a);
}

void permits_free(struct permits *p)
{
	while (p && p->accounts) {
		struct account *a = p->accounts;

		p->accounts = a->next;
		free_account(a);
	}
	free(p);
}

const struct identities *permits_identities(const struct permits *p, const struct api *api)
{
	return usage_identities(p->options.identities, api);
}

static bool add_purses(struct account *a, const struct api *api, const struct identities *ids)
{
	struct purse **last = &a->purses;

	for (size_t i = 0; i < ids->n; i++) {
		*last = purse_new(api, &ids->list[i]);
		if (!*last)
			return false;
		last = &(*last)->next;
		a->purses_n++;
	}
	return true;
}

static struct account *add_account(struct permits *p, const struct api *api)
{
	struct account *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->budget = (struct str){ strndup(api->budget.p, api->budget.n), api->budget.n };
	if (!a->budget.p || !add_purses(a, api, permits_identities(p, api))) {
		free_account(a);
		return NULL;
	}
	a->next = p->accounts;
	p->accounts = a;
	return a;
}

/* NULL without memory. */
static struct account *account_of(struct permits *p, const struct api *api)
{
	struct account *a = p->accounts;

	while (a && !str_eq(a->budget, api->budget))
		a = a->next;
	return a ? a : add_account(p, api);
}

/* Of the identity that the call is made as; NULL: the first one. */
static struct purse *purse_of(struct permits *p, const struct want *want)
{
	struct account *a = account_of(p, want->api);
	struct purse *purse = a ? a->purses : NULL;

	while (purse && want->as && purse->as != want->as)
		purse = purse->next;
	return purse;
}

static struct mono now(const struct permits *p)
{
	return p->till.clock->mono(p->till.clock);
}

/* ---- the breaker ---- */

static bool is_open(const struct permits *p, const struct account *a, int64_t *ret_wait_ms,
		    struct fail *reterr)
{
	*ret_wait_ms = breaker_wait_ms(&a->breaker, now(p));
	if (!*ret_wait_ms)
		return false;
	fail_set(reterr, FAULT_UPSTREAM_DOWN, "Upstream has not answered for a while.");
	reterr->retry_after_s = (int)((*ret_wait_ms + 999) / 1000);
	return true;
}

void permits_note(struct permits *p, const struct api *api, bool answered)
{
	struct account *a = account_of(p, api);

	if (a)
		breaker_note(&a->breaker, answered, now(p));
}

void permits_tell(const struct permits *p, struct metrics *m)
{
	for (const struct account *a = p->accounts; a; a = a->next)
		metrics_breaker(m, a->budget, a->breaker.failures >= BREAKER_FAILURES);
}

/* ---- which identity ---- */

/* One that was asked, and what it said. */
struct response {
	struct purse *purse; /* NULL: there is none */
	int64_t wait_ms;
	struct fail fail;
};

/* Of those that were not asked yet the one with most calls left, the first of equals. */
static struct purse *richest(const struct account *a, const bool asked[static IDENTITIES_MAX],
			     size_t *ret_i)
{
	struct purse *best = NULL;
	size_t i = 0;

	for (struct purse *purse = a->purses; purse; purse = purse->next, i++) {
		if (asked[i] || (best && purse->left <= best->left))
			continue;
		best = purse;
		*ret_i = i;
	}
	return best;
}

/*
 * Asks one after the other until one grants the call. Otherwise one that could
 * after a comparison; else the refusal that is over first; else, if upstream has
 * told none of them its count, the one that was asked first.
 */
static enum verdict ask_each(struct permits *p, struct account *a, struct want *want,
			     struct ticket *ticket, struct response *ret)
{
	struct response refused = { .purse = NULL };
	struct response uncompared = { .purse = NULL };
	struct response untold = { .purse = NULL };
	bool asked[IDENTITIES_MAX] = { false };
	size_t i = 0;

	while ((ret->purse = richest(a, asked, &i))) {
		enum verdict verdict;
		struct response *of;

		asked[i] = true;
		ticket->budget = ret->purse->budget;
		verdict = purse_ask_for_call(&p->till, ret->purse, want->api, ticket, &ret->wait_ms,
					     &ret->fail);
		if (verdict == VERDICT_GRANTED || verdict == VERDICT_ELSEWHERE)
			return verdict;
		of = verdict != VERDICT_UNCALIBRATED	     ? &refused
		     : purse_untold_ms(&p->till, ret->purse) ? &untold
							     : &uncompared;
		if (!of->purse || (of == &refused && ret->wait_ms < of->wait_ms))
			*of = *ret;
	}
	*ret = uncompared.purse ? uncompared : refused.purse ? refused : untold;
	return ret->purse == refused.purse ? VERDICT_REFUSED : VERDICT_UNCALIBRATED;
}

/* ---- asking ---- */

static enum verdict ask(struct permits *p, struct account *a, struct want *want,
			struct ticket *ticket, struct response *ret)
{
	if (want->endpoint->kind != ENDPOINT_THROTTLE)
		return ask_each(p, a, want, ticket, ret);
	ret->purse = purse_of(p, want);
	if (!ret->purse)
		return VERDICT_REFUSED;
	ticket->budget = ret->purse->budget;
	return purse_ask_for_count(&p->till, ret->purse, ticket, &ret->wait_ms, &ret->fail);
}

enum verdict permits_ask(struct permits *p, struct want *want, struct ticket *ticket,
			 int64_t *ret_wait_ms, struct fail *reterr)
{
	struct account *a = account_of(p, want->api);
	struct response said = { .fail = *reterr };
	enum verdict verdict;

	if (!a) {
		*ret_wait_ms = 0;
		fail_set(reterr, FAULT_INTERNAL, "There is no memory left.");
		return VERDICT_REFUSED;
	}
	if (is_open(p, a, ret_wait_ms, reterr))
		return VERDICT_REFUSED;
	verdict = ask(p, a, want, ticket, &said);
	*ret_wait_ms = said.wait_ms;
	*reterr = said.fail;
	/* There is one identity at least. */
	if (!said.purse) {
		fail_set(reterr, FAULT_INTERNAL, "Nobody can call this upstream.");
		return VERDICT_REFUSED;
	}
	want->as = said.purse->as;
	ticket->budget = said.purse->budget;
	if (verdict == VERDICT_GRANTED && want->endpoint->kind != ENDPOINT_THROTTLE)
		breaker_begin(&a->breaker, now(p), p->options.call_ms);
	return verdict;
}

void permits_configure(struct permits *p, const struct permit_options *options)
{
	p->options = *options;
}

void permits_told(struct permits *p, const struct want *want, const struct count *count)
{
	struct purse *purse = purse_of(p, want);

	if (purse)
		purse_told(&p->till, purse, want->api, count);
}

void permits_untold(struct permits *p, const struct want *want)
{
	struct purse *purse = purse_of(p, want);

	if (purse)
		purse_untold(&p->till, purse, want->api);
}

bool permits_must_compare(struct permits *p, const struct want *want)
{
	const struct purse *purse = purse_of(p, want);

	return purse && purse->anew;
}
