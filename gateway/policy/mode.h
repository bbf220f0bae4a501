#ifndef PERIGEE_POLICY_MODE_H
#define PERIGEE_POLICY_MODE_H

/*
 * How much upstream may be asked: what an operator decides for all hosts.
 *
 *     normal   as the budget allows
 *     avoid    only for what is missing: whatever is stored is an answer, at any
 *              age that is usable, and nothing is fetched in the background
 *     never    not at all, not even for its count of our calls
 */

#include "base/str.h"

/* clang-format off */
#define MODES(X)                                                                                 \
	X(NORMAL, "normal")                                                                      \
	X(AVOID,  "avoid")                                                                       \
	X(NEVER,  "never")
/* clang-format on */

enum mode {
#define X(name, word) MODE_##name,
	MODES(X)
#undef X
		MODE_COUNT
};

const char *mode_word(enum mode mode);

/* False: there is no mode of that word. */
bool mode_parse(struct str word, enum mode *ret);

#endif
