#include "app/status.h"

#include "app/boards.h"
#include "app/minutes.h"
#include "app/respond.h"
#include "app/status_files.h"
#include "app/status_state.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdlib.h>

/* What was made so lately is told again. */
#define KEPT_MS 1000

/* Nothing from elsewhere, nothing inline, in nobody's frame; and no word of where it was read. */
#define FIELDS                                                                                     \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "       \
	"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "                \
	"frame-ancestors 'none'\r\n"                                                               \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                                            \
	"Referrer-Policy: no-referrer\r\n"

struct status {
	struct str prefix;

	pthread_mutex_t
		lock; /* for all below; one thread makes the state, and others wait for it */
	struct redis *redis;
	struct buf state;
	struct mono made_at; /* what is in `state`, if there is something */
};

struct status *status_new(const struct redis_options *redis, struct str prefix)
{
	struct status *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	s->prefix = prefix;
	s->state = buf_init(LIMIT_ANSWER_BYTES);
	s->redis = redis_new(redis);
	if (s->redis)
		return s;
	status_free(s);
	return NULL;
}

void status_free(struct status *s)
{
	if (!s)
		return;
	redis_free(s->redis);
	buf_release(&s->state);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void status_publish(const struct gateway *gw)
{
	minutes_note(gw->metrics, gw->clock->wall(gw->clock));
	boards_publish(gw);
}

/* ---- files ---- */

static void respond_file(const struct gateway *gw, struct exchange *x, const struct media *media,
			 const char *name, const char *text)
{
	x->media = media;
	x->canon.target = str_from(name);
	buf_put(&x->body, str_from(text));
	respond_document(gw, x);
}

#define FILE_ANSWER(function, type, name, text)                                                    \
	void function(const struct gateway *gw, struct store *store, struct exchange *x)           \
	{                                                                                          \
		static const struct media media = { type, STR(FIELDS) };                           \
                                                                                                   \
		(void)store;                                                                       \
		respond_file(gw, x, &media, name, text);                                           \
	}

FILE_ANSWER(status_page, "text/html; charset=utf-8", "/status/", index_html)
FILE_ANSWER(status_style, "text/css; charset=utf-8", "/status/status.css", status_css)
FILE_ANSWER(status_script, "text/javascript; charset=utf-8", "/status/status.js", status_js)
FILE_ANSWER(status_icon, "image/svg+xml", "/status/icon.svg", icon_svg)

/* ---- the state ---- */

void status_state(const struct gateway *gw, struct store *store, struct exchange *x)
{
	static const struct media media = { "application/json", STR(FIELDS) };
	struct status *s = gw->status;
	struct mono now = gw->clock->mono(gw->clock);

	x->media = &media;
	pthread_mutex_lock(&s->lock);
	if (!s->state.n || s->state.failed || now.ms - s->made_at.ms >= KEPT_MS) {
		const struct status_view view = { gw,	     store,	 s->redis,
						  s->prefix, x->catalog, x->arena };

		buf_clear(&s->state);
		status_put(&view, &s->state);
		s->made_at = gw->clock->mono(gw->clock);
	}
	x->body.failed |= s->state.failed;
	respond_page(x, 200, media.type, buf_str(&s->state));
	pthread_mutex_unlock(&s->lock);
}
