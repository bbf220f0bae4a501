/*
 * Stored answers, as they may come back from Redis: all behind the first line, for which the right
 * one is put, since no mutation would ever hit the sum in it. What is read is whole and can be
 * written: the same bytes again, unless numbers were written in another way.
 */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "policy/composed.h"

#define CAP (4UL * 1024 * 1024)

static bool same(const struct composed *a, const struct composed *b)
{
	bool same = a->coding == b->coding && a->length == b->length && str_eq(a->hash, b->hash) &&
		    a->parts_n == b->parts_n && str_eq(a->body, b->body);

	for (size_t i = 0; same && i < a->parts_n; i++) {
		const struct composed_part *p = &a->parts[i];
		const struct composed_part *q = &b->parts[i];

		same = str_eq(p->sum, q->sum) && p->kind == q->kind && p->count == q->count &&
		       p->fetched.ms == q->fetched.ms && p->fresh_until.ms == q->fresh_until.ms &&
		       p->usable_until.ms == q->usable_until.ms;
	}
	return same;
}

static void check_hash(struct str hash)
{
	must(hash.n == HASH_HEX_BYTES, "a hash has its length");
	for (size_t i = 0; i < hash.n; i++)
		must(strchr("0123456789abcdef", hash.p[i]) && hash.p[i], "a hash is hexadecimal");
}

static void check(const struct composed *c)
{
	must(c->parts_n > 0 && c->parts_n <= COMPOSED_PARTS, "it is made of something");
	must(c->length <= LIMIT_ANSWER_BYTES, "the cap holds");
	must(c->coding != CODING_IDENTITY || c->body.n == c->length, "the body is whole");
	check_hash(c->hash);
	for (size_t i = 0; i < c->parts_n; i++) {
		check_hash(c->parts[i].sum);
		must(c->parts[i].count >= 0, "a count is not negative");
		must(c->parts[i].kind != ENTRY_REFUSAL, "a refusal is no part of an answer");
	}
}

static void check_round_trip(const struct composed *c, uint64_t seed)
{
	struct buf b = buf_init(CAP);
	struct composed again;

	composed_write(c, &b);
	must(!b.failed && composed_read(buf_str(&b), &again) && same(c, &again),
	     "what is written reads back the same");
	b.p[seed % b.n] ^= 1;
	must(!composed_read(buf_str(&b), &again), "a changed byte is noticed");
	buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = fuzz_input(data, size);
	struct buf b = buf_init(CAP);
	char sum[HASH_HEX_BYTES];
	struct composed c;

	composed_read(rest, &c);
	hash_hex(rest, sum);
	buf_putf(&b, "1 %.*s\n", HASH_HEX_BYTES, sum);
	buf_put(&b, rest);
	if (!b.failed && composed_read(buf_str(&b), &c)) {
		check(&c);
		check_round_trip(&c, hash64(rest));
	}
	buf_release(&b);
	return 0;
}
