#ifndef PERIGEE_APP_FILL_END_H
#define PERIGEE_APP_FILL_END_H

/*
 * How a fill ends, and its call: the call's place in the budget's log is settled, its target is
 * free, and everybody who waits is told, here and through the store in all other workers. In the
 * fills' thread, without the lock.
 */

#include "app/fill_state.h"

/* Is it upstream's count of our calls that it brings (app/compare.h)? */
bool fill_is_for_count(const struct fill *fill);

/* By which the store knows the fill's call. */
struct ticket fill_ticket(const struct fills *f, const struct fill *fill);

/* Counts it for /metrics. */
void fill_note_call(struct fills *f, const struct fill *fill, const struct reply *reply);

/* The call is over: its slot is settled, its target free, and all workers know. `failure`: it has
 * brought nothing (NULL: it has). */
void fill_settle(struct fills *f, const struct ticket *ticket, enum counted counted,
		 const struct fail *failure);

/* It is to be asked for again, in so many ms (see fill_table_put_back()). */
void fill_put_back(struct fills *f, struct fill *fill, enum fill_stage stage, int64_t wait_ms);

/* It has brought e, whose reference goes to those who wait (NULL: there is nothing to hand out);
 * `stored`: others find it in the store, too. */
void fill_succeed(struct fills *f, struct fill *fill, struct entry *e, bool stored);

/* It has failed, which is remembered for a moment. */
void fill_give_up(struct fills *f, struct fill *fill, const struct fail *failure);

/* Hands all of a list of exchanges back, with an entry, or with a failure (NULL: neither). */
void fill_tell(struct fills *f, struct exchange *waiters, struct entry *e, bool stored,
	       const struct fail *failure, int64_t took_ms);

/* Those that are parked until the budget is compared go on, or fail. */
void fill_unpark(struct fills *f, struct str budget, const struct fail *failure);

/* The gateway stops, and whatever is still under way fails. */
void fills_cut_off(struct fills *f);

#endif
