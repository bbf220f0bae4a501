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
 * One process puts into a file. It ([cache] shelf) takes 1.6 MB, and 64 more once nginx has looked.
 *
 * Any thread, but for what main() does.
 */

#include "app/exchange.h"
#include "app/head.h"

struct memory;
struct metrics;
struct shelve;

#define SHELVE_MS 3000

/* `path`, which must outlive it, is empty: there is none, and nothing is wanted. The same where the
 * file cannot be used, which is logged. Nobody takes anything before shelve_round(). NULL without
 * memory. */
struct shelve *shelve_new(const char *path, struct memory *memory, struct metrics *metrics);

/* NULL is fine. Nobody takes anything any more. */
void shelve_free(struct shelve *s);

/* Does nginx take answers from there? */
bool shelve_is_used(const struct shelve *s, struct mono now);

/* Puts x->answer there, which x has been answered with; `ages` are of now. Returns how many have
 * taken the same since it was last put, about. */
uint64_t shelve_put(struct shelve *s, const struct exchange *x, const struct ages *ages);

/* Vouches for what lies there for SHELVE_VOUCHED_MS, and counts what was taken; more often than
 * that, by main(). While the file belongs to another process, which may be this one's predecessor,
 * it waits for that one's end. */
#define SHELVE_VOUCHED_MS 900
void shelve_round(struct shelve *s, struct mono now);

/* Nobody is to take anything from here on; what was taken is counted. */
void shelve_stop(struct shelve *s);

#endif
