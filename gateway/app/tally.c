#include "app/tally.h"

#include "app/metrics.h"
#include "io/log.h"
#include "io/tail.h"
#include "policy/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Given back to the file system from here on; a call is not worth it for less. */
#define FORGET_BYTES (64 * 1024)

struct tally {
	struct metrics *metrics;
	const char *path; /* empty: nothing is read */
	struct tail *tail;
	bool reading;	   /* it is for us to read the file */
	int64_t forgotten; /* up to where its bytes are given back */
	struct numbers numbers;
	uint64_t unknown; /* numbers that mean nothing */
	bool complained;
	char bytes[TALLY_BYTES];
};

static void take(void *ctx, uint64_t number, uint64_t n)
{
	struct tally *t = ctx;

	if (!metrics_front(t->metrics, number, n))
		t->unknown += n;
}

struct tally *tally_new(struct metrics *m, const char *path)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->metrics = m;
	t->path = path ? path : "";
	t->numbers.take = take;
	t->numbers.ctx = t;
	return t;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	tail_close(t->tail);
	free(t);
}

/* Says it once, until it is over. */
static void complain(struct tally *t, const char *reason)
{
	if (!t->complained)
		log_line(LOG_WARN, "tally_failed", "file=\"%s\" reason=\"%s\"", t->path, reason);
	t->complained = true;
}

static bool open_file(struct tally *t)
{
	if (!t->tail)
		t->tail = tail_open(t->path);
	if (!t->tail)
		complain(t, strerrordesc_np(errno));
	else
		t->complained = false;
	return t->tail != NULL;
}

/* Where to go on. */
static int64_t begin(struct tally *t, struct metrics_cursor *cursor)
{
	int64_t end = tail_end(t->tail);
	int64_t offset = (int64_t)counter_get(&cursor->offset);
	uint64_t file = counter_get(&cursor->file);

	/* New counters: what stands there was for those of before. */
	if (!file)
		offset = end;
	/* A new file, or one that somebody has emptied. */
	else if (file != tail_id(t->tail) || offset > end)
		offset = 0;
	counter_set(&cursor->offset, (uint64_t)offset);
	counter_set(&cursor->file, tail_id(t->tail));
	return offset;
}

/* All whole lines from there on. */
static void read_on(struct tally *t, struct metrics_cursor *cursor, int64_t offset)
{
	for (;;) {
		ssize_t n = tail_read(t->tail, offset, t->bytes, sizeof(t->bytes));
		size_t taken;

		if (n <= 0)
			break;
		taken = numbers_read(&t->numbers, (struct str){ t->bytes, (size_t)n });
		if (!taken)
			break;
		offset += (int64_t)taken;
		counter_set(&cursor->offset, (uint64_t)offset);
	}
	if (offset - t->forgotten >= FORGET_BYTES) {
		tail_forget(t->tail, offset);
		t->forgotten = offset;
	}
}

/* Lines that are none come from outside, or from a disk that is full: the counts are not exact. */
static void tell_of_bad_lines(struct tally *t)
{
	unsigned long long lost = t->numbers.bad + t->unknown;

	if (lost)
		log_line(LOG_WARN, "tally_lines_lost", "file=\"%s\" lines=%llu", t->path, lost);
	t->numbers.bad = t->unknown = 0;
}

void tally_round(struct tally *t)
{
	struct metrics_cursor *cursor = metrics_front_cursor(t->metrics);

	if (!t->path[0] || !open_file(t))
		return;
	if (tail_own(t->tail)) {
		read_on(t, cursor, begin(t, cursor));
		tell_of_bad_lines(t);
	}
	if (tail_is_replaced(t->tail)) {
		/* What stood in this one is counted. */
		tail_close(t->tail);
		t->tail = NULL;
		t->forgotten = 0;
	}
}
