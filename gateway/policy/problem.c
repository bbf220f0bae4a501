#include "policy/problem.h"

#include "base/limits.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdlib.h>

/* With more faults than this, what would be allowed is not repeated at each of them. */
#define FAULTS_WITH_ALLOWED 20

#define DETAIL_BYTES 4000

/* Of a name; all of it stands in `faults`. */
#define NAME_BYTES 100

static json_t *text(struct str s)
{
	/* NULL, and so no member at all, for what is not UTF-8. */
	return json_stringn(s.p ? s.p : "", s.n);
}

static json_t *textf(const char *prefix, const char *rest)
{
	return json_sprintf("%s%s", prefix, rest);
}

static json_t *start(enum fault fault, int status, struct str detail, struct str request_id)
{
	json_t *o = json_object();

	json_object_set_new(o, "type", textf("urn:perigee:problem:", fault_word(fault)));
	json_object_set_new(o, "title", json_string(fault_title(fault)));
	json_object_set_new(o, "status", json_integer(status));
	json_object_set_new(o, "detail", text(detail));
	if (request_id.n)
		json_object_set_new(o, "instance",
				    json_sprintf("urn:perigee:request:%.*s", STR_ARG(request_id)));
	return o;
}

static void finish(struct buf *out, json_t *o)
{
	char *dump = json_dumps(o, JSON_COMPACT);

	if (dump)
		buf_put(out, str_from(dump));
	else
		out->failed = true;
	free(dump);
	json_decref(o);
}

/* What would be allowed, in words: "one of normal, detailed". */
static json_t *allowed(const struct param_fault *f)
{
	struct buf b = buf_init(LIMIT_REFUSAL_BYTES);
	json_t *words;

	if (!f->allowed)
		return NULL;
	buf_put(&b, str_from(f->allowed));
	for (size_t i = 0; i < f->allowed_words_n; i++) {
		buf_put(&b, i ? STR(", ") : STR(" "));
		buf_put(&b, f->allowed_words[i]);
	}
	words = text(buf_str(&b));
	buf_release(&b);
	return words;
}

static json_t *fault_object(const struct param_fault *f, bool with_allowed)
{
	json_t *o = json_object();

	json_object_set_new(o, "parameter", text(f->name));
	json_object_set_new(o, "value", f->is_secret ? json_string("(not shown)") : text(f->value));
	json_object_set_new(o, "reason", json_string(f->reason));
	if (with_allowed && f->allowed)
		json_object_set_new(o, "allowed", allowed(f));
	if (f->nearest.n)
		json_object_set_new(o, "nearest", text(f->nearest));
	return o;
}

/* The beginning of s, not cut within a character. */
static struct str shortened(struct str s)
{
	size_t n = 0;

	while (n < s.n && n < NAME_BYTES)
		n += utf8_char(str_slice(s, n, s.n));
	return str_slice(s, 0, n);
}

/* All faults in one sentence each, for people who read only `detail`. */
static void put_detail(struct buf *b, const struct refusal *r)
{
	for (size_t i = 0; i < r->faults_n; i++) {
		const struct param_fault *f = &r->faults[i];
		size_t before = b->n;

		if (i)
			buf_put_char(b, ' ');
		buf_put(b, shortened(f->name));
		buf_put(b, STR(": "));
		buf_put(b, str_from(f->reason));
		if (f->nearest.n) {
			buf_put(b, STR("; did you mean "));
			buf_put(b, f->nearest);
			buf_put(b, STR("?"));
		} else {
			buf_put_char(b, '.');
		}
		if (b->n > DETAIL_BYTES) {
			b->n = before;
			return;
		}
	}
}

void problem_of_refusal(struct buf *out, const struct refusal *refusal, struct str request_id)
{
	struct buf detail = buf_init(LIMIT_REQUEST_BYTES);
	json_t *faults;
	json_t *o;

	if (refusal->faults_n)
		put_detail(&detail, refusal);
	else
		buf_put(&detail, str_from(refusal->fail.text));
	o = start(refusal->fail.fault, fault_status(refusal->fail.fault), buf_str(&detail),
		  request_id);
	if (refusal->faults_n) {
		faults = json_array();
		for (size_t i = 0; i < refusal->faults_n; i++)
			json_array_append_new(
				faults, fault_object(&refusal->faults[i], i < FAULTS_WITH_ALLOWED));
		json_object_set_new(o, "faults", faults);
	}
	if (refusal->nearest_path.n)
		json_object_set_new(o, "nearest", text(refusal->nearest_path));
	buf_release(&detail);
	finish(out, o);
}

void problem_of_fail(struct buf *out, const struct fail *fail, struct str request_id)
{
	char throttled[96];
	const char *detail = fail->text;
	json_t *o;

	if (fail->fault == FAULT_NO_BUDGET) {
		snprintf(throttled, sizeof(throttled),
			 "Request was throttled. Expected available in %d second%s.",
			 fail->retry_after_s, fail->retry_after_s == 1 ? "" : "s");
		detail = throttled;
	}
	o = start(fail->fault, fault_status(fail->fault), str_from(detail), request_id);
	if (fail->retry_after_s)
		json_object_set_new(o, "retry_after", json_integer(fail->retry_after_s));
	finish(out, o);
}

/* DRF's `{"<parameter>": ["<what is wrong>", ...]}` as faults. */
static json_t *upstream_faults(const json_t *body)
{
	json_t *faults = json_array();
	const char *name;
	json_t *messages;

	json_object_foreach((json_t *)body, name, messages)
	{
		size_t i;
		json_t *message;

		json_array_foreach(messages, i, message)
		{
			json_t *o = json_object();

			json_object_set_new(o, "parameter", json_string(name));
			json_object_set(o, "reason", message);
			json_array_append_new(faults, o);
		}
	}
	return faults;
}

void problem_of_upstream(struct buf *out, int status, struct str body, struct str request_id)
{
	enum fault fault = status == 404 ? FAULT_NOT_FOUND : FAULT_PARAMETERS;
	json_t *refused = json_loadb(body.p, body.n, 0, NULL);
	const char *detail = json_string_value(json_object_get(refused, "detail"));
	json_t *o = start(fault, status,
			  str_from(detail ? detail : "Upstream refused the request."), request_id);

	if (!detail)
		json_object_set_new(o, "faults", upstream_faults(refused));
	json_decref(refused);
	finish(out, o);
}
