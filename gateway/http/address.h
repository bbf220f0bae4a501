#ifndef PERIGEE_HTTP_ADDRESS_H
#define PERIGEE_HTTP_ADDRESS_H

/*
 * Which addresses are one client's. Whoever has IPv6 has a whole /64 of it at
 * least, and could be somebody else with each request: so those share a name. An
 * IPv4 address is one client, also where it is written as IPv6 (`::ffff:192.0.2.1`).
 *
 *     2001:db8:1:2:3:4:5:6    2001:db8:1:2::/64
 *     ::ffff:192.0.2.1        192.0.2.1
 *     192.0.2.1               192.0.2.1
 *     unix:, anything else    as it is
 */

#include "base/str.h"

/* The longest name, `xxxx:xxxx:xxxx:xxxx::/64`, and its NUL. */
#define ADDRESS_NAME_BYTES 64

/* The name of the client at the address: a view of `text`, or of the address. Pure. */
struct str address_client(struct str address, char text[static ADDRESS_NAME_BYTES]);

#endif
