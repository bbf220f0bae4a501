/*
 * Decoding of percent-encoded text: what comes out is clean, and writing it and
 * reading it again changes nothing.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "http/url.h"

static void check_clean(struct str s)
{
	must(utf8_valid(s), "decoded text is UTF-8");
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7F,
		     "decoded text has no control characters");
}

/* The encoding is plain ASCII that needs no escape in a header field, JSON or HTML. */
static void check_plain(struct str encoded)
{
	for (size_t i = 0; i < encoded.n; i++) {
		char c = encoded.p[i];

		must(c > ' ' && c < 0x7F && !strchr("\"&<=>#?\\", c), "encoded text is plain");
	}
}

static void check(struct str raw, enum url_decode how)
{
	struct arena *a = arena_new(LIMIT_REQUEST_BYTES);
	struct buf out = buf_init(LIMIT_REQUEST_BYTES);
	struct str decoded;
	struct str again;
	const char *why = url_decode(raw, how, a, &decoded);

	if (!why) {
		must(decoded.n <= raw.n, "decoding does not lengthen");
		check_clean(decoded);
		url_put_form(&out, decoded);
		must(!out.failed, "there is room for the encoding");
		check_plain(buf_str(&out));
		why = url_decode(buf_str(&out), URL_QUERY, a, &again);
		must(!why, "what was written is read");
		must(str_eq(decoded, again), "what was written reads the same");
	} else {
		must(*why, "a refusal has a reason");
	}
	buf_release(&out);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str raw = fuzz_input(data, size);

	if (size > LIMIT_TARGET_BYTES)
		return 0;
	check(raw, URL_PATH);
	check(raw, URL_QUERY);
	return 0;
}
