#ifndef PERIGEE_BASE_FAULT_H
#define PERIGEE_BASE_FAULT_H

/*
 * What can go wrong with a request, as a closed list. Each row makes the HTTP
 * status, the problem's type and title (RFC 9457) and the word in the log. What
 * clients can do about each stands in conf/problems.md.
 *
 * A function that can fail returns bool and fills a caller's struct fail, which
 * needs no allocation; only the edge (app/serve.c) answers and logs it.
 */

#include <stdint.h>

#include "base/str.h"

/* clang-format off */
/*   name              status  word                  title */
#define FAULTS(X)                                                                                \
	X(NONE,             200, "none",              "No error")                                \
	X(MALFORMED,        400, "malformed-request", "The request is malformed")                \
	X(PARAMETERS,       400, "invalid-parameters", "Some parameters cannot be used")         \
	X(UNAUTHORIZED,     401, "unauthorized",      "This is for operators only")              \
	X(NOT_FOUND,        404, "not-found",         "There is nothing at this address")        \
	X(METHOD,           405, "method-not-allowed", "Only GET, HEAD and OPTIONS are answered") \
	X(PRECONDITION,     412, "precondition-failed", "This is not the representation asked for") \
	X(TOO_LONG,         414, "target-too-long",   "The request target is too long")          \
	X(NO_BUDGET,        429, "quota-exceeded",    "The upstream quota is spent")             \
	X(INTERNAL,         500, "internal-error",    "The gateway failed")                      \
	X(UPSTREAM_DOWN,    502, "upstream-unreachable", "Upstream cannot be reached")           \
	X(UPSTREAM_ERROR,   502, "upstream-error",    "Upstream answered with an error")         \
	X(UPSTREAM_GARBAGE, 502, "upstream-garbage",  "Upstream's answer cannot be used")        \
	X(STORE_DOWN,       503, "store-unavailable", "The cache cannot be reached")             \
	X(OVERLOAD,         503, "too-many-waiting",  "Too many requests wait for upstream")     \
	X(STOPPING,         503, "shutting-down",     "The gateway is shutting down")            \
	X(ORIGIN_OFF,       503, "upstream-off",      "Upstream is not asked at present")        \
	X(UPSTREAM_SLOW,    504, "upstream-timeout",  "Upstream did not answer in time")         \
	X(NOT_CACHED,       504, "not-cached",        "There is no stored answer")
/* clang-format on */

enum fault {
#define X(name, status, word, title) FAULT_##name,
	FAULTS(X)
#undef X
		FAULT_COUNT
};

struct fail {
	enum fault fault;
	int retry_after_s; /* 0: not known */
	char text[160];	   /* what happened, for the client; never a secret, always valid UTF-8 */
};

int fault_status(enum fault fault);
const char *fault_word(enum fault fault);
const char *fault_title(enum fault fault);

/* The fault of that word; NONE: there is no such fault. */
enum fault fault_named(struct str word);

void fail_set(struct fail *f, enum fault fault, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills *f and is false, so that `return fail(f, ...)` reads as it should. */
#define fail(...) (fail_set(__VA_ARGS__), 0)

#endif
