#ifndef PERIGEE_API_VALUE_H
#define PERIGEE_API_VALUE_H

/*
 * One parameter's value: what is allowed, and the one spelling that all equal
 * values share. Equal means that upstream (Django REST framework and
 * django-filter) answers the same; what it would silently ignore is refused.
 */

#include "base/arena.h"

/* clang-format off */
/*   type       in tables    what is allowed, in the words of a problem's `allowed` */
#define VALUE_TYPES(X)                                                                           \
	X(BOOL,     "bool",     "true or false")                                                \
	X(INT,      "int",      "a whole number")                                               \
	X(ID,       "id",       "a whole number above 0")                                       \
	X(STRING,   "string",   "text")                                                         \
	X(CHOICE,   NULL,       "one of")                                                       \
	X(ORDERING, NULL,       "a comma-separated list of fields, each with an optional - in front, of") \
	X(SEARCH,   NULL,       "words")                                                        \
	X(LIMIT,    NULL,       "a whole number")                                               \
	X(OFFSET,   NULL,       "a whole number up to 10^15")                                   \
	X(FORMAT,   NULL,       "json or api")
/* clang-format on */

enum value_type {
#define X(type, word, allowed) VALUE_##type,
	VALUE_TYPES(X)
#undef X
		VALUE_TYPE_COUNT
};

struct value_rule {
	enum value_type type;
	const struct str *words; /* CHOICE, ORDERING: what there is to choose from */
	size_t words_n;
	struct str default_; /* the value that says the same as none */
	int64_t max;	     /* LIMIT: the largest that upstream grants */
};

/* Why a value is refused. The views are of the value, the rule or static text. */
struct value_fault {
	struct str culprit; /* the part that is wrong: one term of an ordering */
	const char *reason;
	struct str nearest; /* what was perhaps meant; may be empty */
};

/* The type that tables call `word`, or VALUE_TYPE_COUNT. */
enum value_type value_type_named(struct str word);

/* What a rule allows, without its words. */
const char *value_allowed(enum value_type type);

/*
 * Writes the canonical spelling of `raw` (decoded) to *ret: a view of raw or of
 * the arena. It is empty when the value says the same as no parameter at all.
 * value_canon() of a canonical spelling gives it back.
 */
bool value_canon(const struct value_rule *rule, struct str raw, struct arena *a, struct str *ret,
		 struct value_fault *reterr);

#endif
