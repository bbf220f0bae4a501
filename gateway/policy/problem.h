#ifndef PERIGEE_POLICY_PROBLEM_H
#define PERIGEE_POLICY_PROBLEM_H

/*
 * Error answers as problem documents (RFC 9457):
 *
 *     { "type": "urn:perigee:problem:invalid-parameters", "title": ..., "status": 400,
 *       "detail": ..., "instance": "urn:perigee:request:<id>",
 *       "faults": [ { "parameter": "orderng", "value": "id", "reason": ...,
 *                     "allowed": ..., "nearest": "ordering" } ],
 *       "nearest": "/2.3.0/spacecraft/", "retry_after": 240 }
 *
 * `faults` stands only with invalid parameters, `nearest` with an address that
 * is nearly one, `retry_after` (seconds) where waiting helps. `detail` keeps the
 * words that Launch Library's clients look for.
 *
 * Each function appends the document to *out; without memory out->failed is set.
 */

#include "api/canon.h"
#include "base/buf.h"

/* A request that was refused before anything was looked up. */
void problem_of_refusal(struct buf *out, const struct refusal *refusal, struct str request_id);

/* A request that could not be answered. */
void problem_of_fail(struct buf *out, const struct fail *fail, struct str request_id);

/* Upstream's own refusal: `status` 400 or 404 and its JSON object, DRF's `{"detail": ...}` or
 * `{"<parameter>": ["...", ...]}`. */
void problem_of_upstream(struct buf *out, int status, struct str body, struct str request_id);

#endif
