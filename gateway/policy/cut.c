#include "policy/cut.h"

#include "api/moment.h"
#include "api/path.h"

/* What the objects of a window told. */
struct look {
	uint32_t *kept; /* the places of those that stay */
	uint32_t kept_n;
	uint32_t dropped; /* those in front that do not, where is_ordered */
	bool is_ordered;  /* by the one member that all bounds are about */
};

static bool read_moment(struct str object, struct str path, int64_t *ret_us)
{
	struct json_token t = path_value(object, path);

	return t.kind == TOKEN_STRING && !moment_parse(t.raw, ret_us);
}

/* What the bounds say of an object. */
struct judgement {
	bool stays;
	bool in_front; /* it stands in front of all that stays, if there is an order */
	int64_t us; /* the moment that the last bound is about; of an ordered list, all of them */
};

/* False: it cannot be told. */
static bool judge(struct str object, const struct bounds *bounds, struct judgement *ret)
{
	struct str path = STR("");

	*ret = (struct judgement){ .stays = true };
	for (size_t i = 0; i < bounds->n; i++) {
		const struct bound *bound = &bounds->list[i];

		if (!str_eq(bound->path, path) && !read_moment(object, bound->path, &ret->us))
			return false;
		path = bound->path;
		if (bound_admits(bound, ret->us))
			continue;
		ret->stays = false;
		ret->in_front |= bound_is_in_front(bound, bounds);
	}
	return true;
}

static bool look_at(const struct entry *first, const struct bounds *bounds, struct look *look)
{
	int64_t before_us = bounds->descends ? INT64_MAX : INT64_MIN;

	for (uint32_t i = 0; i < first->n; i++) {
		struct judgement it;

		if (!judge(entry_slice(first, i, i + 1), bounds, &it))
			return false;
		if (it.stays)
			look->kept[look->kept_n++] = i;
		look->dropped += it.in_front;
		look->is_ordered &= bounds->descends ? before_us >= it.us : before_us <= it.us;
		before_us = it.us;
	}
	return true;
}

bool cut_find(const struct entry *first, const struct bounds *bounds, struct arena *a,
	      struct cut *ret)
{
	struct look look = { .kept = arena_array(a, first->n + 1UL, sizeof(uint32_t)),
			     .is_ordered = bounds->place <= BOUNDS_AT_ENDS };
	bool is_whole = first->count == first->n;

	*ret = (struct cut){ .is_exact = false };
	if (!look.kept)
		return false;
	if ((!is_whole && !look.is_ordered) || !look_at(first, bounds, &look))
		return true;
	if (is_whole)
		*ret = (struct cut){ .is_exact = true, .kept = look.kept, .kept_n = look.kept_n };
	else if (look.is_ordered && look.dropped < first->n)
		*ret = (struct cut){ .is_exact = bounds->place == BOUNDS_IN_FRONT,
				     .dropped = look.dropped };
	return true;
}

int64_t cut_count(const struct cut *cut, int64_t count)
{
	if (cut->kept)
		return cut->kept_n;
	return count > cut->dropped ? count - cut->dropped : 0;
}

struct span cut_page(const struct cut *cut, int64_t offset, int64_t limit, int64_t count)
{
	if (cut->kept)
		return window_page(offset, limit, cut->kept_n);
	return window_page(offset + cut->dropped, limit, count);
}
