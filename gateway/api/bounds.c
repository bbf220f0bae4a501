#include "api/bounds.h"

#include "api/moment.h"

/* ---- finding ---- */

static bool is_bound(const struct param *param)
{
	switch (param->lookup) {
	case LOOKUP_GT:
	case LOOKUP_GTE:
	case LOOKUP_LT:
	case LOOKUP_LTE:
		return param->rule.type == VALUE_DATETIME && param->path.n &&
		       str_find(param->path, '[') == param->path.n;
	default:
		return false;
	}
}

/* Is it on the grid of days, or would it leave the calendar? */
static bool stays(const struct bound *bound)
{
	int64_t rounded = bound_rounded(bound, MOMENT_DAY_US);

	return rounded == bound->us || !moment_is_writable(rounded);
}

/* Reads the filter's pair at `at`. False: it is no bound that can be moved. */
static bool read_bound(const struct endpoint *endpoint, const struct query *filter, size_t at,
		       struct bound *ret)
{
	const struct pair *pair = &filter->pairs[at];
	const struct param *param = endpoint_param(endpoint, pair->name);

	if (!param || !is_bound(param))
		return false;
	*ret = (struct bound){ .at = at, .lookup = param->lookup, .path = param->path };
	return !moment_parse(pair->value, &ret->us) && !stays(ret);
}

/* What the list is ordered by first, and whether the client says so. */
struct order {
	struct str path;
	bool descends;
	bool is_asked;
};

static struct order find_order(const struct endpoint *endpoint, const struct query *filter)
{
	struct str terms = endpoint->sorted;
	struct order order = { .is_asked = false };

	/* Where the table does not know the parameter, it may be repeated: the last one counts. */
	for (size_t i = 0; i < filter->n; i++) {
		if (str_eq(filter->pairs[i].name, STR("ordering"))) {
			terms = filter->pairs[i].value;
			order.is_asked = true;
		}
	}
	order.path = str_trim(str_cut(&terms, ','));
	order.descends = str_starts(order.path, STR("-"));
	order.path = str_slice(order.path, order.descends, order.path.n);
	for (size_t i = 0; i < endpoint->order_n; i++)
		if (str_eq(endpoint->order[i].name, order.path))
			order.path = endpoint->order[i].path;
	return order;
}

static enum bounds_place find_place(const struct bounds *bounds, const struct order *order)
{
	enum bounds_place place = BOUNDS_IN_FRONT;

	for (size_t i = 0; i < bounds->n; i++) {
		if (!str_eq(bounds->list[i].path, order->path))
			return order->is_asked ? BOUNDS_SCATTERED : BOUNDS_ANYWHERE;
		if (!bound_is_in_front(&bounds->list[i], bounds))
			place = BOUNDS_AT_ENDS;
	}
	return place;
}

bool bounds_find(const struct endpoint *endpoint, const struct query *filter, struct arena *a,
		 struct bounds *ret)
{
	struct bound *list = NULL;
	struct bound bound;
	struct order order;
	size_t n = 0;

	*ret = (struct bounds){ .n = 0 };
	for (size_t i = 0; i < filter->n; i++) {
		if (!read_bound(endpoint, filter, i, &bound))
			continue;
		if (!list)
			list = arena_array(a, filter->n, sizeof(*list));
		if (!list)
			return false;
		list[n++] = bound;
	}
	if (!n)
		return true;
	order = find_order(endpoint, filter);
	*ret = (struct bounds){ .list = list, .n = n, .descends = order.descends };
	ret->place = find_place(ret, &order);
	return true;
}

/* ---- arithmetic ---- */

bool bound_is_lower(const struct bound *bound)
{
	return bound->lookup == LOOKUP_GT || bound->lookup == LOOKUP_GTE;
}

bool bound_is_in_front(const struct bound *bound, const struct bounds *bounds)
{
	return bound_is_lower(bound) != bounds->descends;
}

bool bound_admits(const struct bound *bound, int64_t us)
{
	switch (bound->lookup) {
	case LOOKUP_GT:
		return us > bound->us;
	case LOOKUP_GTE:
		return us >= bound->us;
	case LOOKUP_LT:
		return us < bound->us;
	default:
		return us <= bound->us;
	}
}

int64_t bound_rounded(const struct bound *bound, int64_t step_us)
{
	/* Before 1970 too: C's remainder is negative there. */
	int64_t above = (bound->us % step_us + step_us) % step_us;

	if (!above)
		return bound->us;
	if (bound_is_lower(bound))
		return bound->us - above;
	return bound->us - above + step_us - (bound->lookup == LOOKUP_LTE);
}

bool bounds_earlier(const struct bounds *bounds, int64_t us, struct arena *a, struct bounds *ret)
{
	struct bound *list = arena_array(a, bounds->n, sizeof(*list));

	if (!list)
		return false;
	for (size_t i = 0; i < bounds->n; i++) {
		list[i] = bounds->list[i];
		if (moment_is_writable(list[i].us - us))
			list[i].us -= us;
	}
	*ret = *bounds;
	ret->list = list;
	return true;
}

bool bounds_round(const struct bounds *bounds, const struct query *filter, int64_t step_us,
		  struct arena *a, struct query *ret)
{
	struct pair *pairs = arena_array(a, filter->n, sizeof(*pairs));

	if (!pairs)
		return false;
	memcpy(pairs, filter->pairs, filter->n * sizeof(*pairs));
	for (size_t i = 0; i < bounds->n; i++) {
		const struct bound *bound = &bounds->list[i];
		char text[MOMENT_BYTES];

		pairs[bound->at].value =
			arena_dup(a, moment_put(bound_rounded(bound, step_us), text));
		if (!pairs[bound->at].value.p)
			return false;
	}
	*ret = (struct query){ pairs, filter->n };
	return true;
}
