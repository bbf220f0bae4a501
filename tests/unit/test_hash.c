#include "unit/test.h"

#include "base/hash.h"

/* From xxHash's own documents: what other programs compute for the same bytes. */
static void known_values(void **state)
{
	char hex[HASH_HEX_BYTES];

	(void)state;
	hash_hex(STR(""), hex);
	assert_view(((struct str){ hex, sizeof(hex) }), "99aa06d3014798d86001c324468d497f");
	assert_true(hash64(STR("")) == 0x2D06800538D394C2ULL);
	hash_hex((struct str){ NULL, 0 }, hex);
	assert_view(((struct str){ hex, sizeof(hex) }), "99aa06d3014798d86001c324468d497f");
}

static void one_bit_changes_it(void **state)
{
	char text[100] = "the same but for one bit";
	char hex[HASH_HEX_BYTES];
	char other[HASH_HEX_BYTES];
	struct str s = { text, sizeof(text) };
	uint64_t hash = hash64(s);

	(void)state;
	hash_hex(s, hex);
	for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		hash_hex(s, other);
		assert_memory_not_equal(hex, other, sizeof(hex));
		assert_true(hash64(s) != hash);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	hash_hex(s, other);
	assert_memory_equal(hex, other, sizeof(hex));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(one_bit_changes_it),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
