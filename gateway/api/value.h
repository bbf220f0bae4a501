#ifndef PERIGEE_API_VALUE_H
#define PERIGEE_API_VALUE_H

/*
 * One parameter's value: what is allowed, and the one spelling that all equal
 * values share. Equal means that upstream (Django REST framework and
 * django-filter) answers the same; what it would silently ignore is refused.
 */

#include "base/arena.h"

/* clang-format off */
/*   type       in tables    one value              many values ("": it is always one) */
#define VALUE_TYPES(X)                                                                           \
	X(BOOL,     "bool",     "true or false",          "")                                     \
	X(INT,      "int",      "a whole number",         "whole numbers")                        \
	X(ID,       "id",       "a whole number above 0", "whole numbers above 0")                \
	X(NUMBER,   "number",   "a decimal number",       "decimal numbers")                      \
	X(STRING,   "string",   "text",                   "texts")                                \
	X(DATETIME, "datetime", "a date and time such as 2026-11-24T09:30:00Z", "")               \
	X(DATE,     "date",     "a day such as 2026-11-24", "")                                   \
	X(UUID,     "uuid",     "a UUID",                 "UUIDs")                                \
	X(CHOICE,   NULL,       "one of",                 "")                                     \
	X(ORDERING, NULL,       "a comma-separated list of fields, each with an optional - in front, of", "")   \
	X(SEARCH,   NULL,       "words",                  "")                                     \
	X(LIMIT,    NULL,       "a whole number",         "")                                     \
	X(OFFSET,   NULL,       "a whole number up to 10^15", "")                                 \
	X(FORMAT,   NULL,       "json or api",            "")
/* clang-format on */

enum value_type {
#define X(type, word, one, many) VALUE_##type,
	VALUE_TYPES(X)
#undef X
		VALUE_TYPE_COUNT
};

/* How a parameter takes more than one value, all of them meaning "or", so that neither their order
 * nor a repetition changes the answer. */
enum value_many {
	VALUE_ONE,  /* it does not; of a repeated parameter the last one counts */
	VALUE_LIST, /* `1,2`: django-filter's BaseInFilter */
	VALUE_ANY,  /* `x=1&x=2`: ModelMultipleChoiceFilter */
};

struct value_rule {
	enum value_type type;
	enum value_many many;
	const struct str *words; /* CHOICE, ORDERING: what there is to choose from */
	size_t words_n;
	struct str default_; /* the value that says the same as none */
	int64_t max;	     /* LIMIT: the largest that upstream grants */
};

/* Why a value is refused. The views are of the value, the rule, the arena or static text. */
struct value_fault {
	struct str culprit; /* the part that is wrong: one term of an ordering */
	const char *reason;
	struct str nearest; /* what was perhaps meant; may be empty */
};

/* Characters of a canonical UUID; a NUL is not among them. */
#define UUID_BYTES 36

/* Reads a UUID as Python's uuid.UUID() does, hyphens or not, and writes it in lower case. False: it
 * is none, and what was written is worthless. */
bool value_uuid(struct str raw, char ret[static UUID_BYTES]);

/* The type that tables call `word`, or VALUE_TYPE_COUNT. */
enum value_type value_type_named(struct str word);

/* Can there be lists of the type? */
bool value_can_be_many(enum value_type type);

/* What a rule allows, without its words. */
const char *value_allowed(const struct value_rule *rule);

/* The order of canonical values in a list: numbers by their size. */
int value_cmp(const struct value_rule *rule, struct str a, struct str b);

/*
 * Writes the canonical spelling of `raw` (decoded) to *ret: a view of raw, of
 * the arena or of static text. It is empty when the value says the same as no
 * parameter at all. With VALUE_ANY `raw` is one of the values.
 * value_canon() of a canonical spelling gives it back.
 */
bool value_canon(const struct value_rule *rule, struct str raw, struct arena *a, struct str *ret,
		 struct value_fault *reterr);

#endif
