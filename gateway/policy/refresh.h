#ifndef PERIGEE_POLICY_REFRESH_H
#define PERIGEE_POLICY_REFRESH_H

/*
 * Who is refreshed first, when there are fewer calls than stale answers.
 *
 * What counts is how old the answers are that people get: requests times age,
 * summed up. An answer that is asked for `rate` times a second and is `age` old
 * gathers rate * age^2 / 2 until now; refreshing that one first whose sum is the
 * largest is the index rule for the age of information (Whittle), which is near
 * the optimum and needs to know nothing of the future. By count alone the rarely
 * asked would never have their turn, by age alone the most wanted wait in line.
 */

#include <stdint.h>

/* Of an answer of that age that was asked for `asked` times in the last asked_ms. */
double refresh_index(uint32_t asked, int64_t asked_ms, int64_t age_ms);

#endif
