#ifndef PERIGEE_APP_ORIGIN_H
#define PERIGEE_APP_ORIGIN_H

/*
 * The mode (policy/mode.h) in which upstream is asked now: one for all hosts.
 *
 * It stands in the store (`<prefix>:origin`); without such a key it is what the
 * configuration says. Whoever changes it tells so on the news channel, and each
 * worker reads it anew then, and whenever it may have missed such news: a line
 * on the channel is not believed, only followed by a look. While the store does
 * not answer, what was read last goes on.
 */

#include <stdatomic.h>

#include "policy/mode.h"
#include "policy/ports.h"

struct memory;

struct origin_switch {
	enum mode configured;
	struct memory *memory; /* whose epoch ends with the mode, as answers say it; NULL: none */
	atomic_int mode;
	atomic_bool doubted; /* it may have been changed: origin_reread() looks */
};

void origin_switch_init(struct origin_switch *o, enum mode configured);

/* The mode of this moment; from any thread. NULL: nobody decides, and it is normal. */
enum mode origin_mode(const struct origin_switch *o);

/* Sets the mode of all hosts, this one at once and the others within moments. False: the store did
 * not take it, and nothing has changed. */
bool origin_set(struct origin_switch *o, struct store *store, enum mode mode);

/* News of a change, or news may have been missed. */
void origin_doubt(struct origin_switch *o);

/* Reads what all go by, if that is in doubt; with a store that does not answer it stays so. */
void origin_reread(struct origin_switch *o, struct store *store);

#endif
