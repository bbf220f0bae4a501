#ifndef PERIGEE_API_BOUNDS_H
#define PERIGEE_API_BOUNDS_H

/*
 * Moving bounds of time: `net__gte=<now to the millisecond>` is another question
 * every time it is asked. So upstream is asked for a little more than the client
 * wants: each bound is moved outwards to a grid that many requests share, a day or
 * the configured step. What is too much is cut off again (policy/cut.h).
 *
 * Outwards is down for gt and gte, up for lt, and for lte up to the last
 * microsecond before the grid's next point: at that point itself, where upstream puts
 * everything whose hour it does not know, stands what nobody meant.
 *
 * A bound that lies on the grid of days (a date, a midnight) is left alone.
 * Moments are microseconds since 1970, in UTC. Pure.
 */

#include "api/catalog.h"
#include "http/query.h"

struct bound {
	size_t at;		   /* its place in the filter */
	enum filter_lookup lookup; /* GT, GTE, LT or LTE */
	struct str path;	   /* what it looks at; it leads through no array */
	int64_t us;
};

/* What the order of the list says about the objects that lie between a moved bound and the exact
 * one. The order is what the client asks for, or else what the table says. */
enum bounds_place {
	BOUNDS_IN_FRONT,  /* it is by what is bounded: they all stand in front */
	BOUNDS_AT_ENDS,	  /* it is by what is bounded: some or all stand at the end */
	BOUNDS_ANYWHERE,  /* nothing */
	BOUNDS_SCATTERED, /* nothing, and the client wants it so */
};

struct bounds {
	const struct bound *list;
	size_t n; /* 0: there are none, and nothing else counts */
	enum bounds_place place;
	bool descends; /* IN_FRONT, AT_ENDS: the list begins with the latest moment */
};

/* Finds those bounds in the canonical filter of a list. False: the arena is exhausted. */
bool bounds_find(const struct endpoint *endpoint, const struct query *filter, struct arena *a,
		 struct bounds *ret);

/* Where the bound comes to lie on a grid of `step_us`. */
int64_t bound_rounded(const struct bound *bound, int64_t step_us);

/* Does an object whose member has this moment lie within the bound? */
bool bound_admits(const struct bound *bound, int64_t us);

/* gt and gte. */
bool bound_is_lower(const struct bound *bound);

/* In a list that is ordered by what is bounded: does the bound cut off its front, not its end? */
bool bound_is_in_front(const struct bound *bound, const struct bounds *bounds);

/* The same bounds, all of them so much earlier; one that leaves the calendar stays. */
bool bounds_earlier(const struct bounds *bounds, int64_t us, struct arena *a, struct bounds *ret);

/* The filter with all bounds rounded; each is written with at most seven characters more than it
 * was. False: the arena is exhausted. */
bool bounds_round(const struct bounds *bounds, const struct query *filter, int64_t step_us,
		  struct arena *a, struct query *ret);

#endif
