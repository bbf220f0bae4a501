/* An address: whatever it is, it has a name, and the name is its own. */
#include "fuzz/fuzz.h"

#include "http/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str address = fuzz_input(data, size);
	char text[ADDRESS_NAME_BYTES];
	char again[ADDRESS_NAME_BYTES];
	struct str name = address_client(address, text);

	must((name.n == 0) == (address.n == 0), "an address has a name");
	must(name.p == address.p || name.n < ADDRESS_NAME_BYTES, "that is short, or is itself");
	must(str_eq(address_client(name, again), name), "and the name names itself");
	return 0;
}
