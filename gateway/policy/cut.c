#include "policy/cut.h"

#include "api/moment.h"
#include "api/path.h"

/* What the objects of a window told. */
struct look {
	uint32_t *kept; /* the places of those that stay; NULL: nobody asks */
	uint32_t kept_n;
	uint32_t in_front; /* how many go in front, where is_ordered */
	uint32_t at_end;
	bool is_ordered; /* by the one member that all bounds are about */
};

static bool read_moment(struct str object, struct str path, int64_t *ret_us)
{
	struct json_token t = path_value(object, path);

	return t.kind == TOKEN_STRING && !moment_parse(t.raw, ret_us);
}

/* What the bounds say of an object. */
struct judgement {
	bool stays;
	bool in_front; /* it stands in front of all that stays, if there is an order; */
	bool at_end;   /* or behind it */
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
		if (bound_is_in_front(bound, bounds))
			ret->in_front = true;
		else
			ret->at_end = true;
	}
	return true;
}

static bool look_at(const struct entry *window, const struct bounds *bounds, struct look *look)
{
	int64_t before_us = bounds->descends ? INT64_MAX : INT64_MIN;

	for (uint32_t i = 0; i < window->n; i++) {
		struct judgement it;

		if (!judge(entry_slice(window, i, i + 1), bounds, &it))
			return false;
		if (it.stays && look->kept)
			look->kept[look->kept_n++] = i;
		look->in_front += it.in_front;
		look->at_end += it.at_end;
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
	else if (look.is_ordered && look.in_front < first->n)
		*ret = (struct cut){ .is_exact = bounds->place == BOUNDS_IN_FRONT,
				     .is_open = bounds->place != BOUNDS_IN_FRONT,
				     .dropped = look.in_front };
	return true;
}

void cut_end(const struct entry *last, const struct bounds *bounds, struct cut *cut)
{
	struct look look = { .is_ordered = true };

	if (!look_at(last, bounds, &look) || !look.is_ordered) {
		cut->is_open = false;
		return;
	}
	cut->trimmed += look.at_end;
	cut->is_exact = look.at_end < last->n;
	cut->is_open = !cut->is_exact;
}

int64_t cut_count(const struct cut *cut, int64_t count)
{
	if (cut->kept)
		return cut->kept_n;
	count -= (int64_t)cut->dropped + cut->trimmed;
	return count > 0 ? count : 0;
}

struct span cut_page(const struct cut *cut, int64_t offset, int64_t limit, int64_t count)
{
	int64_t end = count > cut->trimmed ? count - cut->trimmed : 0;

	if (cut->kept)
		return window_page(offset, limit, cut->kept_n);
	return window_page(offset + cut->dropped, limit, end);
}
