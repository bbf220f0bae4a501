#include "app/compare.h"

#include "io/log.h"
#include "policy/throttle.h"

bool compare_want(const struct api *api, const struct identity *as, struct buf *target,
		  struct want *ret)
{
	const struct endpoint *endpoint;
	const struct api *told_by = api_throttle(api, &endpoint);

	if (!told_by)
		return false;
	buf_put(target, told_by->root);
	buf_put(target, endpoint->name);
	buf_put_char(target, '/');
	/* So that those of several identities are not one. */
	if (as->name.n)
		buf_putf(target, "#%.*s", STR_ARG(as->name));
	*ret = (struct want){
		.api = told_by,
		.endpoint = endpoint,
		.is_object = true,
		.target = buf_str(target),
		.as = as,
	};
	return true;
}

bool compare_is_wanted(const struct want *want)
{
	return want->endpoint->kind == ENDPOINT_THROTTLE;
}

/* Is it what upstream itself says when it is asked for its count, and be it that there is no such
 * thing? Something in between (a challenge, a page of errors) is not. */
static bool is_about_count(const struct reply *reply)
{
	return reply->fault == FAULT_NONE &&
	       (reply->status == 404 || (reply->status == 200 && reply->is_json));
}

/* Why there is no word: as with any call, or because it is no use. */
static void explain(const struct reply *reply, const struct want *want, struct wall now,
		    struct fail *ret)
{
	fail_set(ret, FAULT_UPSTREAM_GARBAGE, "Upstream's word on the quota is none.");
	if (reply->fault != FAULT_NONE || reply->status == 429 || reply->status >= 500)
		intake(reply, want, now, ret);
}

bool compare_finish(struct permits *permits, const struct want *want, const struct reply *reply,
		    struct wall now, struct fail *reterr)
{
	struct str budget = want->api->budget;
	struct str name = want->as ? want->as->name : (struct str){ NULL, 0 };
	struct count count;

	if (!is_about_count(reply)) {
		explain(reply, want, now, reterr);
		return false;
	}
	if (reply->status == 200 && throttle_read(buf_str(&reply->body), &count)) {
		permits_told(permits, want, &count);
		log_line(LOG_INFO, "calibrated", "budget=%.*s%s%.*s limit=%u used=%u wait_ms=%lld",
			 STR_ARG(budget), name.n ? "/" : "", STR_ARG(name),
			 (unsigned int)count.quota.calls, (unsigned int)count.used,
			 (long long)count.wait_ms);
	} else {
		permits_told(permits, want, NULL);
		log_line(LOG_WARN, "uncalibrated",
			 "budget=%.*s%s%.*s reason=\"upstream does not tell\"", STR_ARG(budget),
			 name.n ? "/" : "", STR_ARG(name));
	}
	return true;
}
