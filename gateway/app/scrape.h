#ifndef PERIGEE_APP_SCRAPE_H
#define PERIGEE_APP_SCRAPE_H

/*
 * `/metrics`: what has been counted (app/metrics.h), with what is found out when
 * somebody asks: how Redis is, and how much of the budgets is left. That is kept for a
 * second, so that no number of scrapers is more to Redis than one. What Redis does not
 * say is left out, never guessed; perigee_redis_up is 0 then.
 */

#include "app/exchange.h"
#include "app/gateway.h"

struct scrape;

struct scrape *scrape_new(void);
void scrape_free(struct scrape *s);

/* Fills in this worker's row of gauges: once a second, from any thread. */
void scrape_publish(struct scrape *s, const struct gateway *gw);

/* Answers x with the page. */
void scrape_answer(const struct gateway *gw, struct store *store, struct exchange *x);

#endif
