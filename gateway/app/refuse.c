#include "app/refuse.h"

#include "app/head.h"
#include "policy/problem.h"

/* Without memory (or over a cap) for what should have been said, this always fits. */
void refuse_if_failed(struct exchange *x)
{
	static const struct str body =
		STR("{\"type\":\"urn:perigee:problem:internal-error\",\"title\":\"The gateway "
		    "failed\",\"status\":500,\"detail\":\"There is no memory left.\"}");

	if (!x->head.failed && !x->body.failed)
		return;
	x->result = RESULT_ERROR;
	buf_clear(&x->head);
	buf_clear(&x->body);
	head_status(x, 500, PROBLEM_TYPE);
	head_common(x);
	buf_put(&x->body, body);
	head_finish(x);
}

static enum result result_of_fault(enum fault fault)
{
	int status = fault_status(fault);

	if (fault == FAULT_NO_BUDGET)
		return RESULT_REFUSED;
	return status < 500 ? RESULT_INVALID : RESULT_ERROR;
}

static void put_problem_head(struct exchange *x, const struct fail *fail)
{
	x->result = result_of_fault(fail->fault);
	head_status(x, fault_status(fail->fault), PROBLEM_TYPE);
	/* RFC 6585: a 429 is never stored; and what the others say may be wrong in a moment. */
	buf_put(&x->head, STR("Cache-Control: no-store\r\n"));
	if (fail->fault == FAULT_METHOD)
		buf_put(&x->head, STR("Allow: " ALLOWED_METHODS "\r\n"));
	if (fail->retry_after_s)
		buf_putf(&x->head, "Retry-After: %d\r\n", fail->retry_after_s);
	head_common(x);
}

void refuse_request(struct exchange *x, const struct refusal *refusal)
{
	problem_of_refusal(&x->body, refusal, x->request.id);
	put_problem_head(x, &refusal->fail);
	head_finish(x);
	refuse_if_failed(x);
}

void refuse(struct exchange *x, const struct fail *fail)
{
	problem_of_fail(&x->body, fail, x->request.id);
	put_problem_head(x, fail);
	head_finish(x);
	refuse_if_failed(x);
}
