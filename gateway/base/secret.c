#include "base/secret.h"

bool secret_matches(struct str secret, struct str claimed)
{
	/* volatile: the compiler must not find out that the loop could end early. */
	volatile unsigned char differs = secret.n != claimed.n;

	if (!secret.n)
		return false;
	for (size_t i = 0; i < claimed.n; i++)
		differs |= (unsigned char)(claimed.p[i] ^ secret.p[i % secret.n]);
	return !differs;
}
