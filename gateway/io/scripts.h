#ifndef PERIGEE_IO_SCRIPTS_H
#define PERIGEE_IO_SCRIPTS_H

/*
 * What Redis runs for the store: io/lua/NAME.lua as text, behind io/lua/clock.lua.
 * The Makefile makes them C; each says at its head what it takes and gives.
 */

/* clang-format off */
#define SCRIPTS(X)                                                                               \
	X(reserve)   /* may one call be made? */                                                 \
	X(claim)     /* the same for one that upstream does not count */                         \
	X(renew)     /* it still runs */                                                         \
	X(settle)    /* it is over */                                                            \
	X(calibrate) /* upstream has told how many it has counted */                             \
	X(cool)      /* upstream has refused one */                                              \
	X(usage)     /* how many are made and left */                                            \
	X(hold)      /* an office that one worker of all holds */                                   \
	X(purging)   /* something is about to be purged */                                       \
	X(purged)    /* what was purged a moment ago? */                                         \
	X(told)      /* the workers are told of it */                                            \
	X(outdate)   /* an entry is out of date */                                               \
	X(keep)      /* an answer is put beside the entry that it is made of */
/* clang-format on */

#define X(name) extern const char script_##name[];
SCRIPTS(X)
#undef X

#endif
