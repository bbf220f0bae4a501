#include "policy/news.h"

static const struct str words[] = {
	[NEWS_FILLED] = STR("filled"),
	[NEWS_FAILED] = STR("failed"),
	[NEWS_PURGED] = STR("purged"),
	[NEWS_ORIGIN] = STR("origin"),
};

static bool has_target(enum news_kind kind)
{
	return kind == NEWS_FILLED || kind == NEWS_FAILED;
}

/* A day: what upstream's own Retry-After is cut to. */
#define RETRY_MAX_S (24 * 3600)

void news_put(struct buf *out, const struct bulletin *b)
{
	buf_put(out, words[b->kind]);
	if (b->kind == NEWS_FAILED)
		buf_putf(out, " %s %d", fault_word(b->fail.fault), b->fail.retry_after_s);
	if (b->kind == NEWS_ORIGIN)
		return;
	buf_put_char(out, ' ');
	if (b->kind == NEWS_PURGED)
		purge_put(out, &b->purge);
	else
		buf_put(out, b->target);
}

static bool parse_failure(struct str *rest, struct fail *ret)
{
	struct str word = str_cut(rest, ' ');
	struct str seconds = str_cut(rest, ' ');
	enum fault fault = fault_named(word);
	int64_t retry_s;

	if (fault == FAULT_NONE || !str_to_i64(seconds, &retry_s) || retry_s < 0 ||
	    retry_s > RETRY_MAX_S)
		return false;
	fail_set(ret, fault, "%s.", fault_title(fault));
	ret->retry_after_s = (int)retry_s;
	return true;
}

static bool parse_purge(struct str line, struct str rest, struct purge *ret)
{
	*ret = (struct purge){ PURGE_DELETE, PURGE_ALL, { NULL, 0 } };
	return str_eq(line, words[NEWS_PURGED]) || purge_parse(rest, ret);
}

bool news_parse(struct str line, struct bulletin *ret)
{
	struct str rest = line;
	struct str word = str_cut(&rest, ' ');

	*ret = (struct bulletin){ .kind = NEWS_FILLED };
	while (!str_eq(word, words[ret->kind]))
		if (ret->kind++ == NEWS_ORIGIN)
			return false;
	if (ret->kind == NEWS_PURGED)
		return parse_purge(line, rest, &ret->purge);
	if (ret->kind == NEWS_FAILED && !parse_failure(&rest, &ret->fail))
		return false;
	ret->target = rest;
	return (rest.n > 0) == has_target(ret->kind);
}
