#ifndef PERIGEE_POLICY_NUMBERS_H
#define PERIGEE_POLICY_NUMBERS_H

/*
 * What nginx writes down of the answers that it has given by itself, out of its
 * micro-cache: for each a line with the number that the worker has sent with the answer
 * (metrics_number()).
 *
 *     131
 *     131
 *     18
 *
 * The text comes in pieces that end anywhere. A line that is no number (the disk was full,
 * somebody has written into the file) is passed over and told of as a bad one.
 */

#include "base/str.h"

/* A longer line is none of nginx'. */
#define NUMBER_LINE_MAX 20

struct numbers {
	/* `number` came n times, one after the other. */
	void (*take)(void *ctx, uint64_t number, uint64_t n);
	void *ctx;
	uint64_t bad; /* lines that are no number */
};

/* Takes the whole lines at the beginning of `text` and returns how many bytes they have. What is
 * left is the beginning of a line, never longer than one may be. */
size_t numbers_read(struct numbers *to, struct str text);

#endif
