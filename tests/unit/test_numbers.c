#include "unit/test.h"

#include "base/buf.h"
#include "policy/numbers.h"

#include <stdio.h>

/* What was taken, as text: `131*2 18*1`. */
struct taken {
	struct buf text;
	struct numbers numbers;
};

static void take(void *ctx, uint64_t number, uint64_t n)
{
	struct taken *t = ctx;

	buf_putf(&t->text, "%s%llu*%llu", t->text.n ? " " : "", (unsigned long long)number,
		 (unsigned long long)n);
}

static void lines(void **state)
{
	static const struct {
		const char *text;
		const char *taken;
		size_t left; /* bytes */
		uint64_t bad;
	} cases[] = {
		{ "", "", 0, 0 },
		{ "131\n", "131*1", 0, 0 },
		{ "131\n131\n18\n131\n", "131*2 18*1 131*1", 0, 0 },
		{ "0\n0\n", "0*2", 0, 0 },
		{ "007\n", "7*1", 0, 0 },
		{ "131\n13", "131*1", 2, 0 },
		{ "13", "", 2, 0 },
		{ "-\n5\n", "5*1", 0, 1 },
		{ "\n5\n\n", "5*1", 0, 2 },
		{ "1 2\n-3\n4\r\n+5\n0x6\n7\n", "7*1", 0, 5 },
		{ "9999999999999999999\n", "9999999999999999999*1", 0, 0 },
		{ "99999999999999999999\n1\n", "1*1", 0, 1 },
		{ "1234567890123456789", "", 19, 0 },
		/* It is too long already; its end is looked at as a line of its own. */
		{ "12345678901234567890", "", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct taken t = { .text = buf_init(1000), .numbers.take = take };
		struct str text = str_from(cases[i].text);
		size_t n;

		t.numbers.ctx = &t;
		n = numbers_read(&t.numbers, text);
		if (!str_eq(buf_str(&t.text), str_from(cases[i].taken)) ||
		    text.n - n != cases[i].left || t.numbers.bad != cases[i].bad)
			fail_msg("`%s`: `%.*s`, %zu left, %llu bad", cases[i].text,
				 STR_ARG(buf_str(&t.text)), text.n - n,
				 (unsigned long long)t.numbers.bad);
		buf_release(&t.text);
	}
}

/* Between any two bytes nginx may not be done yet. */
static void pieces(void **state)
{
	static const struct str text = STR("131\n131\n18\n-\n4\n");

	(void)state;
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct taken t = { .text = buf_init(1000), .numbers.take = take };
		uint64_t sum = 0;
		size_t n;

		t.numbers.ctx = &t;
		n = numbers_read(&t.numbers, str_slice(text, 0, cut));
		assert_true(n <= cut);
		n += numbers_read(&t.numbers, str_slice(text, n, text.n));
		assert_int_equal(n, text.n);
		assert_int_equal(t.numbers.bad, 1);
		for (char *at = strtok(t.text.p, " "); at; at = strtok(NULL, " ")) {
			unsigned long long number;
			unsigned long long times;

			assert_int_equal(sscanf(at, "%llu*%llu", &number, &times), 2);
			sum += number * times;
		}
		assert_int_equal(sum, 131 + 131 + 18 + 4);
		buf_release(&t.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
