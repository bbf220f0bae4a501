#ifndef PERIGEE_APP_STATUS_H
#define PERIGEE_APP_STATUS_H

/*
 * The status page: `/status/` for people, whose files are built in (app/status_files.h), and
 * `/status/state.json`, which it asks for every two seconds (app/status_state.h).
 *
 * What it shows holds targets, and so the words that clients search for: nginx lets in only
 * whom its site says, the answers are not open to pages of other origins, and the page
 * may load nothing but what lies beside it. A state is made once a second, however many look.
 */

#include "app/exchange.h"
#include "app/gateway.h"
#include "io/redis.h"

struct status;

/* Uses a connection to Redis of its own; the options must outlive it. NULL without memory. */
struct status *status_new(const struct redis_options *redis, struct str prefix);
void status_free(struct status *s);

/* Tells the other workers of this one, and keeps what has been counted in the minute that is
 * over: once a second, from one thread. */
void status_publish(const struct gateway *gw);

/* Each answers x with one of the files, or the state. */
void status_page(const struct gateway *gw, struct store *store, struct exchange *x);
void status_style(const struct gateway *gw, struct store *store, struct exchange *x);
void status_script(const struct gateway *gw, struct store *store, struct exchange *x);
void status_icon(const struct gateway *gw, struct store *store, struct exchange *x);
void status_state(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
