/* A line that names an identity: what is taken can stand in keys, logs and header fields. */
#include "fuzz/fuzz.h"

#include "policy/identity.h"

static void check(const struct identity_line *l)
{
	const struct identity *as = &l->identity;

	must(as->name.n > 0 && as->name.n <= IDENTITY_NAME_BYTES, "it has a name");
	for (size_t i = 0; i < as->name.n; i++)
		must(as->name.p[i] > ' ' && as->name.p[i] < 0x7f && !strchr("/#:{}", as->name.p[i]),
		     "that can stand in a key");
	must(token_is_sound(as->token), "and a token that can stand in a field");
	must(!as->token.n || !l->token_file.n, "or a file");
	must(as->quota.calls == 0 || as->quota.window_ms > 0, "and a quota or none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct identity_line l;
	struct str line = fuzz_input(data, size);
	const char *why = identity_parse(line, &l);

	if (!why)
		check(&l);
	else
		must(why[0] != '\0', "a refusal has a reason");
	return 0;
}
