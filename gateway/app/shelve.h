#ifndef PERIGEE_APP_SHELVE_H
#define PERIGEE_APP_SHELVE_H

/*
 * Puts answers on the shelf that nginx takes them from (base/shelf.h), if nginx does: with its
 * module (nginx/module) it looks there before it asks a worker. What it has taken is counted as if
 * a worker had answered.
 *
 * What may lie there is what represent_at_once() would answer with: fresh, and right as far as
 * this worker has heard. So it goes with the epoch of the memory, which stands on the shelf itself.
 * It lies there for SHELVE_MS, so that a worker sees now and then what people ask for.
 *
 * The file ([cache] shelf) takes 1.1 MB, and 64 more once nginx has looked.
 *
 * Any thread, but for what main() does.
 */

#include "app/exchange.h"
#include "app/head.h"

struct memory;
struct metrics;
struct shelve;

#define SHELVE_MS 3000

/* Clears what a process of before has put there. Nobody takes anything before shelve_round().
 * `path` empty: there is none, and nothing is wanted. NULL without memory, or *reterr says what is
 * wrong with the file; another process that lives may have it. */
struct shelve *shelve_new(const char *path, struct memory *memory, struct metrics *metrics,
			  struct fail *reterr);

/* NULL is fine. Nobody takes anything any more. */
void shelve_free(struct shelve *s);

/* Does nginx take answers from there? */
bool shelve_is_used(const struct shelve *s, struct mono now);

/* Puts x->answer there, which x has been answered with; `ages` are of now. */
void shelve_put(struct shelve *s, const struct exchange *x, const struct ages *ages);

/* Vouches for what lies there for SHELVE_VOUCHED_MS, and counts what was taken; more often than
 * that, by main(). */
#define SHELVE_VOUCHED_MS 900
void shelve_round(struct shelve *s, struct mono now);

/* Nobody is to take anything from here on; what was taken is counted. */
void shelve_stop(struct shelve *s);

#endif
