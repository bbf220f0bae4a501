#include "app/purse.h"

#include "app/usage.h"

#include <stdlib.h>

/* What upstream told a moment ago is believed for so long, and asked for no sooner. */
#define TOLD_MS 10000

/* A call is made only if the budget was compared in the last window / 60: a minute of an hour. */
#define COMPARED_SHARE 60

/* But for so long one that was just told may call, however long it took. */
#define JUST_TOLD_MS 1000

/* Where upstream's count cannot be had, calls are made without, for so much of a window. */
#define UNTOLD_SHARE 6

struct purse *purse_new(const struct api *api, const struct identity *as)
{
	struct purse *a = calloc(1, sizeof(*a));
	char text[USAGE_NAME_BYTES];
	struct str name = usage_name(api, as, text);

	if (!a)
		return NULL;
	a->budget = (struct str){ strndup(name.p, name.n), name.n };
	if (!a->budget.p) {
		free(a);
		return NULL;
	}
	a->as = as;
	a->left = UINT32_MAX;
	/* What was called before this worker began is for upstream to say. */
	a->anew = true;
	return a;
}

void purse_free(struct purse *a)
{
	free((char *)a->budget.p);
	free(a);
}

static struct mono now(const struct till *p)
{
	return p->clock->mono(p->clock);
}

static uint32_t percent(uint32_t calls, uint32_t of_100)
{
	return (uint32_t)((uint64_t)calls * of_100 / 100);
}

/* ---- without the store ---- */

static enum verdict refuse(struct fail *reterr, int64_t wait_ms, int64_t *ret_wait_ms)
{
	fail_set(reterr, FAULT_STORE_DOWN, "The shared budget cannot be asked.");
	reterr->retry_after_s = wait_ms > 1000 ? (int)((wait_ms + 999) / 1000) : 1;
	*ret_wait_ms = wait_ms;
	return VERDICT_REFUSED;
}

/* Does upstream tell how many of the api's calls it has counted? */
static bool is_counted(const struct api *api)
{
	const struct endpoint *throttle;

	return api_throttle(api, &throttle) != NULL;
}

/* How long until the own share of so many calls grants one. */
static int64_t share_wait_ms(const struct till *p, const struct purse *a, size_t share,
			     int64_t window_ms)
{
	struct mono oldest;

	if (a->calls_n < share)
		return 0;
	oldest = a->calls[(a->calls_n - share) % PURSE_CALLS];
	return oldest.ms + window_ms - now(p).ms;
}

/* What is configured for this identity, or what the table says. */
static struct quota configured(const struct purse *a, const struct api *api)
{
	return a->as->quota.calls ? a->as->quota : api->quota;
}

/* What upstream told, or that. */
static struct quota quota_of(const struct purse *a, const struct api *api)
{
	return a->is_told ? a->told.quota : configured(a, api);
}

/* Has upstream been asked for its count since the store went away, and not long ago? */
static int64_t asked_for_ms(const struct till *p, const struct purse *a)
{
	if (!a->asked.ms || a->asked.ms < a->away_since.ms)
		return 0;
	return a->asked.ms + TOLD_MS - now(p).ms;
}

/* And has it told? What it told before is not what was asked for. */
static int64_t told_for_ms(const struct till *p, const struct purse *a)
{
	return a->told_at.ms < a->asked.ms ? 0 : asked_for_ms(p, a);
}

/* Nobody knows how many other workers are about to do the same: half of the quota is theirs. */
static bool is_half_free(const struct purse *a, struct quota quota)
{
	return a->is_told &&
	       2 * ((uint64_t)a->told.used + a->since_told + 1) <= (uint64_t)quota.calls + 1;
}

/* How long until upstream's count, or its silence for a whole window, allows a call. Below 0: it
 * must be asked first. */
static int64_t count_wait_ms(const struct till *p, const struct purse *a, const struct api *api,
			     struct quota quota)
{
	int64_t told_ms = told_for_ms(p, a);
	int64_t away_ms = a->away_since.ms + quota.window_ms - now(p).ms;

	if (!is_counted(api))
		return away_ms > 0 ? away_ms : 0;
	if (told_ms <= 0)
		return -1;
	return is_half_free(a, quota) ? 0 : told_ms;
}

static enum verdict ask_locally(const struct till *p, struct purse *a, const struct api *api,
				int64_t *ret_wait_ms, struct fail *reterr)
{
	struct quota quota = quota_of(a, api);
	size_t share = percent(quota.calls, p->options->local_percent);
	int64_t wait_ms;

	if (!p->options->local_percent)
		return refuse(reterr, 0, ret_wait_ms);
	share = share < 1 ? 1 : share < PURSE_CALLS ? share : PURSE_CALLS;
	wait_ms = share_wait_ms(p, a, share, quota.window_ms);
	if (wait_ms <= 0)
		wait_ms = count_wait_ms(p, a, api, quota);
	if (wait_ms < 0)
		return VERDICT_UNCALIBRATED;
	if (wait_ms > 0)
		return refuse(reterr, wait_ms, ret_wait_ms);
	a->calls[a->calls_n++ % PURSE_CALLS] = now(p);
	a->since_told++;
	return VERDICT_GRANTED;
}

/* Only what reserve() says shows that the store is back: a budget that is of no use must not let
 * upstream be asked for its count again and again. */
static void note_store(const struct till *p, struct purse *a, bool broken)
{
	if (broken && !a->away)
		a->away_since = now(p);
	a->away = broken;
	a->anew |= broken;
}

/* ---- asking ---- */

/* Other programs may use the same quota: how old may the last comparison be? */
static int64_t compared_ms(const struct till *p, const struct purse *a, struct quota quota)
{
	bool just_told = a->told_at.ms && now(p).ms < a->told_at.ms + JUST_TOLD_MS;

	if (a->anew)
		return 0;
	if (just_told || now(p).ms < a->untold_until.ms)
		return -1;
	return quota.window_ms / COMPARED_SHARE + 1;
}

static struct reservation reservation_for(const struct till *p, const struct purse *a,
					  const struct api *api, const struct ticket *ticket)
{
	return (struct reservation){
		.ticket = *ticket,
		.quota = configured(a, api),
		.reserve = percent(quota_of(a, api).calls, p->options->reserve_percent),
		.client_share = p->options->client_percent,
		.calibrated = is_counted(api),
		.compared_ms = compared_ms(p, a, quota_of(a, api)),
	};
}

/* A call for upstream's count itself is free; without the store not more often than it is
 * believed. */
enum verdict purse_ask_for_count(const struct till *p, struct purse *a, const struct ticket *ticket,
				 int64_t *ret_wait_ms, struct fail *reterr)
{
	struct allowance allowance = { .wait_ms = 0 };
	enum verdict verdict = p->store->claim(p->store, ticket, &allowance);

	if (verdict == VERDICT_BROKEN)
		note_store(p, a, true);
	*ret_wait_ms = allowance.wait_ms;
	if (verdict == VERDICT_BROKEN && asked_for_ms(p, a) > 0)
		return refuse(reterr, asked_for_ms(p, a), ret_wait_ms);
	if (verdict != VERDICT_GRANTED && verdict != VERDICT_BROKEN)
		return verdict;
	a->asked_ms = verdict == VERDICT_GRANTED ? allowance.asked_ms : 0;
	a->asked = now(p);
	return VERDICT_GRANTED;
}

enum verdict purse_ask_for_call(const struct till *p, struct purse *a, const struct api *api,
				struct ticket *ticket, int64_t *ret_wait_ms, struct fail *reterr)
{
	struct reservation r = reservation_for(p, a, api, ticket);
	struct allowance allowance = { .wait_ms = 0 };
	enum verdict verdict = p->store->reserve(p->store, &r, &allowance);

	/* It wants what it was just given and could not keep. */
	if (verdict == VERDICT_UNCALIBRATED && a->unwritten && told_for_ms(p, a) > 0)
		verdict = VERDICT_BROKEN;
	note_store(p, a, verdict == VERDICT_BROKEN);
	*ret_wait_ms = allowance.wait_ms;
	a->left = verdict == VERDICT_GRANTED ? allowance.remaining : 0;
	ticket->asked_ms = verdict == VERDICT_GRANTED ? allowance.asked_ms : 0;
	/* The own share is for those who wait. */
	if (verdict == VERDICT_BROKEN && !ticket->client.n)
		return refuse(reterr, 0, ret_wait_ms);
	if (verdict == VERDICT_BROKEN)
		return ask_locally(p, a, api, ret_wait_ms, reterr);
	if (verdict == VERDICT_REFUSED) {
		fail_set(reterr, FAULT_NO_BUDGET, "The upstream quota is spent.");
		reterr->retry_after_s = (int)((allowance.wait_ms + 999) / 1000);
	}
	return verdict;
}

/* ---- what upstream tells ---- */

void purse_told(const struct till *p, struct purse *a, const struct api *api,
		const struct count *count)
{
	const struct count untold = { .quota = configured(a, api) };

	a->is_told = count != NULL;
	a->told_at = now(p);
	a->told = count ? *count : untold;
	a->told.asked_ms = a->asked_ms;
	a->since_told = 0;
	/* One that does not tell leaves us with our own log. */
	if (a->asked_ms) {
		a->unwritten = !p->store->calibrate(p->store, a->budget, &a->told);
		a->anew &= a->unwritten;
	}
}

void purse_untold(const struct till *p, struct purse *a, const struct api *api)
{
	a->untold_until = mono_after(now(p), quota_of(a, api).window_ms / UNTOLD_SHARE);
}

int64_t purse_untold_ms(const struct till *p, const struct purse *a)
{
	int64_t ms = a->untold_until.ms - now(p).ms;

	return ms > 0 ? ms : 0;
}
