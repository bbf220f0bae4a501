/* What a worker sends to our commands: the same in whatever pieces it comes, and never more than
 * was sent. */
#include "fuzz/fuzz.h"

#include "io/fcgi_client.h"

#define CAP 4096

/* Feeds it in pieces of that size, until something is wrong. */
static bool feed(struct fcgi_reply *r, struct str bytes, size_t piece)
{
	for (size_t at = 0; at < bytes.n; at += piece) {
		size_t to = at + piece < bytes.n ? at + piece : bytes.n;

		if (!fcgi_reply_feed(r, str_slice(bytes, at, to)))
			return false;
	}
	return true;
}

static void check_answer(struct str out)
{
	struct cgi_answer answer;

	if (!cgi_answer_read(out, &answer))
		return;
	must(answer.status >= 100 && answer.status <= 599, "a status is one of HTTP's");
	must(answer.body.n <= out.n, "the body is a part");
	must(!answer.body.n || answer.body.p + answer.body.n == out.p + out.n, "and the last one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = fuzz_input(data, size);
	struct fcgi_reply whole = fcgi_reply_init(CAP);
	struct fcgi_reply pieces = fcgi_reply_init(CAP);
	bool good = feed(&whole, bytes, bytes.n ? bytes.n : 1);

	must(feed(&pieces, bytes, 1) == good, "whether it is one does not depend on pieces");
	must(whole.done == pieces.done, "nor does its end");
	must(whole.out.n <= CAP && whole.out.n <= bytes.n, "the cap holds");
	if (good)
		must(str_eq(buf_str(&whole.out), buf_str(&pieces.out)), "nor does what it says");
	check_answer(buf_str(&whole.out));
	check_answer(bytes);
	fcgi_reply_release(&whole);
	fcgi_reply_release(&pieces);
	return 0;
}
