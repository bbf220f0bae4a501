#include "policy/numbers.h"

#include <string.h>

static bool read_number(struct str line, uint64_t *ret)
{
	uint64_t number = 0;

	/* As many digits as cannot overflow. */
	if (!line.n || line.n >= NUMBER_LINE_MAX)
		return false;
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(line.p[i] - '0');
	}
	*ret = number;
	return true;
}

static void flush(struct numbers *to, uint64_t number, uint64_t *n)
{
	if (*n)
		to->take(to->ctx, number, *n);
	*n = 0;
}

size_t numbers_read(struct numbers *to, struct str text)
{
	uint64_t last = 0;
	uint64_t times = 0;
	size_t taken = 0;

	while (taken < text.n) {
		const char *line = text.p + taken;
		const char *end = memchr(line, '\n', text.n - taken);
		size_t n = end ? (size_t)(end - line) : text.n - taken;
		uint64_t number;

		/* The rest of it may still come; of what is too long already nothing is wanted. */
		if (!end && n < NUMBER_LINE_MAX)
			break;
		if (!read_number((struct str){ line, n }, &number)) {
			to->bad++;
		} else {
			if (number != last)
				flush(to, last, &times);
			last = number;
			times++;
		}
		taken += n + (end != NULL);
	}
	flush(to, last, &times);
	return taken;
}
