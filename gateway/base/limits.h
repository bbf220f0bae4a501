#ifndef PERIGEE_BASE_LIMITS_H
#define PERIGEE_BASE_LIMITS_H

/*
 * Every cap on what comes from outside, in one place, each with its reason.
 */

/* Longest request target. Real clients send form URLs of 2.3 kB with 82 parameters. */
#define LIMIT_TARGET_BYTES 8000

/* Longest target that upstream is asked, without limit and offset: its server reads request lines
 * of 4094 bytes. */
#define LIMIT_UPSTREAM_BYTES 3900

/* Parameters in one query, for the same reason. */
#define LIMIT_PARAMETERS 200

/* What a request may take from its arena: its target decoded, canonicalised and echoed, and a
 * problem that names every parameter. */
#define LIMIT_REQUEST_BYTES (1024 * 1024)

/* Furthest offset that is asked of upstream: its database overflows above 2^63. */
#define LIMIT_OFFSET 1000000000000000LL

/* Largest id: upstream's keys are 32-bit integers. */
#define LIMIT_ID 2147483647LL

/* Nesting of upstream's JSON; the deepest real answer has 12 levels. */
#define LIMIT_JSON_DEPTH 64

/* An Accept-Encoding field that is read; browsers send 30 bytes. */
#define LIMIT_ACCEPT_BYTES 1000

/* Objects in one window; Spaceflight News pages have up to 500. */
#define LIMIT_WINDOW_OBJECTS 1000

/* A composed answer: two windows at most, each below upstream.max_body. */
#define LIMIT_ANSWER_BYTES (128UL * 1024 * 1024)

/* The head of an answer; it must fit fastcgi_buffer_size (32k) in nginx. */
#define LIMIT_HEAD_BYTES 16384

/* The Link header alone; with a longer query it is left out, the body has the links too. */
#define LIMIT_LINK_BYTES 6000

/* A refusal of upstream's (400, 404) that is kept and shown. */
#define LIMIT_REFUSAL_BYTES 65536

/* Windows that failed lately and are remembered, so that nobody asks again at once. */
#define LIMIT_FILLS 20000

#endif
