#include "policy/walk.h"

#include "base/limits.h"
#include "http/date.h"

static const char *const words[WALK_STATE_COUNT] = {
#define X(name, word) [WALK_##name] = (word),
	WALK_STATES(X)
#undef X
};

const char *walk_state_word(enum walk_state state)
{
	return words[state];
}

struct walk walk_begin(struct str target, struct wall now)
{
	return (struct walk){ .target = target, .count = -1, .begun = now, .moved = now };
}

void walk_advance(struct walk *walk, uint32_t size, int64_t count, struct wall now)
{
	walk->next += size;
	walk->count = count;
	walk->moved = now;
	walk->why = FAULT_NONE;
	if (walk->next >= count)
		walk->state = WALK_DONE;
}

void walk_put(struct buf *out, const struct walk *walk)
{
	char begun[DATE_ISO_BYTES];
	char moved[DATE_ISO_BYTES];

	date_put_iso(walk->begun, begun);
	date_put_iso(walk->moved, moved);
	buf_putf(out, "%s %lld %lld %.*s %.*s %s", words[walk->state], (long long)walk->next,
		 (long long)walk->count, DATE_ISO_BYTES, begun, DATE_ISO_BYTES, moved,
		 fault_word(walk->why));
}

static bool parse_state(struct str word, enum walk_state *ret)
{
	for (enum walk_state state = 0; state < WALK_STATE_COUNT; state++) {
		if (!str_eq(word, str_from(words[state])))
			continue;
		*ret = state;
		return true;
	}
	return false;
}

static bool parse_number(struct str word, int64_t least, int64_t *ret)
{
	return str_to_i64(word, ret) && *ret >= least && *ret <= LIMIT_OFFSET;
}

static bool parse_fault(struct str word, enum fault *ret)
{
	*ret = fault_named(word);
	return *ret != FAULT_NONE || str_eq(word, str_from(fault_word(FAULT_NONE)));
}

bool walk_parse(struct str target, struct str line, struct walk *ret)
{
	struct str rest = line;

	*ret = (struct walk){ .target = target };
	return target.n > 0 && parse_state(str_cut(&rest, ' '), &ret->state) &&
	       parse_number(str_cut(&rest, ' '), 0, &ret->next) &&
	       parse_number(str_cut(&rest, ' '), -1, &ret->count) &&
	       date_parse_iso(str_cut(&rest, ' '), &ret->begun) &&
	       date_parse_iso(str_cut(&rest, ' '), &ret->moved) && parse_fault(rest, &ret->why);
}
