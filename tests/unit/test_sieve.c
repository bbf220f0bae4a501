#include "unit/test.h"

#include "base/sieve.h"

#define THINGS 8
#define SIZE   100

static struct sieve sieve;
static struct sieve_node things[64];

/* Room for so many things of SIZE bytes. */
static void init(size_t room)
{
	assert_true(sieve_init(&sieve, 1, SIZE));
	sieve.bytes_max = sieve.bytes + room * SIZE;
}

/* The numbers of those that had to go, as text. */
static const char *add(size_t number, uint64_t hash)
{
	static char gone[64];
	struct sieve_node *node = &things[number];
	size_t n = 0;

	*node = (struct sieve_node){ .hash = hash, .size = SIZE };
	gone[0] = '\0';
	for (node = sieve_add(&sieve, node); node; node = node->next_in_slot)
		n += (size_t)snprintf(gone + n, sizeof(gone) - n, "%s%zu", n ? " " : "",
				      (size_t)(node - things));
	return gone;
}

static void the_oldest_goes_first(void **state)
{
	(void)state;
	init(3);
	assert_string_equal(add(0, 0), "");
	assert_string_equal(add(1, 1), "");
	assert_string_equal(add(2, 2), "");
	assert_string_equal(add(3, 3), "0");
	assert_string_equal(add(4, 4), "1");
	assert_int_equal(sieve.n, 3);
	assert_int_equal(sieve.evicted, 2);
	sieve_release(&sieve);
}

static void who_is_asked_for_is_spared_once(void **state)
{
	(void)state;
	init(3);
	add(0, 0);
	add(1, 1);
	add(2, 2);
	things[0].asked_for = true;
	assert_string_equal(add(3, 3), "1");
	/* The hand goes on from there to the newest, and begins anew. */
	things[2].asked_for = true;
	assert_string_equal(add(4, 4), "3");
	assert_string_equal(add(5, 5), "0");
	things[4].asked_for = true;
	assert_string_equal(add(6, 6), "2");
	assert_string_equal(add(7, 7), "5");
	sieve_release(&sieve);
}

/* Somebody walks through everything; what is asked for all the time stays. */
static void a_walk_does_not_drive_out_what_is_wanted(void **state)
{
	bool stayed = true;

	(void)state;
	init(8);
	for (size_t i = 0; i < 4; i++)
		add(i, i);
	for (size_t i = 0; i < 1000; i++) {
		for (size_t k = 0; k < 4; k++)
			things[k].asked_for = true;
		add(4 + i % 60, 4 + i);
		for (size_t k = 0; k < 4; k++)
			stayed &= sieve_slot(&sieve, k) != NULL;
	}
	assert_true(stayed);
	assert_int_equal(sieve.n, 8);
	sieve_release(&sieve);
}

static void slots_hold_whatever_falls_into_them(void **state)
{
	struct sieve_node *node;

	(void)state;
	init(4);
	add(0, 5);
	add(1, 5 + (1UL << 40));
	add(2, 6);
	node = sieve_slot(&sieve, 5);
	assert_ptr_equal(node, &things[1]);
	assert_ptr_equal(node->next_in_slot, &things[0]);
	sieve_take_out(&sieve, &things[1]);
	assert_ptr_equal(sieve_slot(&sieve, 5), &things[0]);
	sieve_take_out(&sieve, &things[0]);
	assert_null(sieve_slot(&sieve, 5));
	sieve_take_out(&sieve, &things[2]);
	assert_null(sieve.oldest);
	assert_null(sieve.newest);
	assert_int_equal(sieve.n, 0);
	sieve_release(&sieve);
}

/* Taking out the one at which the hand stands does not lose the hand. */
static void the_hand_outlives_whom_it_points_at(void **state)
{
	(void)state;
	init(3);
	add(0, 0);
	add(1, 1);
	add(2, 2);
	assert_string_equal(add(3, 3), "0");
	assert_ptr_equal(sieve.hand, &things[1]);
	sieve_take_out(&sieve, &things[1]);
	assert_string_equal(add(4, 4), "");
	assert_string_equal(add(5, 5), "2");
	sieve_release(&sieve);
}

static void what_is_too_large_is_not_taken_in(void **state)
{
	(void)state;
	init(1);
	add(0, 0);
	things[1] = (struct sieve_node){ .hash = 1, .size = 2 * SIZE };
	assert_ptr_equal(sieve_add(&sieve, &things[1]), &things[1]);
	assert_ptr_equal(things[1].next_in_slot, &things[0]);
	assert_int_equal(sieve.n, 0);
	sieve_release(&sieve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_goes_first),
		cmocka_unit_test(who_is_asked_for_is_spared_once),
		cmocka_unit_test(a_walk_does_not_drive_out_what_is_wanted),
		cmocka_unit_test(slots_hold_whatever_falls_into_them),
		cmocka_unit_test(the_hand_outlives_whom_it_points_at),
		cmocka_unit_test(what_is_too_large_is_not_taken_in),
	};

	return cmocka_run_group_tests_name("sieve", tests, NULL, NULL);
}
