#ifndef PERIGEE_APP_PURSE_H
#define PERIGEE_APP_PURSE_H

/*
 * The budget of one identity, as this worker knows it: what the store says of it,
 * what upstream told of it, and, while the store is away, a small share of it.
 *
 * Used by app/permit.h, which has the breaker and chooses among identities.
 * Belongs to the fills' thread.
 */

#include "policy/identity.h"
#include "policy/intake.h"
#include "policy/ports.h"

struct permit_options {
	uint32_t reserve_percent; /* of a quota, that background calls leave alone */
	uint32_t client_percent;  /* of a quota, for one client while others ask too */
	uint32_t local_percent;	  /* of a quota, for this worker without the store */
	int64_t call_ms;	  /* the longest that a call can take */
	/* Who may call upstreams that the keys belong to; NULL: one without a key. */
	const struct identities *identities;
};

/* What all purses need. */
struct till {
	const struct permit_options *options;
	const struct clock *clock;
	struct store *store;
};

/* Calls of the own share that are remembered: no share is larger. */
#define PURSE_CALLS 32

struct purse {
	struct purse *next;
	struct str budget;	   /* in the store; owned: `ll2`, or `ll2/main` of an identity */
	const struct identity *as; /* whose it is */
	uint32_t left;		   /* calls, as the store said last; a guess by now */
	bool anew;		   /* just begun, or the store was away: its log may lack calls */
	struct mono told_at;	   /* when upstream's count has last come */
	struct mono untold_until;  /* it could not be had: any comparison will do */
	bool away;
	struct mono away_since;
	/* without the store */
	struct mono asked; /* when upstream was last asked for its count */
	int64_t asked_ms;  /* the same by the store's clock; 0: it did not answer */
	bool is_told;
	bool unwritten; /* the store answers, and did not take what was told last */
	struct count told;
	uint32_t since_told; /* own calls since then */
	struct mono calls[PURSE_CALLS];
	size_t calls_n; /* made so far; the last ones are in calls[n % PURSE_CALLS] */
};

/* NULL without memory. `as` must outlive it. */
struct purse *purse_new(const struct api *api, const struct identity *as);
void purse_free(struct purse *a);

/* May a call of the api be made on this budget? As permits_ask() gives it. */
enum verdict purse_ask_for_call(const struct till *p, struct purse *a, const struct api *api,
				struct ticket *ticket, int64_t *ret_wait_ms, struct fail *reterr);

/* May upstream be asked for its count of this budget? */
enum verdict purse_ask_for_count(const struct till *p, struct purse *a, const struct ticket *ticket,
				 int64_t *ret_wait_ms, struct fail *reterr);

/* What upstream has told of the budget; NULL: it does not tell. */
void purse_told(const struct till *p, struct purse *a, const struct api *api,
		const struct count *count);

/* It was asked and gave no word; and how long that excuses an older comparison. */
void purse_untold(const struct till *p, struct purse *a, const struct api *api);
int64_t purse_untold_ms(const struct till *p, const struct purse *a);

#endif
