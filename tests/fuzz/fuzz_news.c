/* News of other workers: a line that is believed is whole, and reads the same when told again. */
#include "fuzz/fuzz.h"

#include "policy/news.h"

/* What is purged is what the line names: a target itself, an endpoint's own path, an object. */
static void check_purge(struct str line, const struct purge *p)
{
	must(p->mode < PURGE_MODES && p->scope < PURGE_SCOPES, "one of those there are");
	must((p->scope == PURGE_ALL) == (p->what.n == 0), "all but all say what");
	must(!p->what.n || p->what.p + p->what.n == line.p + line.n, "at the line's end");
	must(!p->what.n || str_starts(p->what, STR("/")), "by an address");
	must(purge_hits(p, p->what, STR("")) || p->scope == PURGE_ALL, "it means what it names");
	must(purge_hits(p, STR("/"), STR("")) ==
		     (p->scope == PURGE_ALL || str_eq(p->what, STR("/"))),
	     "and nothing else");
}

static void check(struct str line, const struct bulletin *b)
{
	struct buf told = buf_init(NEWS_BYTES + line.n);
	struct bulletin again;

	must((b->kind == NEWS_PURGED || b->kind == NEWS_ORIGIN) == (b->target.n == 0),
	     "news of a fill have a target, others have none");
	if (b->kind == NEWS_PURGED)
		check_purge(line, &b->purge);
	must(b->target.n <= line.n, "the target is part of the line");
	must(!b->target.n || b->target.p + b->target.n == line.p + line.n, "and ends it");
	must((b->kind == NEWS_FAILED) == (b->fail.fault != FAULT_NONE), "a failure has a fault");
	must(b->fail.retry_after_s >= 0 && b->fail.retry_after_s <= 24 * 3600,
	     "nobody is kept waiting for more than a day");
	must(memchr(b->fail.text, '\0', sizeof(b->fail.text)) != NULL, "the text ends");
	news_put(&told, b);
	must(!told.failed, "it can be told again");
	must(news_parse(buf_str(&told), &again), "and is news again");
	must(again.kind == b->kind && str_eq(again.target, b->target) &&
		     again.fail.fault == b->fail.fault &&
		     again.fail.retry_after_s == b->fail.retry_after_s &&
		     again.purge.mode == b->purge.mode && again.purge.scope == b->purge.scope &&
		     str_eq(again.purge.what, b->purge.what),
	     "the same");
	buf_release(&told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = fuzz_input(data, size);
	struct bulletin b;

	if (news_parse(line, &b))
		check(line, &b);
	return 0;
}
