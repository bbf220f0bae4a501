#ifndef PERIGEE_UNIT_SERVICE_H
#define PERIGEE_UNIT_SERVICE_H

/*
 * A whole gateway between fakes, asked one request after another. Upstream
 * answers from rig->list, 10 ms after it is asked.
 */

#include "unit/rig.h"

#include "app/answers.h"
#include "app/memory.h"
#include "app/scrape.h"
#include "app/serve.h"
#include "base/limits.h"

#include <jansson.h>

struct service {
	struct rig *rig;
	struct gateway gw;
	struct store *store; /* the worker thread's */
	struct exchange x;   /* the last request and its answer */
	bool at_once;	     /* it needed no look at anything */
};

static inline struct reply answer_from_list(void *ctx, struct str target)
{
	struct rig *r = ctx;

	fake_clock_advance(&r->clock, 10);
	return fake_list_script(&r->list, target);
}

static inline void open_exchange(struct exchange *x, size_t arena_bytes)
{
	*x = (struct exchange){ .arena = arena_new(arena_bytes) };
	assert_non_null(x->arena);
	exchange_reset(x);
}

static inline void close_exchange(struct exchange *x)
{
	exchange_reset(x);
	buf_release(&x->head);
	arena_free(x->arena);
}

static inline int service_set_up(void **state)
{
	struct service *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->rig = rig_set_up();
	s->rig->origin->script = answer_from_list;
	s->rig->origin->ctx = s->rig;
	gateway_init(&s->gw);
	s->gw.catalog = s->rig->catalog;
	s->gw.canon = test_canon_options();
	s->gw.clock = &s->rig->clock.clock;
	s->gw.fills = s->rig->fills;
	s->gw.metrics = s->rig->metrics;
	s->gw.scrape = scrape_new();
	assert_non_null(s->gw.scrape);
	s->gw.origin = &s->rig->mode;
	/* What the store has can be changed by a test, and then counts. */
	s->gw.memory = memory_new(0);
	assert_non_null(s->gw.memory);
	s->gw.answers = answers_new(1 << 20);
	assert_non_null(s->gw.answers);
	assert_null(bases_parse(STR("https://api.example.org, http://127.0.0.1:8080/space"),
				&s->gw.bases));
	s->store = fake_store_open(&s->rig->store);
	assert_non_null(s->store);
	open_exchange(&s->x, LIMIT_REQUEST_BYTES);
	rig_start(s->rig);
	/* So that the first comparison is over before a test breaks anything. */
	rig_rest(s->rig);
	*state = s;
	return 0;
}

static inline int service_tear_down(void **state)
{
	struct service *s = *state;

	rig_stop(s->rig);
	close_exchange(&s->x);
	s->store->free(s->store);
	answers_free(s->gw.answers);
	scrape_free(s->gw.scrape);
	memory_free(s->gw.memory);
	rig_tear_down(s->rig);
	free(s);
	return 0;
}

/* All of the answer into x->head and x->body, where tests look for it. */
static inline void gather(struct exchange *x)
{
	struct str pieces[EXCHANGE_PIECES];

	exchange_pieces(x, pieces);
	if (!x->answer || x->status != 200)
		return;
	buf_put(&x->head, pieces[1]);
	buf_put(&x->body, pieces[2]);
}

/* Serves what stands in s->x.request to its end; its status. */
static inline int ask_request(struct service *s, struct request request)
{
	exchange_reset(&s->x);
	s->x.request = request;
	exchange_name_client(&s->x, STR("192.0.2.1"));
	s->x.arrived = s->rig->clock.clock.mono(&s->rig->clock.clock);
	s->x.epoch = memory_epoch(s->gw.memory);
	s->at_once = serve_at_once(&s->gw, &s->x);
	if (!s->at_once)
		serve_ahead(&s->gw, s->store, &(struct exchange *){ &s->x }, 1);
	while (!s->at_once && !serve(&s->gw, s->store, &s->x)) {
		assert_ptr_equal(fake_worker_take(&s->rig->worker), &s->x);
		exchange_take_news(&s->x);
	}
	gather(&s->x);
	return s->x.status;
}

static inline struct request get(const char *target)
{
	return (struct request){ .method = STR("GET"),
				 .target = str_from(target),
				 .host = STR("api.example.org"),
				 .id = STR("abc123") };
}

static inline int ask(struct service *s, const char *target)
{
	return ask_request(s, get(target));
}

/* How often upstream was called so far, once all that is under way is over. */
static inline size_t calls(struct service *s)
{
	rig_rest(s->rig);
	return fake_origin_calls(s->rig->origin);
}

static inline struct str head_of(const struct service *s)
{
	return buf_str(&s->x.head);
}

static inline struct str body_of(const struct service *s)
{
	return buf_str(&s->x.body);
}

/* The value of a header field; p == NULL if there is none. */
static inline struct str header(const struct service *s, const char *name)
{
	struct str rest = head_of(s);

	while (rest.n) {
		struct str value = str_cut(&rest, '\n');

		if (str_eq_nocase(str_cut(&value, ':'), str_from(name)))
			return str_trim(value);
	}
	return (struct str){ NULL, 0 };
}

static inline void assert_header_at(const struct service *s, const char *name, const char *want,
				    const char *file, int line)
{
	struct str got = header(s, name);

	if (want ? str_eq(got, str_from(want)) : !got.p)
		return;
	print_error("%s\nwant: `%s`\ngot:  `%.*s`\n", name, want ? want : "(none)", STR_ARG(got));
	_fail(file, line);
}

/* A header field reads so; NULL: there is none. */
#define assert_header(s, name, want) assert_header_at((s), (name), (want), __FILE__, __LINE__)

static inline void assert_result_at(const struct service *s, enum result want, const char *file,
				    int line)
{
	if (s->x.result == want)
		return;
	print_error("want: %s\ngot:  %s\n%.*s\n", result_word(want), result_word(s->x.result),
		    STR_ARG(head_of(s)));
	_fail(file, line);
}

#define assert_result(s, want) assert_result_at((s), (want), __FILE__, __LINE__)

static inline json_t *parse_body(const struct service *s)
{
	json_error_t error;
	json_t *json = json_loadb(s->x.body.p, s->x.body.n, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s: %.*s", error.text, STR_ARG(body_of(s)));
	return json;
}

static inline void assert_text(const json_t *object, const char *name, const char *want)
{
	assert_view(str_from(json_string_value(json_object_get(object, name))), want);
}

#endif
