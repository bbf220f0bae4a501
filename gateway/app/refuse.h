#ifndef PERIGEE_APP_REFUSE_H
#define PERIGEE_APP_REFUSE_H

/*
 * Answers that say why there is none: problem documents (policy/problem.h), never
 * to be kept by anybody. Each fills x->result, status, head and body.
 */

#include "app/exchange.h"

/* What is answered at all, as a field of a head lists it. */
#define ALLOWED_METHODS "GET, HEAD, OPTIONS"

/* A request that was refused before anything was looked up. */
void refuse_request(struct exchange *x, const struct refusal *refusal);

/* A request that cannot be answered. */
void refuse(struct exchange *x, const struct fail *fail);

/* Without memory (or over a cap) for what should have been said, this always fits: it takes the
 * place of an answer whose head or body failed. */
void refuse_if_failed(struct exchange *x);

#endif
