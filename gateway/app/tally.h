#ifndef PERIGEE_APP_TALLY_H
#define PERIGEE_APP_TALLY_H

/*
 * Counts what nginx' micro-cache has answered, so that the metrics tell of every
 * request whoever has answered it.
 *
 * With an answer that nginx may keep, the worker sends the number under which it has
 * counted it (X-Perigee-Count, metrics_number()). nginx writes that number down whenever it
 * answers from what it keeps (nginx/perigee/micro-cache-http.conf), into a file that the workers of
 * a host share ([metrics] micro_cache). One of them reads it: who has the lock on it (io/tail.h).
 * How far it has got stands beside the counters that all of them share, so that another one goes on
 * from there, and a restart loses nothing and counts nothing twice. (Who is killed between adding
 * up and saying so, which is within some microseconds, counts up to TALLY_BYTES of lines twice.)
 *
 * One thread.
 */

struct metrics;
struct tally;

/* Read at a time. */
#define TALLY_BYTES (64 * 1024)

/* `path` NULL or empty: there is no such file. NULL without memory. */
struct tally *tally_new(struct metrics *m, const char *path);
void tally_free(struct tally *t);

/* Adds up what has been written; now and then, once a second say. */
void tally_round(struct tally *t);

#endif
