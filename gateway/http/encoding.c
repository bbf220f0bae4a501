#include "http/encoding.h"

#include "base/limits.h"

#define WEIGHT_MAX  1000 /* thousandths: weights have three digits at most */
#define WEIGHT_NONE (-1) /* not named */

static const struct {
	enum coding coding;
	struct str name;
} names[] = {
	{ CODING_IDENTITY, STR("identity") },
	{ CODING_GZIP, STR("gzip") },
	/* RFC 9110 section 8.4.1.3: "a recipient SHOULD consider "x-gzip" to be equivalent". */
	{ CODING_GZIP, STR("x-gzip") },
};

const char *encoding_name(enum coding coding)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].coding == coding)
			return names[i].name.p;
	return "";
}

/* `0`, `1`, `0.` and up to three digits, `1.` and up to three zeros (section 12.4.2). */
static bool read_weight(struct str text, int *ret)
{
	int unit = WEIGHT_MAX;
	int weight = 0;

	if (!text.n || text.n > 5 || (text.n > 1 && text.p[1] != '.'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (i == 1)
			continue;
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		weight += (text.p[i] - '0') * unit;
		unit /= 10;
	}
	*ret = weight;
	return weight <= WEIGHT_MAX;
}

/* Takes `name [;q=weight]` apart; false if it is something else. */
static bool read_member(struct str member, struct str *ret_name, int *ret_weight)
{
	struct str weight = member;

	*ret_name = str_trim(str_cut(&weight, ';'));
	*ret_weight = WEIGHT_MAX;
	if (ret_name->n == str_trim(member).n)
		return ret_name->n > 0;
	weight = str_trim(weight);
	/* No blanks around this `=`. */
	if (!str_eq_nocase(str_slice(weight, 0, weight.n < 2 ? weight.n : 2), STR("q=")))
		return false;
	return read_weight(str_slice(weight, 2, weight.n), ret_weight);
}

static void lower(int *weight, int to)
{
	if (*weight == WEIGHT_NONE || to < *weight)
		*weight = to;
}

enum coding encoding_choose(struct str accept, bool worthwhile)
{
	int weights[CODING_COUNT] = { WEIGHT_NONE, WEIGHT_NONE };
	int others = WEIGHT_NONE; /* of the star, for whatever is not named */
	bool refused;

	if (accept.n > LIMIT_ACCEPT_BYTES)
		return CODING_IDENTITY;
	while (accept.n) {
		struct str name;
		int weight;

		if (!read_member(str_cut(&accept, ','), &name, &weight))
			continue;
		if (str_eq(name, STR("*")))
			lower(&others, weight);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (str_eq_nocase(name, names[i].name))
				lower(&weights[names[i].coding], weight);
	}
	for (enum coding c = 0; c < CODING_COUNT; c++)
		if (weights[c] == WEIGHT_NONE)
			weights[c] = others;
	refused = weights[CODING_IDENTITY] == 0;
	if (weights[CODING_GZIP] > 0 &&
	    (refused || (worthwhile && weights[CODING_GZIP] >= weights[CODING_IDENTITY])))
		return CODING_GZIP;
	return CODING_IDENTITY;
}

uint32_t encoding_variant(struct str accept)
{
	uint32_t worth = encoding_choose(accept, true);
	uint32_t worthless = worth ? encoding_choose(accept, false) : CODING_IDENTITY;

	return worth * CODING_COUNT + worthless;
}
