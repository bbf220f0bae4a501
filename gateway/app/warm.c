#include "app/warm.h"

#include "app/behind.h"
#include "app/origin.h"
#include "app/walks.h"
#include "base/limits.h"
#include "policy/plan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* Between two rounds: of who holds the office, the same while walks run, and of the others. */
#define ROUND_MS      1000
#define WALK_ROUND_MS 250
#define STANDBY_MS    2000

/* The office is held for so long from each round on. */
#define OFFICE_MS 6000

static const struct str office = STR("warmer");

/* What is not fresh is asked for so often, as if by a client; whether it is there is looked at
 * sooner. */
#define ASK_MS	60000
#define LOOK_MS 1000

/* One request of the list. */
struct item {
	struct mono due; /* it is not looked at before */
	bool asked;	 /* it was not fresh, and is asked for */
	struct mono asked_at;
};

struct warm {
	const struct gateway *gw; /* the first one */
	struct gateway *now;	  /* the one in force, for this round */
	struct store *store;
	struct arena *arena;
	char id[24];
	struct warm_list *list;
	struct item *items; /* one for each of its targets */

	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* for all below */
	pthread_cond_t changed;
	struct warm_list *next_list;
	bool has_next;
	bool woken;
	bool stopping;
};

struct warm *warm_new(const struct gateway *gw, struct store *store, struct warm_list *list)
{
	struct warm *w = store ? calloc(1, sizeof(*w)) : NULL;
	pthread_condattr_t monotonic;
	uint64_t id;

	if (!w) {
		if (store)
			store->free(store);
		warm_list_free(list);
		return NULL;
	}
	w->gw = gw;
	w->store = store;
	w->next_list = list;
	w->has_next = true;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = (uint64_t)gw->clock->wall(gw->clock).ms;
	snprintf(w->id, sizeof(w->id), "%016llx", (unsigned long long)id);
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	w->arena = arena_new(LIMIT_REQUEST_BYTES);
	if (w->arena)
		return w;
	warm_free(w);
	return NULL;
}

/* ---- the list ---- */

void warm_replace(struct warm *w, struct warm_list *list)
{
	pthread_mutex_lock(&w->lock);
	if (w->has_next)
		warm_list_free(w->next_list);
	w->next_list = list;
	w->has_next = true;
	pthread_mutex_unlock(&w->lock);
	warm_wake(w);
}

/* A list that was given meanwhile is in force from this round on. */
static void take_list(struct warm *w)
{
	struct warm_list *list;
	bool has_next;

	pthread_mutex_lock(&w->lock);
	has_next = w->has_next;
	list = w->next_list;
	w->has_next = false;
	w->next_list = NULL;
	pthread_mutex_unlock(&w->lock);
	if (!has_next)
		return;
	warm_list_free(w->list);
	free(w->items);
	w->list = list;
	w->items = list ? calloc(list->n + 1, sizeof(*w->items)) : NULL;
}

/* How long what was found is fresh. */
static int64_t fresh_ms(const struct lookup *found, struct wall now)
{
	int64_t ms = ASK_MS;

	for (size_t i = 0; i < LOOKUP_ENTRIES && found->entries[i]; i++)
		if (found->entries[i]->fresh_until.ms - now.ms < ms)
			ms = found->entries[i]->fresh_until.ms - now.ms;
	return ms > 0 ? ms : 0;
}

/* Acts on what is there as serve() does, but for the answer. */
static void see_to(struct warm *w, struct item *item, const struct lookup *found)
{
	const struct clock *clock = w->now->clock;
	const struct situation situation = { .state = found->state,
					     .agrees = found->agrees,
					     .may_fetch = !found->broken,
					     .mode = origin_mode(w->now->origin) };
	struct mono now = clock->mono(clock);
	enum plan plan = plan_choose(&situation);

	item->due = mono_after(now, LOOK_MS);
	if (plan == PLAN_HIT) {
		item->due = mono_after(now, fresh_ms(found, clock->wall(clock)) + 1);
		item->asked = false;
	}
	if (plan != PLAN_STALE && plan != PLAN_FETCH)
		return;
	if (item->asked && now.ms - item->asked_at.ms < ASK_MS)
		return;
	item->asked = true;
	item->asked_at = now;
	if (plan == PLAN_STALE)
		refresh_behind(w->now, found);
	else
		fetch_behind(w->now, found);
}

static void look_after(struct warm *w, struct item *item, struct str target)
{
	struct exchange x = { .arena = w->arena, .request.target = target };
	struct refusal refused;
	struct lookup found;
	struct fail failure;

	arena_reset(w->arena);
	/* The tables may have changed since the list was read: it is read anew with them. */
	if (!canon_request(w->now->catalog, &w->now->canon, target, w->arena, &x.canon, &refused)) {
		item->due = mono_after(w->now->clock->mono(w->now->clock), ASK_MS);
		return;
	}
	if (look_up(w->now, w->store, &x, &found, &failure))
		see_to(w, item, &found);
	lookup_release(&found);
}

static void look_after_list(struct warm *w)
{
	for (size_t i = 0; w->items && i < w->list->n; i++)
		if (w->items[i].due.ms <= w->now->clock->mono(w->now->clock).ms)
			look_after(w, &w->items[i], w->list->targets[i]);
}

/* ---- rounds ---- */

/* What the one does who holds the office. */
static int64_t work(struct warm *w)
{
	int64_t ms;

	w->now = gateway_take(w->gw);
	look_after_list(w);
	ms = walks_round(w->now, w->store, w->arena) ? WALK_ROUND_MS : ROUND_MS;
	gateway_give_back(w->now);
	w->now = NULL;
	return ms;
}

int64_t warm_round(struct warm *w)
{
	origin_reread(w->gw->origin, w->store);
	take_list(w);
	if (!w->store->hold_office(w->store, office, str_from(w->id), OFFICE_MS))
		return STANDBY_MS;
	return work(w);
}

void warm_wake(struct warm *w)
{
	pthread_mutex_lock(&w->lock);
	w->woken = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

/* False: it is time to stop. */
static bool rest(struct warm *w, int64_t ms)
{
	struct timespec until;
	bool stopping;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&w->lock);
	while (!w->woken && !w->stopping)
		if (pthread_cond_timedwait(&w->changed, &w->lock, &until) != 0)
			break;
	w->woken = false;
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return !stopping;
}

static void *run(void *ctx)
{
	struct warm *w = ctx;

	while (rest(w, warm_round(w)))
		;
	return NULL;
}

bool warm_start(struct warm *w)
{
	w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	return w->started;
}

void warm_stop(struct warm *w)
{
	if (!w || !w->started)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	w->started = false;
}

void warm_free(struct warm *w)
{
	if (!w)
		return;
	warm_stop(w);
	w->store->free(w->store);
	warm_list_free(w->list);
	if (w->has_next)
		warm_list_free(w->next_list);
	free(w->items);
	arena_free(w->arena);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
