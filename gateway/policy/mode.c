#include "policy/mode.h"

static const char *const words[MODE_COUNT] = {
#define X(name, word) [MODE_##name] = (word),
	MODES(X)
#undef X
};

const char *mode_word(enum mode mode)
{
	return words[mode];
}

bool mode_parse(struct str word, enum mode *ret)
{
	for (enum mode mode = 0; mode < MODE_COUNT; mode++) {
		if (!str_eq(word, str_from(words[mode])))
			continue;
		*ret = mode;
		return true;
	}
	return false;
}
