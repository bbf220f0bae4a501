#ifndef PERIGEE_API_FILTERS_H
#define PERIGEE_API_FILTERS_H

/*
 * The one-line declarations of an endpoint table: what can be filtered and
 * ordered by, and what each looks at.
 *
 *     "net":          "datetime __gt __gte __lt __lte"   net__gt, net__gte, net__lt, net__lte
 *     "founding_year": "int compared"                    = and the four, by a name of the table
 *     "lsp__id":      "csv int -> launch_service_provider.id"
 *     "program":      "any id -> program[].id"
 *     "is_crewed":    "bool =custom"
 *
 * The grammar, words apart by blanks:
 *
 *     filter = [ "csv" / "any" ] type *( suffix / "=" [ lookup ] / family ) [ "->" path ]
 *     field  = name [ "->" path ]
 *
 * A suffix is appended to the name and, without the underscores in front, names
 * the lookup; `=` is the bare name, which looks up `exact` (`in` for csv and any)
 * unless it says otherwise. Nothing at all is `=`. A path names a JSON member of
 * the objects, `[]` standing for every element of an array; without one it is the
 * name with dots for `__`, and `?` says that it is not known.
 */

#include "api/reader.h"
#include "api/value.h"

/* How a filter compares; the words are Django's where Django has one. */
/* clang-format off */
#define LOOKUPS(X)                                                                               \
	X(EXACT, "exact")                 /* equal */                                            \
	X(IEXACT, "iexact")               /* equal but for case */                               \
	X(CONTAINS, "contains")           /* has it as a part */                                 \
	X(ICONTAINS, "icontains")         /* likewise but for case */                            \
	X(GT, "gt")                                                                              \
	X(GTE, "gte")                                                                            \
	X(LT, "lt")                                                                              \
	X(LTE, "lte")                                                                            \
	X(IN, "in")                       /* equal to one of the values */                       \
	X(DAY, "day")                     /* the day of the month is one of the values */        \
	X(MONTH, "month")                                                                        \
	X(YEAR, "year")                                                                          \
	X(ICONTAINS_ANY, "contains_one")  /* has one of the values as a part, but for case */    \
	X(ICONTAINS_ALL, "contains_all")  /* has all of them */                                  \
	X(IEXACT_IN, "iexact_in")         /* equal to one of the values but for case */          \
	X(IEXACT_NOT_IN, "exclude")       /* equal to none of them */                            \
	X(CUSTOM, "custom")               /* upstream's own rule */
/* clang-format on */

enum filter_lookup {
#define X(name, word) LOOKUP_##name,
	LOOKUPS(X)
#undef X
		LOOKUP_COUNT
};

const char *lookup_word(enum filter_lookup lookup);

/* One query parameter. */
struct param {
	struct str name;
	struct value_rule rule;
	enum filter_lookup lookup; /* of filters; LOOKUP_COUNT: it is no filter */
	struct str path;	   /* what it looks at in the JSON; empty: not known */
};

/* Something to order by or to search. */
struct field {
	struct str name;
	struct str path; /* likewise */
};

/* The most parameters that one declaration makes. */
#define FILTER_PARAMS_MAX 16

/*
 * Reads the declaration of the filter `name`; `families` is the table's object of
 * named words (may be NULL). Fills params and returns how many there are; 0 and
 * complaints about `at`.filters.`name` if it cannot be read.
 */
size_t filter_read(struct reader *r, const struct layer *at, const json_t *families,
		   const char *name, const json_t *declaration,
		   struct param params[static FILTER_PARAMS_MAX]);

/* Reads `name -> path` from the list `member` at `at`. */
struct field field_read(struct reader *r, const struct layer *at, const char *member,
			struct str declaration);

#endif
