#include "policy/identity.h"

/* Letters, digits, `-` and `_`: it stands in keys, logs and targets. */
static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_'))
			return false;
	}
	return name.n > 0 && name.n <= IDENTITY_NAME_BYTES;
}

/* The value of `name=value`, where that is what the word says. */
static bool take_value(struct str word, struct str name, struct str *ret)
{
	struct str value = word;

	if (!str_eq(str_cut(&value, '='), name) || word.n == name.n)
		return false;
	*ret = value;
	return true;
}

bool token_is_sound(struct str token)
{
	for (size_t i = 0; i < token.n; i++)
		if (token.p[i] <= ' ' || token.p[i] > '~')
			return false;
	return true;
}

static bool parse_quota(struct str word, struct quota *ret)
{
	return str_eq(word, STR("-")) || quota_parse(word, ret);
}

/* One word, blanks of any kind before it; the rest begins behind it. */
static struct str cut_word(struct str *rest)
{
	size_t n = 0;
	struct str word;

	*rest = str_trim(*rest);
	while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
		n++;
	word = str_slice(*rest, 0, n);
	*rest = str_slice(*rest, n, rest->n);
	return word;
}

const char *identity_parse(struct str line, struct identity_line *ret)
{
	struct str rest = line;
	struct str key;

	*ret = (struct identity_line){ .identity.name = cut_word(&rest) };
	if (!is_name(ret->identity.name))
		return "a name of letters, digits, - and _ is needed first";
	if (!parse_quota(cut_word(&rest), &ret->identity.quota))
		return "calls/seconds such as 15/3600, or -, is needed after the name";
	key = cut_word(&rest);
	if (str_trim(rest).n)
		return "there is something behind the key";
	if (str_eq(key, STR("anonymous")))
		return NULL;
	if (take_value(key, STR("token_file"), &ret->token_file))
		return ret->token_file.n ? NULL : "token_file names no file";
	if (!take_value(key, STR("token"), &ret->identity.token))
		return "token=KEY, token_file=FILE or anonymous is needed at the end";
	return ret->identity.token.n && token_is_sound(ret->identity.token)
		       ? NULL
		       : "the token has a character that no key has, or none at all";
}

bool identities_have(const struct identities *ids, struct str name)
{
	for (size_t i = 0; i < ids->n; i++)
		if (str_eq(ids->list[i].name, name))
			return true;
	return false;
}
