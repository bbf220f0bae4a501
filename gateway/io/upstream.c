#include "io/upstream.h"

#include "base/version.h"
#include "io/log.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

/* More calls at once than any quota allows; further ones wait inside libcurl. */
#define CONNECTIONS_MAX 16

struct upstream {
	struct origin origin; /* first, so that one is the other */
	const struct clock *clock;
	CURLM *multi;
	struct call *calls; /* under way */
	char *proxy;
	char user_agent[256];
	int64_t connect_timeout_ms;
	int64_t timeout_ms;
	size_t max_body_bytes;
};

struct call {
	struct call *next;
	CURL *easy;
	struct curl_slist *headers;
	void *tag;
	struct buf body;
	struct mono began;
};

static struct upstream *of(struct origin *origin)
{
	return (struct upstream *)origin;
}

/* A curl_write_callback: its type is not ours to make const. */
/* NOLINTNEXTLINE(readability-non-const-parameter) */
static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct call *call = ctx;

	buf_put(&call->body, (struct str){ bytes, size * n });
	/* Fewer bytes taken than given: libcurl ends the call with CURLE_WRITE_ERROR. */
	return call->body.failed ? 0 : size * n;
}

static bool configure(const struct upstream *u, struct call *call, const char *url)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FOLLOWLOCATION, 0 },
		{ CURLOPT_SSL_VERIFYPEER, 1 },
		{ CURLOPT_SSL_VERIFYHOST, 2 },
		{ CURLOPT_CONNECTTIMEOUT_MS, (long)u->connect_timeout_ms },
		{ CURLOPT_TIMEOUT_MS, (long)u->timeout_ms },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		/* On a reused connection that dies, libcurl sends the request again by itself:
		 * calls that no budget has allowed. */
		{ CURLOPT_FRESH_CONNECT, 1 },
		{ CURLOPT_FORBID_REUSE, 1 },
	};
	const struct {
		CURLoption option;
		const void *value;
	} pointers[] = {
		{ CURLOPT_URL, url },
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_PROXY, u->proxy },
		{ CURLOPT_USERAGENT, u->user_agent },
		{ CURLOPT_HTTPHEADER, call->headers },
		{ CURLOPT_ACCEPT_ENCODING, "" }, /* all that libcurl can undo */
		{ CURLOPT_WRITEDATA, call },
		{ CURLOPT_PRIVATE, call },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (curl_easy_setopt(call->easy, numbers[i].option, numbers[i].value) != CURLE_OK)
			return false;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		if (curl_easy_setopt(call->easy, pointers[i].option, pointers[i].value) != CURLE_OK)
			return false;
	return curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
}

static void free_call(struct call *call)
{
	if (!call)
		return;
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	buf_release(&call->body);
	free(call);
}

static bool add_header(struct call *call, const char *header)
{
	struct curl_slist *longer = curl_slist_append(call->headers, header);

	if (longer)
		call->headers = longer;
	return longer != NULL;
}

static bool add_headers(struct call *call, struct str token)
{
	char *authorization = NULL;
	bool added;

	if (!token.n)
		return add_header(call, "Accept: application/json");
	if (asprintf(&authorization, "Authorization: Token %.*s", STR_ARG(token)) < 0)
		return false;
	added = add_header(call, "Accept: application/json") && add_header(call, authorization);
	free(authorization);
	return added;
}

static bool begin(struct origin *origin, struct str base, struct str target, struct str token,
		  void *tag)
{
	struct upstream *u = of(origin);
	struct call *call = calloc(1, sizeof(*call));
	char *url = NULL;
	bool begun = false;

	if (!call || asprintf(&url, "%.*s%.*s", STR_ARG(base), STR_ARG(target)) < 0) {
		free(call);
		return false;
	}
	call->tag = tag;
	call->began = u->clock->mono(u->clock);
	call->body = buf_init(u->max_body_bytes);
	call->easy = curl_easy_init();
	begun = call->easy && add_headers(call, token) && configure(u, call, url) &&
		curl_multi_add_handle(u->multi, call->easy) == CURLM_OK;
	if (begun) {
		call->next = u->calls;
		u->calls = call;
	} else {
		free_call(call);
	}
	free(url);
	return begun;
}

/* Takes the call out of libcurl's hands and the list, and frees it. */
static void end_call(struct upstream *u, struct call *call)
{
	struct call **at = &u->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	curl_multi_remove_handle(u->multi, call->easy);
	free_call(call);
}

static enum fault fault_of(CURLcode result)
{
	switch (result) {
	case CURLE_OK:
		return FAULT_NONE;
	case CURLE_OPERATION_TIMEDOUT:
		return FAULT_UPSTREAM_SLOW;
	case CURLE_PARTIAL_FILE:
	case CURLE_WRITE_ERROR: /* over the cap */
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return FAULT_UPSTREAM_GARBAGE;
	default:
		return FAULT_UPSTREAM_DOWN;
	}
}

static bool is_json_type(const char *type)
{
	static const struct str json = STR("application/json");
	struct str rest = str_from(type);

	return str_eq_nocase(str_trim(str_cut(&rest, ';')), json);
}

/* Moves what the finished call brought into *ret. */
static void collect(struct upstream *u, CURLMsg *message, struct reply *ret)
{
	CURLcode result = message->data.result;
	struct call *call = NULL;
	const char *type = NULL;
	long status = 0;
	long sent_bytes = 0;
	curl_off_t retry_after = 0;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	curl_easy_getinfo(call->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
	*ret = (struct reply){
		.tag = call->tag,
		.fault = fault_of(result),
		.reached = sent_bytes > 0,
		.status = (int)status,
		.is_json = type && is_json_type(type),
		.body = call->body,
		.retry_after_s = retry_after,
		.took_ms = u->clock->mono(u->clock).ms - call->began.ms,
	};
	if (result != CURLE_OK)
		log_line(LOG_WARN, "upstream_failed", "reason=\"%s\" took_ms=%lld",
			 curl_easy_strerror(result), (long long)ret->took_ms);
	call->body = buf_init(0);
	end_call(u, call);
}

static bool finished(struct upstream *u, struct reply *ret)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(u->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		collect(u, message, ret);
		return true;
	}
	return false;
}

static bool wait_for(struct origin *origin, int64_t timeout_ms, struct reply *ret)
{
	struct upstream *u = of(origin);
	int running;

	if (finished(u, ret))
		return true;
	curl_multi_perform(u->multi, &running);
	if (finished(u, ret))
		return true;
	curl_multi_poll(u->multi, NULL, 0, (int)timeout_ms, NULL);
	curl_multi_perform(u->multi, &running);
	return finished(u, ret);
}

static void wake(struct origin *origin)
{
	curl_multi_wakeup(of(origin)->multi);
}

static void free_upstream(struct origin *origin)
{
	struct upstream *u = of(origin);

	if (!origin)
		return;
	while (u->calls)
		end_call(u, u->calls);
	curl_multi_cleanup(u->multi);
	free(u->proxy);
	free(u);
	curl_global_cleanup();
}

struct origin *upstream_new(const struct upstream_options *options, const struct clock *clock)
{
	struct upstream *u;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	u = calloc(1, sizeof(*u));
	if (!u) {
		curl_global_cleanup();
		return NULL;
	}
	u->origin = (struct origin){
		.begin = begin, .wait = wait_for, .wake = wake, .free = free_upstream
	};
	u->clock = clock;
	u->connect_timeout_ms = options->connect_timeout_ms;
	u->timeout_ms = options->timeout_ms;
	u->max_body_bytes = options->max_body_bytes;
	snprintf(u->user_agent, sizeof(u->user_agent),
		 options->contact.n ? "perigee/" PERIGEE_VERSION " (%.*s)"
				    : "perigee/" PERIGEE_VERSION "%.*s",
		 STR_ARG(options->contact));
	u->proxy = strndup(options->proxy.p ? options->proxy.p : "", options->proxy.n);
	u->multi = curl_multi_init();
	if (!u->proxy || !u->multi ||
	    curl_multi_setopt(u->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX) !=
		    CURLM_OK) {
		free_upstream(&u->origin);
		return NULL;
	}
	return &u->origin;
}
