/* If-Match and If-None-Match, a line each: a tag is found exactly where it is named, weak tags are
 * told from strong ones, and whatever else stands in the fields is no match. */
#include "fuzz/fuzz.h"

#include "http/condition.h"

#define TAG "\"0123456789abcdef-gzip\""

static bool holds(struct str text, struct str part)
{
	return text.n >= part.n && part.n && memmem(text.p, text.n, part.p, part.n);
}

static enum condition ask(struct str if_match, struct str if_none_match)
{
	struct request req = { .if_match = if_match, .if_none_match = if_none_match };

	return condition_of(&req, STR(TAG));
}

/* The field with a member in front. */
static struct str led_by(struct buf *b, const char *member, struct str list)
{
	buf_clear(b);
	buf_put(b, str_from(member));
	buf_put(b, list);
	return buf_str(b);
}

static void check_leading(struct str list)
{
	const struct str none = STR("");
	struct buf b = buf_init(1 << 20);

	must(ask(none, led_by(&b, TAG " , ", list)) == CONDITION_NOT_MODIFIED,
	     "a tag at the beginning is found");
	must(ask(none, led_by(&b, "W/" TAG ",", list)) == CONDITION_NOT_MODIFIED, "a weak one too");
	must(ask(led_by(&b, TAG ",", list), none) == CONDITION_HOLDS, "and in If-Match");
	if (list.n && !str_eq(str_trim(list), STR("*")))
		must(ask(led_by(&b, "W/" TAG ",", list), none) == ask(list, none),
		     "but a weak one matches nothing there");
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);
	struct str if_match = fuzz_line(&rest);
	struct str if_none_match = fuzz_line(&rest);
	bool star = str_eq(str_trim(if_none_match), STR("*"));

	switch (ask(if_match, if_none_match)) {
	case CONDITION_FAILED:
		must(if_match.n > 0, "without If-Match nothing fails");
		break;
	case CONDITION_NOT_MODIFIED:
		must(star || holds(if_none_match, STR(TAG)), "what is not there does not match");
		break;
	case CONDITION_HOLDS:
		must(!star, "the star matches");
		break;
	}
	check_leading(if_match);
	check_leading(if_none_match);
	return 0;
}
