/* What nginx has written down: in whatever pieces it comes, the same is taken. */
#include "fuzz/fuzz.h"

#include "policy/numbers.h"

struct sums {
	uint64_t lines;
	uint64_t sum; /* may wrap */
};

static void take(void *ctx, uint64_t number, uint64_t n)
{
	struct sums *s = ctx;

	must(n > 0, "it came");
	s->lines += n;
	s->sum += number * n;
}

/* Reads as app/tally.c does, `step` bytes more at a time. */
static uint64_t read_in_steps(struct str text, size_t step, struct sums *sums)
{
	struct numbers numbers = { .take = take, .ctx = sums };
	size_t taken = 0;
	size_t there = 0;

	while (there < text.n) {
		there = there + step < text.n ? there + step : text.n;
		taken += numbers_read(&numbers, str_slice(text, taken, there));
		must(taken <= there, "no more than there is");
		must(there - taken < NUMBER_LINE_MAX, "what is left is the beginning of a line");
	}
	return numbers.bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);
	struct sums whole = { 0 };
	struct sums pieces = { 0 };
	uint64_t lines = 0;
	uint64_t bad = read_in_steps(text, text.n + 1, &whole);

	read_in_steps(text, 1, &pieces);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	must(whole.lines <= lines + text.n / NUMBER_LINE_MAX, "no more than there are lines");
	must(lines <= whole.lines + bad, "each line is a number or a bad one");
	if (!bad)
		must(whole.lines == pieces.lines && whole.sum == pieces.sum, "however it comes");
	return 0;
}
