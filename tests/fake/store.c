#include "fake/store.h"

#include <stdio.h>
#include <stdlib.h>

struct handle {
	struct store store; /* first, so that one is the other */
	struct fake_store *shared;
};

static struct fake_store *of(struct store *store)
{
	return ((struct handle *)store)->shared;
}

static int64_t now_ms(const struct fake_store *s)
{
	return s->clock->wall(s->clock).ms;
}

/* ---- entries, under the lock ---- */

static struct fake_kept *find(struct fake_store *s, struct str target)
{
	for (size_t i = 0; i < s->kept_n; i++)
		if (str_eq(s->kept[i].entry->target, target))
			return &s->kept[i];
	return NULL;
}

/* Takes over the reference. */
static void keep(struct fake_store *s, struct entry *e, int64_t keep_ms)
{
	struct fake_kept *kept;

	pthread_mutex_lock(&s->lock);
	kept = find(s, e->target);
	if (kept)
		entry_unref(kept->entry);
	else if (s->kept_n < FAKE_STORE_ENTRIES)
		kept = &s->kept[s->kept_n++];
	else
		abort();
	*kept = (struct fake_kept){ e, now_ms(s) + keep_ms };
	pthread_mutex_unlock(&s->lock);
}

struct entry *fake_store_get(struct fake_store *s, struct str target)
{
	struct fake_kept *kept;
	struct entry *e = NULL;

	pthread_mutex_lock(&s->lock);
	kept = find(s, target);
	if (kept && kept->until_ms > now_ms(s))
		e = entry_ref(kept->entry);
	pthread_mutex_unlock(&s->lock);
	return e;
}

/* A copy that went through what Redis would hold. Whoever saves what nobody could read has a fault.
 */
static struct entry *write_and_read(const struct entry *e)
{
	struct buf scratch = buf_init(1024UL * 1024);
	struct str fields[ENTRY_FIELDS];
	struct entry *again = entry_write(e, &scratch, fields) ? entry_read(fields) : NULL;

	buf_release(&scratch);
	if (!again)
		abort();
	return again;
}

void fake_store_put(struct fake_store *s, const struct entry *e)
{
	struct entry *copy = write_and_read(e);

	keep(s, copy, e->usable_until.ms - now_ms(s));
}

static enum load load(struct store *store, struct str key, struct entry **ret)
{
	struct fake_store *s = of(store);

	s->loads++;
	if (s->broken)
		return LOAD_BROKEN;
	*ret = fake_store_get(s, key);
	return *ret ? LOAD_FOUND : LOAD_ABSENT;
}

static bool save(struct store *store, struct str key, const struct entry *e, int64_t keep_ms)
{
	struct fake_store *s = of(store);
	struct entry *again;

	s->saves++;
	s->last_keep_ms = keep_ms;
	if (s->broken || s->save_fails)
		return false;
	again = write_and_read(e);
	if (!str_eq(again->target, key))
		abort();
	keep(s, again, keep_ms);
	return true;
}

static bool purge_late(struct store *store, const struct entry *e, int64_t asked_ms)
{
	struct fake_store *s = of(store);
	struct entry *outdated;

	s->last_asked_ms = asked_ms;
	if (s->broken || !s->purged_ms || s->purged_ms < asked_ms)
		return false;
	outdated = entry_outdated(e);
	if (!outdated)
		abort();
	keep(s, outdated, e->usable_until.ms - now_ms(s));
	return true;
}

/* ---- composed answers, under the lock ---- */

static struct fake_answer *find_answer(struct fake_store *s, struct str target, struct str url)
{
	for (size_t i = 0; i < s->answers_n; i++)
		if (str_eq(str_from(s->answers[i].url), url) &&
		    str_eq(str_from(s->answers[i].target), target))
			return &s->answers[i];
	return NULL;
}

static struct str sum_at(struct fake_store *s, struct str target)
{
	const struct fake_kept *kept = find(s, target);

	if (!kept || kept->until_ms <= now_ms(s) || !kept->entry->sum[0])
		return (struct str){ NULL, 0 };
	return (struct str){ kept->entry->sum, HASH_HEX_BYTES };
}

static bool stands(struct fake_store *s, const struct fake_answer *a)
{
	return str_eq((struct str){ a->sum, sizeof(a->sum) }, sum_at(s, str_from(a->target)));
}

static void find_answers(struct store *store, struct answer_query *const *queries, size_t n)
{
	struct fake_store *s = of(store);

	s->looks++;
	if (s->broken)
		return;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < queries[i]->n; k++) {
			struct answer_place *place = &queries[i]->places[k];
			const struct fake_answer *a =
				find_answer(s, place->target, queries[i]->url);

			place->sum = sum_at(s, place->target);
			if (a && stands(s, a) && !composed_read(buf_str(&a->value), &place->answer))
				place->answer.parts_n = 0;
		}
	}
	pthread_mutex_unlock(&s->lock);
}

static void keep_answer(struct store *store, struct str target, struct str sum, struct str url,
			const struct composed *answer)
{
	struct fake_store *s = of(store);
	struct fake_answer *a;

	s->keeps++;
	if (s->broken)
		return;
	pthread_mutex_lock(&s->lock);
	a = find_answer(s, target, url);
	if (!a && s->answers_n == FAKE_STORE_ANSWERS)
		abort();
	if (!a)
		a = &s->answers[s->answers_n++];
	if (target.n >= sizeof(a->target) || url.n >= sizeof(a->url) || sum.n != sizeof(a->sum))
		abort();
	buf_release(&a->value);
	a->value = buf_init(COMPOSED_BYTES);
	snprintf(a->target, sizeof(a->target), "%.*s", STR_ARG(target));
	snprintf(a->url, sizeof(a->url), "%.*s", STR_ARG(url));
	memcpy(a->sum, sum.p, sizeof(a->sum));
	composed_write(answer, &a->value);
	pthread_mutex_unlock(&s->lock);
}

bool fake_store_has_answer(struct fake_store *s, const char *url)
{
	bool has = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->answers_n && !has; i++)
		has = strcmp(s->answers[i].url, url) == 0 && stands(s, &s->answers[i]);
	pthread_mutex_unlock(&s->lock);
	return has;
}

void fake_store_damage_answers(struct fake_store *s)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->answers_n; i++)
		s->answers[i].value.p[s->answers[i].value.n - 1] ^= 1;
	pthread_mutex_unlock(&s->lock);
}

/* ---- the budget, under the lock: calls in the order of their moments ---- */

static void take_off_log(struct fake_store *s, size_t i)
{
	s->log_n--;
	memmove(&s->log[i], &s->log[i + 1], (s->log_n - i) * sizeof(s->log[0]));
}

static void put_on_log(struct fake_store *s, struct fake_logged call)
{
	size_t i = s->log_n++;

	if (i == FAKE_STORE_CALLS)
		abort();
	for (; i > 0 && s->log[i - 1].at_ms > call.at_ms; i--)
		s->log[i] = s->log[i - 1];
	s->log[i] = call;
}

/* As io/lua/ names it: who asks for it and who ends it must agree. */
static void name_call(char name[static 160], const struct ticket *t)
{
	snprintf(name, 160, "%.*s:%.*s", STR_ARG(t->client), STR_ARG(t->id));
}

/* The cool-down of that budget. */
static struct fake_cool *cool_of(struct fake_store *s, struct str budget)
{
	size_t i = 0;

	while (i < FAKE_STORE_BUDGETS && s->cool[i].budget[0] &&
	       !str_eq(str_from(s->cool[i].budget), budget))
		i++;
	if (i == FAKE_STORE_BUDGETS)
		abort();
	snprintf(s->cool[i].budget, sizeof(s->cool[i].budget), "%.*s", STR_ARG(budget));
	return &s->cool[i];
}

static enum verdict decide(struct fake_store *s, const struct reservation *r, struct allowance *ret)
{
	struct fake_logged call = { .at_ms = now_ms(s) + r->ticket.hold_ms };
	uint32_t kept = r->ticket.client.n ? 0 : r->reserve;
	size_t share = r->quota.calls > kept ? r->quota.calls - kept : 0;

	while (s->log_n && s->log[0].at_ms <= now_ms(s) - r->quota.window_ms)
		take_off_log(s, 0);
	ret->wait_ms = cool_of(s, r->ticket.budget)->until_ms - now_ms(s);
	if (ret->wait_ms > 0)
		return VERDICT_REFUSED;
	if (s->log_n < share) {
		name_call(call.id, &r->ticket);
		put_on_log(s, call);
		*ret = (struct allowance){ .remaining = (uint32_t)(share - s->log_n),
					   .asked_ms = now_ms(s) };
		return VERDICT_GRANTED;
	}
	ret->wait_ms = r->quota.window_ms;
	if (share)
		ret->wait_ms += s->log[s->log_n - share].at_ms - now_ms(s);
	return VERDICT_REFUSED;
}

void fake_store_rule(struct fake_store *s, const char *budget, enum verdict verdict,
		     int64_t wait_ms)
{
	size_t i = 0;

	pthread_mutex_lock(&s->lock);
	while (i < FAKE_STORE_BUDGETS && s->verdicts[i].budget[0] &&
	       strcmp(s->verdicts[i].budget, budget) != 0)
		i++;
	if (i == FAKE_STORE_BUDGETS)
		abort();
	s->verdicts[i].verdict = verdict;
	s->verdicts[i].wait_ms = wait_ms;
	snprintf(s->verdicts[i].budget, sizeof(s->verdicts[i].budget), "%s", budget);
	pthread_mutex_unlock(&s->lock);
}

/* Is another verdict than the log's to be given? */
static bool is_ruled(struct fake_store *s, struct str budget, struct allowance *ret,
		     enum verdict *ret_verdict)
{
	bool ruled = false;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < FAKE_STORE_BUDGETS; i++) {
		const struct fake_verdict *v = &s->verdicts[i];

		if (!v->budget[0] || !str_eq(str_from(v->budget), budget) ||
		    v->verdict == VERDICT_GRANTED)
			continue;
		*ret = (struct allowance){ .wait_ms = v->wait_ms };
		*ret_verdict = v->verdict;
		ruled = true;
	}
	pthread_mutex_unlock(&s->lock);
	return ruled;
}

static enum verdict reserve(struct store *store, const struct reservation *r, struct allowance *ret)
{
	struct fake_store *s = of(store);
	enum verdict verdict;

	if (s->on_reserve)
		s->on_reserve(s->ctx);
	*ret = (struct allowance){ .wait_ms = s->elsewhere ? LEASE_MS : s->refuses_ms,
				   .asked_ms = now_ms(s) };
	if (s->elsewhere)
		return VERDICT_ELSEWHERE;
	/* Asking too early is not counted: that it is asked again is what is. */
	if (!s->broken && !s->reserve_fails && r->calibrated &&
	    (!r->compared_ms || s->uncalibrated || (s->outdated && r->compared_ms > 0)))
		return VERDICT_UNCALIBRATED;
	s->reserves++;
	s->background_reserves += !r->ticket.client.n;
	s->spare_reserves += r->ticket.spare;
	s->last_window_ms = r->quota.window_ms;
	s->last_hold_ms = r->ticket.hold_ms;
	s->last_limit = r->quota.calls;
	s->last_reserve = r->reserve;
	s->last_compared_ms = r->compared_ms;
	if (s->broken || s->reserve_fails)
		return VERDICT_BROKEN;
	if (s->refuses)
		return VERDICT_REFUSED;
	if (is_ruled(s, r->ticket.budget, ret, &verdict))
		return verdict;
	pthread_mutex_lock(&s->lock);
	snprintf(s->client, sizeof(s->client), "%.*s", STR_ARG(r->ticket.client));
	verdict = decide(s, r, ret);
	if (verdict == VERDICT_GRANTED)
		snprintf(s->budget, sizeof(s->budget), "%.*s", STR_ARG(r->ticket.budget));
	pthread_mutex_unlock(&s->lock);
	return verdict;
}

static enum verdict claim(struct store *store, const struct ticket *t, struct allowance *ret)
{
	struct fake_store *s = of(store);
	bool elsewhere = s->elsewhere || s->claimed_elsewhere;

	(void)t;
	s->claims++;
	if (s->broken)
		return VERDICT_BROKEN;
	*ret = (struct allowance){ .wait_ms = elsewhere ? LEASE_MS : 0, .asked_ms = now_ms(s) };
	return elsewhere ? VERDICT_ELSEWHERE : VERDICT_GRANTED;
}

static void renew(struct store *store, const struct ticket *t)
{
	(void)t;
	of(store)->renewals++;
}

static void settle(struct store *store, const struct ticket *t, enum counted counted,
		   struct str news)
{
	struct fake_store *s = of(store);
	bool found = counted == COUNTED_PERHAPS;
	char name[160];

	if (!t->hold_ms)
		return;
	name_call(name, t);
	s->settles++;
	s->settled_uncounted += counted == COUNTED_NO;
	if (s->broken)
		return;
	pthread_mutex_lock(&s->lock);
	snprintf(s->news, sizeof(s->news), "%.*s", STR_ARG(news));
	for (size_t i = 0; i < s->log_n && counted != COUNTED_PERHAPS; i++) {
		struct fake_logged call = s->log[i];

		if (strcmp(call.id, name) != 0)
			continue;
		found = true;
		take_off_log(s, i);
		call.at_ms = now_ms(s);
		if (counted == COUNTED_YES)
			put_on_log(s, call);
		break;
	}
	s->settled_unknown += !found;
	pthread_mutex_unlock(&s->lock);
}

static bool calibrate(struct store *store, struct str budget, const struct count *count)
{
	struct fake_store *s = of(store);

	(void)budget;
	s->calibrations++;
	if (s->broken || s->calibrate_fails)
		return false;
	pthread_mutex_lock(&s->lock);
	s->count = *count;
	pthread_mutex_unlock(&s->lock);
	s->uncalibrated = s->outdated = false;
	return true;
}

static bool usage(struct store *store, struct str budget, struct quota quota, struct count *ret)
{
	struct fake_store *s = of(store);
	int64_t cool_ms;

	if (s->broken)
		return false;
	pthread_mutex_lock(&s->lock);
	while (s->log_n && s->log[0].at_ms <= now_ms(s) - quota.window_ms)
		take_off_log(s, 0);
	*ret = (struct count){ .quota = quota, .used = (uint32_t)s->log_n };
	if (s->log_n >= quota.calls)
		ret->wait_ms = s->log[s->log_n - quota.calls].at_ms + quota.window_ms - now_ms(s);
	if (s->log_n)
		ret->free_ms = s->log[0].at_ms + quota.window_ms - now_ms(s);
	cool_ms = cool_of(s, budget)->until_ms - now_ms(s);
	ret->cool_ms = cool_ms > 0 ? cool_ms : 0;
	if (cool_ms > ret->wait_ms)
		ret->wait_ms = cool_ms;
	pthread_mutex_unlock(&s->lock);
	return true;
}

static void cool_down(struct store *store, struct str budget, int64_t ms, bool guessed)
{
	struct fake_store *s = of(store);
	struct fake_cool *cool;

	s->cool_downs++;
	s->guessed_cool_downs += guessed;
	s->last_cool_ms = ms;
	s->uncalibrated = true;
	pthread_mutex_lock(&s->lock);
	cool = cool_of(s, budget);
	if (now_ms(s) + ms > cool->until_ms)
		cool->until_ms = now_ms(s) + ms;
	pthread_mutex_unlock(&s->lock);
}

static bool stats(struct store *store, struct store_stats *ret)
{
	struct fake_store *s = of(store);

	if (s->broken)
		return false;
	pthread_mutex_lock(&s->lock);
	*ret = (struct store_stats){
		.keys = (int64_t)s->kept_n, .bytes = 1000, .bytes_max = 2000, .evicted = 7
	};
	pthread_mutex_unlock(&s->lock);
	return true;
}

/* ---- notes ---- */

static void put_note(struct fake_store *s, struct str folder, struct str name, struct str value)
{
	size_t i = 0;

	pthread_mutex_lock(&s->lock);
	while (i < s->notes_n && !(str_eq(str_from(s->notes[i].folder), folder) &&
				   str_eq(str_from(s->notes[i].name), name)))
		i++;
	if (i == FAKE_STORE_NOTES)
		abort();
	if (value.n) {
		struct fake_note *note = &s->notes[i];

		s->notes_n += i == s->notes_n;
		snprintf(note->folder, sizeof(note->folder), "%.*s", STR_ARG(folder));
		snprintf(note->name, sizeof(note->name), "%.*s", STR_ARG(name));
		snprintf(note->value, sizeof(note->value), "%.*s", STR_ARG(value));
	} else if (i < s->notes_n) {
		s->notes[i] = s->notes[--s->notes_n];
	}
	pthread_mutex_unlock(&s->lock);
}

void fake_store_note(struct fake_store *s, const char *folder, const char *name, const char *value)
{
	put_note(s, str_from(folder), str_from(name), str_from(value));
}

static enum load recall(struct store *store, struct str name, struct buf *ret)
{
	struct fake_store *s = of(store);
	enum load load = LOAD_ABSENT;

	if (s->broken)
		return LOAD_BROKEN;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->notes_n; i++) {
		if (s->notes[i].folder[0] || !str_eq(str_from(s->notes[i].name), name))
			continue;
		buf_put(ret, str_from(s->notes[i].value));
		load = LOAD_FOUND;
	}
	pthread_mutex_unlock(&s->lock);
	return load;
}

static bool remember(struct store *store, struct str name, struct str value, struct str news)
{
	struct fake_store *s = of(store);

	if (s->broken)
		return false;
	put_note(s, STR(""), name, value);
	pthread_mutex_lock(&s->lock);
	if (news.n)
		snprintf(s->news, sizeof(s->news), "%.*s", STR_ARG(news));
	pthread_mutex_unlock(&s->lock);
	return true;
}

static bool recall_all(struct store *store, struct str folder, note_visit *visit, void *ctx)
{
	struct fake_store *s = of(store);
	struct fake_note notes[FAKE_STORE_NOTES];
	size_t n;

	if (s->broken)
		return false;
	/* Whoever visits may write notes. */
	pthread_mutex_lock(&s->lock);
	n = s->notes_n;
	memcpy(notes, s->notes, sizeof(notes));
	pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; i < n; i++)
		if (str_eq(str_from(notes[i].folder), folder))
			visit(ctx, str_from(notes[i].name), str_from(notes[i].value));
	return true;
}

static bool remember_in(struct store *store, struct str folder, struct str name, struct str value)
{
	struct fake_store *s = of(store);

	if (s->broken)
		return false;
	put_note(s, folder, name, value);
	return true;
}

static bool hold_office(struct store *store, struct str office, struct str id, int64_t ms)
{
	struct fake_store *s = of(store);
	bool holds;

	(void)office;
	if (s->broken)
		return false;
	pthread_mutex_lock(&s->lock);
	holds = s->officer_until_ms <= now_ms(s) || str_eq(str_from(s->officer), id);
	if (holds) {
		snprintf(s->officer, sizeof(s->officer), "%.*s", STR_ARG(id));
		s->officer_until_ms = now_ms(s) + ms;
	}
	pthread_mutex_unlock(&s->lock);
	return holds;
}

static bool ping(struct store *store)
{
	return !of(store)->broken;
}

static void free_store(struct store *store)
{
	if (!store)
		return;
	of(store)->opened--;
	free(store);
}

/* ---- */

struct store *fake_store_open(struct fake_store *s)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	s->opened++;
	h->shared = s;
	h->store = (struct store){ .load = load,
				   .save = save,
				   .find_answers = find_answers,
				   .keep_answer = keep_answer,
				   .purge_late = purge_late,
				   .reserve = reserve,
				   .claim = claim,
				   .renew = renew,
				   .calibrate = calibrate,
				   .settle = settle,
				   .cool_down = cool_down,
				   .usage = usage,
				   .stats = stats,
				   .recall = recall,
				   .remember = remember,
				   .recall_all = recall_all,
				   .remember_in = remember_in,
				   .hold_office = hold_office,
				   .ping = ping,
				   .free = free_store };
	return &h->store;
}

size_t fake_store_logged(struct fake_store *s)
{
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->log_n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void fake_store_init(struct fake_store *s, const struct clock *clock)
{
	memset(s, 0, sizeof(*s));
	s->clock = clock;
	pthread_mutex_init(&s->lock, NULL);
}

void fake_store_release(struct fake_store *s)
{
	for (size_t i = 0; i < s->kept_n; i++)
		entry_unref(s->kept[i].entry);
	for (size_t i = 0; i < s->answers_n; i++)
		buf_release(&s->answers[i].value);
	pthread_mutex_destroy(&s->lock);
}
