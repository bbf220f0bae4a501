#ifndef PERIGEE_APP_PERMIT_H
#define PERIGEE_APP_PERMIT_H

/*
 * May upstream be called now? Three ask: the breaker of the upstream, the budget
 * that all workers share, and, when the store does not answer, this worker's own
 * small share of it. As other programs may use the same quota, the budget grants a
 * call only if it was compared with upstream's own count in the last minute.
 *
 * Where there are several identities (policy/identity.h), each has a budget of its
 * own (app/purse.h), and is asked in turn, the one with most calls left first; a call
 * is refused when all refuse it.
 *
 * Without the store nobody knows what the others have called, or are about to. So
 * the own share is a few percent of the quota, and each call of it is made only if
 * by upstream's own count (policy/throttle.h), asked for moments ago and since the
 * store went away, half of the quota is free; where upstream does not tell, only once the store has
 * been away for a whole window. When the store is back, the budget is calibrated before anything
 * else.
 *
 * Belongs to the fills' thread.
 */

#include "app/metrics.h"
#include "app/purse.h"

struct permits;

/* Uses the store and the clock, which must outlive it. NULL without memory. */
struct permits *permits_new(const struct permit_options *options, const struct clock *clock,
			    struct store *store);
void permits_free(struct permits *p);

/*
 * Asks for the call that `want` needs; `ticket` names it. REFUSED (*reterr says
 * why, and when the first of the identities can), ELSEWHERE and GRANTED as the store
 * means them; never BROKEN. UNCALIBRATED: the api's throttle must be asked first, and
 * permits_told() told. want->as and ticket->budget are then of the identity that makes
 * the call, or has to be compared; ticket->asked_ms is set if it was granted. (Who wants a
 * count says whose in want->as.)
 */
enum verdict permits_ask(struct permits *p, struct want *want, struct ticket *ticket,
			 int64_t *ret_wait_ms, struct fail *reterr);

/* Who may call that api; one at least. */
const struct identities *permits_identities(const struct permits *p, const struct api *api);

/* What upstream has told of the budget of `want`; NULL: it does not tell, and is not asked again
 * soon. */
void permits_told(struct permits *p, const struct want *want, const struct count *count);

/* Upstream was asked for its count and gave none: for some minutes an older comparison has to do,
 * if there is one. */
void permits_untold(struct permits *p, const struct want *want);

/* Has this worker still to ask upstream for that count itself? What others were told before it
 * began, or while it could not ask the store, may lack its own calls. */
bool permits_must_compare(struct permits *p, const struct want *want);

/* A call is over. `answered`: in a way that shows that upstream lives. */
void permits_note(struct permits *p, const struct api *api, bool answered);

/* Other shares from here on. */
void permits_configure(struct permits *p, const struct permit_options *options);

/* Tells which breakers are not closed. */
void permits_tell(const struct permits *p, struct metrics *m);

#endif
