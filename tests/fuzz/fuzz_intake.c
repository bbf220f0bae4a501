/*
 * Upstream's replies, whatever they are: an entry that is whole and of the shape
 * that was asked for, or a fault. The input is a line about the reply and the
 * want, then the body:
 *
 *     <status> <page|object> <start> <window> <json|html> <Retry-After>
 *     {"count": 596, ...
 */
#include "fuzz/fuzz.h"

#include "api/window.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "policy/intake.h"
#include "policy/problem.h"

static const struct wall now = { 1763932800123 };

static const struct str hosts[] = { STR("ll.thespacedevs.com"), STR("lldev.thespacedevs.com") };
static const struct str names[] = { STR("url"), STR("next"), STR("previous") };
static const struct api api = { .root = STR("/2.3.0/"),
				.negative_ms = 600000,
				.links = { hosts, 2, names, 3, STR("/2.3.0/") } };

/* The longest that anything is fresh: `fresh`. */
#define FRESH_MS 21600000

/* 1m net:-15m..+15m status.id!=3 */
static const struct str paths[] = { STR("net"), STR("status.id") };
static const struct fresh_rule rule = {
	.fresh_ms = 60000,
	.terms = { { .test = FRESH_NEAR, .path = 0, .from_ms = -900000, .to_ms = 900000 },
		   { .test = FRESH_IS_NOT, .path = 1, .values = STR("3") } },
	.terms_n = 2,
};

static bool is_json(struct str text)
{
	json_t *json = fuzz_json(text);

	json_decref(json);
	return json;
}

/* jansson takes less than upstream may write: fuzz_json.c has the list. */
static bool is_known_difference(const struct reply *reply)
{
	return !is_json(buf_str(&reply->body));
}

static void check_window(const struct entry *e, const struct want *want)
{
	struct buf array = buf_init(LIMIT_ANSWER_BYTES);
	uint32_t before = 0;

	must(e->n == window_expected(want->start, want->size, e->count), "a window is whole");
	for (uint32_t i = 0; i < e->n; i++) {
		must(e->ends[i] > before, "ends ascend");
		before = e->ends[i];
	}
	must(before == e->body.n, "the last object ends with the body");
	buf_put_char(&array, '[');
	rewrite_put(&array, e->n ? entry_slice(e, 0, e->n) : e->body, STR("http://h"), api.root);
	buf_put_char(&array, ']');
	must(is_json(buf_str(&array)), "a window is an array of JSON");
	buf_release(&array);
}

static void check_refusal(const struct entry *e)
{
	struct buf body = buf_init(LIMIT_ANSWER_BYTES);
	struct buf out = buf_init(LIMIT_ANSWER_BYTES);

	rewrite_put(&body, e->body, STR("http://h"), api.root);
	problem_of_upstream(&out, e->status, buf_str(&body), STR("5f2ac1d0"));
	must(!out.failed && is_json(buf_str(&out)), "a refusal makes a problem document");
	buf_release(&body);
	buf_release(&out);
}

static void check_round_trip(const struct entry *e)
{
	struct buf scratch = buf_init(LIMIT_ANSWER_BYTES);
	struct str fields[ENTRY_FIELDS];
	struct entry *again;

	must(entry_write(e, &scratch, fields), "an entry can be written");
	again = entry_read(fields);
	must(again && again->n == e->n && str_eq(again->body, e->body) &&
		     str_eq(again->ids, e->ids) && again->count == e->count,
	     "an entry can be read back");
	entry_unref(again);
	buf_release(&scratch);
}

static void check_entry(const struct entry *e, const struct reply *reply, const struct want *want)
{
	must(reply->fault == FAULT_NONE && reply->is_json, "an entry was a JSON reply");
	must(e->status == reply->status, "an entry has its reply's status");
	must(str_eq(e->target, want->target), "an entry is what was asked for");
	must(e->fetched.ms == now.ms && e->fresh_until.ms > now.ms &&
		     e->usable_until.ms >= e->fresh_until.ms,
	     "an entry's times are in order");
	must(e->fresh_until.ms <= now.ms + FRESH_MS, "nothing is fresh for longer than it may be");
	must(e->status == 200 || e->status == 400 || e->status == 404,
	     "nothing else becomes an entry");
	must((e->kind == ENTRY_REFUSAL) == (e->status != 200), "refusals are upstream's 400, 404");
	must((e->kind == ENTRY_OBJECT) == (e->status == 200 && want->is_object),
	     "objects are what was asked for");
	check_round_trip(e);
	if (is_known_difference(reply))
		return;
	if (e->kind == ENTRY_WINDOW)
		check_window(e, want);
	if (e->kind == ENTRY_REFUSAL)
		check_refusal(e);
}

static void check_fail(const struct fail *why, const struct reply *reply)
{
	int status = fault_status(why->fault);

	must(status == 429 || status >= 500, "upstream's failures are no client's");
	must((why->fault == FAULT_NO_BUDGET) == (reply->status == 429 && !reply->fault),
	     "a 429 is about the budget");
	must(why->fault != FAULT_NO_BUDGET ||
		     (why->retry_after_s > 0 && why->retry_after_s <= 24 * 3600),
	     "a 429 says when to come again");
	must(utf8_valid(str_from(why->text)), "a text is UTF-8");
}

static void check(const struct reply *reply, const struct want *want)
{
	struct fail why = { .fault = FAULT_NONE };
	struct entry *e = intake(reply, want, now, &why);

	if (e)
		check_entry(e, reply, want);
	else
		check_fail(&why, reply);
	entry_unref(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = fuzz_input(data, size);
	struct str line = fuzz_line(&body);
	struct reply reply = { .fault = FAULT_NONE, .reached = true };
	struct endpoint endpoint = { .fresh_ms = FRESH_MS,
				     .fresh_when = { &rule, 1, paths, 2 },
				     .stale_ms = 2592000000 };
	struct want want = { .api = &api,
			     .endpoint = &endpoint,
			     .target = STR("/2.3.0/spacecraft/?limit=100") };

	reply.status = (int)fuzz_number(&line, 100, 599, 200);
	want.is_object = str_eq(fuzz_word(&line), STR("object"));
	want.start = fuzz_number(&line, 0, LIMIT_OFFSET, 0);
	want.size = (uint32_t)fuzz_number(&line, 1, LIMIT_WINDOW_OBJECTS, 100);
	reply.is_json = !str_eq(fuzz_word(&line), STR("html"));
	reply.retry_after_s = fuzz_number(&line, INT64_MIN, INT64_MAX, 0);
	reply.body = buf_init(LIMIT_ANSWER_BYTES);
	/* No body at all has no memory either. */
	if (body.n)
		buf_put(&reply.body, body);
	check(&reply, &want);
	reply.fault = FAULT_UPSTREAM_DOWN;
	check(&reply, &want);
	buf_release(&reply.body);
	return 0;
}
