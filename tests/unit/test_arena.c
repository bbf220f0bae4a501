#include "unit/test.h"

#include "base/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new(1 << 20);
	unsigned char *before = NULL;

	(void)state;
	assert_non_null(a);
	for (size_t n = 1; n < 300; n += 7) {
		unsigned char *piece = arena_alloc(a, n);

		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xAA, n);
		if (before)
			assert_int_equal(before[0], 0xAA);
		before = piece;
	}
	arena_free(a);
}

static void reused_memory_is_zeroed_too(void **state)
{
	struct arena *a = arena_new(1 << 16);

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned char *piece = arena_alloc(a, 1000);

		assert_non_null(piece);
		for (size_t i = 0; i < 1000; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xFF, 1000);
		arena_reset(a);
	}
	arena_free(a);
}

static void nothing_is_handed_out_beyond_the_cap(void **state)
{
	struct arena *a = arena_new(100);

	(void)state;
	assert_null(arena_alloc(a, 101));
	assert_non_null(arena_alloc(a, 60));
	assert_null(arena_alloc(a, 41));
	assert_non_null(arena_alloc(a, 40));
	assert_null(arena_alloc(a, 1));
	assert_null(arena_alloc(a, SIZE_MAX));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 100));
	arena_free(a);
}

static void larger_pieces_than_a_block(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char *large;

	(void)state;
	assert_non_null(arena_alloc(a, 10));
	large = arena_alloc(a, 100000);
	assert_non_null(large);
	memset(large, 'x', 100000);
	assert_non_null(arena_alloc(a, 10));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 1 << 20));
	arena_free(a);
}

static void arrays_do_not_overflow(void **state)
{
	struct arena *a = arena_new(1000);

	(void)state;
	assert_null(arena_array(a, SIZE_MAX / 2, 3));
	assert_null(arena_array(a, SIZE_MAX, SIZE_MAX));
	assert_non_null(arena_array(a, 10, 100));
	assert_null(arena_array(a, 1, 1));
	arena_free(a);
}

static void copies_end_in_nul(void **state)
{
	struct arena *a = arena_new(100);
	struct str copy = arena_dup(a, STR("abc"));

	(void)state;
	assert_view(copy, "abc");
	assert_int_equal(copy.p[3], '\0');
	copy = arena_dup(a, (struct str){ NULL, 0 });
	assert_non_null(copy.p);
	assert_int_equal(copy.n, 0);
	assert_null(arena_dup(a, (struct str){ "x", 1000 }).p);
	arena_free(a);
}

static void nothing_is_freed_quietly(void **state)
{
	(void)state;
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(reused_memory_is_zeroed_too),
		cmocka_unit_test(nothing_is_handed_out_beyond_the_cap),
		cmocka_unit_test(larger_pieces_than_a_block),
		cmocka_unit_test(arrays_do_not_overflow),
		cmocka_unit_test(copies_end_in_nul),
		cmocka_unit_test(nothing_is_freed_quietly),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
