/* Accept-Encoding: nobody gets what they refuse while they accept something else, and the order of
 * the members, their case and blanks between them do not matter. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "http/encoding.h"

#define MEMBERS_MAX 64

/* The members in the reverse order, in capitals, with blanks around them. */
static void put_otherwise(struct buf *b, struct str accept)
{
	struct str members[MEMBERS_MAX];
	size_t n = 0;

	while (accept.n && n < MEMBERS_MAX)
		members[n++] = str_cut(&accept, ',');
	while (n--) {
		buf_put(b, STR(" \t"));
		for (size_t i = 0; i < members[n].n; i++) {
			char c = members[n].p[i];

			buf_put_char(b, (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
		}
		buf_put(b, STR(" ,"));
	}
}

static size_t count(struct str s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

static bool mentions(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (str_eq_nocase(str_slice(text, i, i + word.n), word))
			return true;
	return false;
}

static void check_order(struct str accept)
{
	struct buf b = buf_init(8 * LIMIT_ACCEPT_BYTES);

	put_otherwise(&b, accept);
	if (b.n <= LIMIT_ACCEPT_BYTES)
		for (int worthwhile = 0; worthwhile < 2; worthwhile++)
			must(encoding_choose(buf_str(&b), worthwhile) ==
				     encoding_choose(accept, worthwhile),
			     "order, case and blanks do not matter");
	buf_release(&b);
}

/* What is added at the end as a member of its own. */
static enum coding with(struct str accept, const char *more, bool worthwhile)
{
	struct buf b = buf_init(2 * LIMIT_ACCEPT_BYTES);
	enum coding coding;

	buf_put(&b, accept);
	buf_put(&b, str_from(more));
	coding = encoding_choose(buf_str(&b), worthwhile);
	buf_release(&b);
	return coding;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str accept = fuzz_input(data, size);
	enum coding large = encoding_choose(accept, true);
	enum coding small = encoding_choose(accept, false);

	must(large < CODING_COUNT && small < CODING_COUNT, "a coding");
	must(large == CODING_GZIP || small == CODING_IDENTITY, "little is not coded sooner");
	if (large == CODING_GZIP)
		must(mentions(accept, STR("gzip")) || count(accept, '*') > 0,
		     "only who names it gets gzip");
	if (accept.n + 32 > LIMIT_ACCEPT_BYTES)
		return 0;
	must(with(accept, ",gzip;q=0", true) == CODING_IDENTITY, "who refuses gzip gets none");
	must(with(accept, ",identity;q=0", false) == with(accept, ",identity;q=0", true),
	     "who refuses identity is not asked how large the answer is");
	if (count(accept, ',') < MEMBERS_MAX - 1)
		check_order(accept);
	return 0;
}
