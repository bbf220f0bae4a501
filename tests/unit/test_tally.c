#include "unit/test.h"

#include "app/metrics.h"
#include "app/tally.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct wall start = { 1795468800000 };

/* Two workers of a host, and the file that nginx writes into. */
struct host {
	char folder[64];
	char counters[100];
	char hits[100];
	struct metrics *metrics[2];
	struct tally *tallies[2];
};

static void open_worker(struct host *h, size_t i)
{
	struct fail failure;

	h->metrics[i] = metrics_open(h->counters, start, &failure);
	assert_non_null(h->metrics[i]);
	h->tallies[i] = tally_new(h->metrics[i], h->hits);
	assert_non_null(h->tallies[i]);
}

static void close_worker(struct host *h, size_t i)
{
	tally_free(h->tallies[i]);
	metrics_close(h->metrics[i]);
	h->tallies[i] = NULL;
	h->metrics[i] = NULL;
}

static int set_up(void **state)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	snprintf(h->folder, sizeof(h->folder), "/tmp/perigee-unit-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	snprintf(h->counters, sizeof(h->counters), "%s/metrics", h->folder);
	snprintf(h->hits, sizeof(h->hits), "%s/hits", h->folder);
	open_worker(h, 0);
	open_worker(h, 1);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct host *h = *state;

	close_worker(h, 0);
	close_worker(h, 1);
	unlink(h->counters);
	unlink(h->hits);
	rmdir(h->folder);
	free(h);
	return 0;
}

/* As nginx does. */
static void append(const struct host *h, const char *text)
{
	FILE *f = fopen(h->hits, "a");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* What has been counted as answered by nginx. */
static uint64_t counted(const struct host *h)
{
	return counter_get(metrics_sum(h->metrics[h->metrics[0] ? 0 : 1], SUM_MICROCACHE));
}

static void one_of_them_reads(void **state)
{
	struct host *h = *state;

	tally_round(h->tallies[0]);
	append(h, "0\n0\n8\n");
	tally_round(h->tallies[1]); /* it has not got the lock */
	assert_int_equal(counted(h), 0);
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 3);
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 3);
	append(h, "8\n1");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 4);
	append(h, "6\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 5);
}

static void another_one_goes_on(void **state)
{
	struct host *h = *state;

	tally_round(h->tallies[0]);
	append(h, "0\n0\n8\n");
	tally_round(h->tallies[0]);
	append(h, "8\n");
	close_worker(h, 0);
	tally_round(h->tallies[1]);
	assert_int_equal(counted(h), 4);
	/* Both are started anew, while nginx goes on. */
	close_worker(h, 1);
	append(h, "8\n8\n");
	open_worker(h, 0);
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 6);
}

/* What is no number, and a number that stands for nothing. */
static void lines_that_are_none(void **state)
{
	struct host *h = *state;

	tally_round(h->tallies[0]);
	append(h, "-\n0\n4294967295\n\n0\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 2);
}

/* Counters that were made anew have nothing to do with what was written before. */
static void new_counters(void **state)
{
	struct host *h = *state;

	append(h, "0\n0\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 0);
	append(h, "0\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 1);
}

static void another_file_in_its_place(void **state)
{
	struct host *h = *state;
	char aside[110];

	snprintf(aside, sizeof(aside), "%s.1", h->hits);
	tally_round(h->tallies[0]);
	append(h, "0\n");
	tally_round(h->tallies[0]);
	append(h, "0\n");
	assert_int_equal(rename(h->hits, aside), 0);
	append(h, "0\n0\n0\n");
	tally_round(h->tallies[0]); /* the rest of the old one */
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 5);
	assert_int_equal(truncate(h->hits, 0), 0);
	append(h, "0\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), 6);
	unlink(aside);
}

/* Megabytes of lines take no room once they are counted. */
static void what_is_read_is_given_back(void **state)
{
	enum { LINES = 100000 };
	struct host *h = *state;
	FILE *f;
	struct stat st;

	tally_round(h->tallies[0]);
	f = fopen(h->hits, "a");
	assert_non_null(f);
	for (int i = 0; i < LINES; i++)
		fputs("1024\n", f);
	fclose(f);
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), LINES);
	assert_int_equal(stat(h->hits, &st), 0);
	assert_int_equal(st.st_size, 5 * LINES);
	assert_true(st.st_blocks * 512 < 100000);
	append(h, "0\n");
	tally_round(h->tallies[0]);
	assert_int_equal(counted(h), LINES + 1);
}

static void a_file_that_cannot_be(void **state)
{
	struct host *h = *state;
	char path[120];
	struct tally *t;

	snprintf(path, sizeof(path), "%s/none/hits", h->folder);
	t = tally_new(h->metrics[0], path);
	assert_non_null(t);
	tally_round(t);
	tally_free(t);
	t = tally_new(h->metrics[0], "");
	assert_non_null(t);
	tally_round(t);
	tally_free(t);
	tally_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_of_them_reads),	 TEST(another_one_goes_on),
		TEST(lines_that_are_none),	 TEST(new_counters),
		TEST(another_file_in_its_place), TEST(what_is_read_is_given_back),
		TEST(a_file_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
