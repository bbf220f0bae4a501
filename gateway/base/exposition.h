#ifndef PERIGEE_BASE_EXPOSITION_H
#define PERIGEE_BASE_EXPOSITION_H

/*
 * Prometheus' text format, version 0.0.4: families of samples, each with a line
 * of help and one of type. All samples of a family stand together; names and help
 * are the code's own text, values of labels may be anything.
 */

#include "base/buf.h"
#include "base/histogram.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* One label; an empty name is none. */
struct label {
	struct str name;
	struct str value;
};

void exposition_family(struct buf *b, const char *name, const char *type, const char *help);

/* `name{labels} value`, the value in millionths where it is one of the second kind. */
void exposition_count(struct buf *b, const char *name, const struct label *labels, size_t n,
		      uint64_t value);
void exposition_micro(struct buf *b, const char *name, const struct label *labels, size_t n,
		      int64_t millionths);

/* The samples of a histogram of microseconds, told in seconds: `_bucket`s, `_sum` and `_count`. */
void exposition_histogram(struct buf *b, const char *name, const struct label *labels, size_t n,
			  const struct histogram *h, const struct bins *bins);

#endif
