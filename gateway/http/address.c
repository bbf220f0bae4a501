#include "http/address.h"

#include <arpa/inet.h>
#include <stdio.h>

/* Room for the longest that inet_pton() reads, and a NUL. */
#define ADDRESS_BYTES INET6_ADDRSTRLEN

static struct str name_of(const struct in6_addr *six, char text[static ADDRESS_NAME_BYTES])
{
	struct in6_addr net = *six;
	int n;

	if (IN6_IS_ADDR_V4MAPPED(six)) {
		const uint8_t *four = &six->s6_addr[12];

		n = snprintf(text, ADDRESS_NAME_BYTES, "%u.%u.%u.%u", four[0], four[1], four[2],
			     four[3]);
		return (struct str){ text, (size_t)n };
	}
	memset(&net.s6_addr[8], 0, 8);
	if (!inet_ntop(AF_INET6, &net, text, ADDRESS_BYTES))
		return (struct str){ NULL, 0 };
	n = (int)strlen(text);
	n += snprintf(text + n, ADDRESS_NAME_BYTES - (size_t)n, "/64");
	return (struct str){ text, (size_t)n };
}

struct str address_client(struct str address, char text[static ADDRESS_NAME_BYTES])
{
	char copy[ADDRESS_BYTES];
	struct str zone = address;
	/* A link-local address may name its interface. */
	struct str plain = str_cut(&zone, '%');
	struct in6_addr six;

	if (plain.n == 0 || plain.n >= sizeof(copy) || memchr(plain.p, '\0', plain.n))
		return address;
	memcpy(copy, plain.p, plain.n);
	copy[plain.n] = '\0';
	return inet_pton(AF_INET6, copy, &six) == 1 ? name_of(&six, text) : address;
}
