#include "unit/test.h"

#include "http/address.h"

static void addresses_of_one_client_have_one_name(void **state)
{
	static const struct {
		const char *address;
		const char *name;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:0201", "192.0.2.1" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::", "2001:db8:1:2::/64" },
		{ "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64" },
		{ "2001:db8:1:3::1", "2001:db8:1:3::/64" },
		{ "::1", "::/64" },
		{ "fe80::1%eth0", "fe80::/64" },
		{ "unix:", "unix:" },
		{ "", "" },
		{ "2001:db8::1::2", "2001:db8::1::2" },
		{ "[2001:db8::1]", "[2001:db8::1]" },
		{ "2001:db8:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20",
		  "2001:db8:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[ADDRESS_NAME_BYTES];

		assert_view(address_client(str_from(rows[i].address), text), rows[i].name);
	}
}

static void what_holds_a_nul_is_no_address(void **state)
{
	char text[ADDRESS_NAME_BYTES];
	const struct str address = STR("2001:db8::1\0::2");

	(void)state;
	assert_true(str_eq(address_client(address, text), address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_one_client_have_one_name),
		cmocka_unit_test(what_holds_a_nul_is_no_address),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
