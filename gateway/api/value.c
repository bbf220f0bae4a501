#include "api/value.h"

#include "api/moment.h"
#include "api/nearest.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* What Python's int() reads at most (sys.int_info.default_max_str_digits). */
#define DIGITS_MAX 4300

/* Digits of a decimal number; upstream's database keeps fewer. */
#define DECIMAL_DIGITS_MAX 40

static const struct type {
	const char *word;
	const char *one;
	const char *list;
	bool has_lists;
} types[VALUE_TYPE_COUNT] = {
#define X(type, word, one, many)                                                                   \
	[VALUE_##type] = { word, one, "a comma-separated list of " many, sizeof(many) > 1 },
	VALUE_TYPES(X)
#undef X
};

static const struct str nothing = { NULL, 0 };

enum value_type value_type_named(struct str word)
{
	for (size_t i = 0; i < VALUE_TYPE_COUNT; i++)
		if (types[i].word && str_eq(str_from(types[i].word), word))
			return (enum value_type)i;
	return VALUE_TYPE_COUNT;
}

bool value_can_be_many(enum value_type type)
{
	return types[type].has_lists;
}

const char *value_allowed(const struct value_rule *rule)
{
	return rule->many == VALUE_LIST ? types[rule->type].list : types[rule->type].one;
}

int value_cmp(const struct value_rule *rule, struct str a, struct str b)
{
	/* Without leading zeros the longer number is the larger one; below 0 any order will do. */
	if ((rule->type == VALUE_INT || rule->type == VALUE_ID) && a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return str_cmp(a, b);
}

static bool refuse(struct value_fault *reterr, struct str culprit, const char *reason)
{
	*reterr = (struct value_fault){ .culprit = culprit, .reason = reason };
	return false;
}

static bool no_memory(struct value_fault *reterr, struct str value)
{
	return refuse(reterr, value, "it is too large");
}

/* What other programs write for true and false. */
static struct str bool_meant(struct str raw)
{
	static const struct str yes[] = { STR("true"), STR("1"), STR("yes"), STR("on") };
	static const struct str no[] = { STR("false"), STR("0"), STR("no"), STR("off") };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (str_eq_nocase(str_trim(raw), yes[i]))
			return STR("true");
		if (str_eq_nocase(str_trim(raw), no[i]))
			return STR("false");
	}
	return nothing;
}

/* Only these spellings mean the same to both of django-filter's boolean widgets; `unknown` is
 * what upstream's own form sends for "not set". */
static bool canon_bool(struct str raw, struct str *ret, struct value_fault *reterr)
{
	if (!raw.n || str_eq(raw, STR("unknown")))
		*ret = nothing;
	else if (str_eq(raw, STR("true")) || str_eq(raw, STR("True")))
		*ret = STR("true");
	else if (str_eq(raw, STR("false")) || str_eq(raw, STR("False")))
		*ret = STR("false");
	else {
		refuse(reterr, raw, "upstream's filters do not agree on what it means");
		reterr->nearest = bool_meant(raw);
		return false;
	}
	return true;
}

/* Signed digits without leading zeros, however many there are; empty if raw is no whole number. */
static struct str plain_digits(struct str raw, bool *ret_negative)
{
	struct str digits;

	*ret_negative = raw.n && raw.p[0] == '-';
	digits = str_slice(raw, *ret_negative, raw.n);
	if (!str_is_digits(digits))
		return nothing;
	while (digits.n > 1 && digits.p[0] == '0')
		digits = str_slice(digits, 1, digits.n);
	return digits;
}

/* Keeps the text, which is the caller's. */
static bool keep(struct str text, struct arena *a, struct str *ret, struct value_fault *reterr)
{
	*ret = arena_dup(a, text);
	return ret->p || no_memory(reterr, nothing);
}

static bool put_number(int64_t number, struct arena *a, struct str *ret, struct value_fault *reterr)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)number);

	return keep((struct str){ text, (size_t)n }, a, ret, reterr);
}

static bool canon_int(const struct value_rule *rule, struct str raw, struct arena *a,
		      struct str *ret, struct value_fault *reterr)
{
	struct str trimmed = str_trim(raw); /* forms.IntegerField does */
	bool negative;
	int64_t number;

	*ret = nothing;
	if (!trimmed.n)
		return true;
	if (!plain_digits(trimmed, &negative).n)
		return refuse(reterr, raw, "it is not a whole number");
	if (!str_to_i64(trimmed, &number) || number > LIMIT_ID || number < -LIMIT_ID)
		return refuse(reterr, raw, "it is out of range");
	if (rule->type == VALUE_ID && number < 1)
		return refuse(reterr, raw, "no id is below 1");
	/* 0 to filters that compare, but `contains` looks for the two characters. */
	if (negative && !number)
		return refuse(reterr, raw, "upstream's filters do not agree on what it means");
	return put_number(number, a, ret, reterr);
}

/* forms.DecimalField, but for exponents and what is no number: a sign, digits, a point. */
static bool canon_number(struct str raw, struct arena *a, struct str *ret,
			 struct value_fault *reterr)
{
	struct str text = str_trim(raw);
	bool negative = str_starts(text, STR("-"));
	struct str fraction = str_slice(text, negative, text.n);
	struct str whole = str_cut(&fraction, '.');
	char out[DECIMAL_DIGITS_MAX + 4];
	int n;

	*ret = nothing;
	if (!text.n)
		return true;
	if (text.n > DECIMAL_DIGITS_MAX)
		return refuse(reterr, raw, "it has too many digits");
	if (!(whole.n + fraction.n) || !str_is_digits(whole) || !str_is_digits(fraction))
		return refuse(reterr, raw, "it is not a decimal number");
	while (whole.n && whole.p[0] == '0')
		whole = str_slice(whole, 1, whole.n);
	while (fraction.n && fraction.p[fraction.n - 1] == '0')
		fraction.n--;
	if (!whole.n && !fraction.n)
		negative = false;
	n = snprintf(out, sizeof(out), "%s%.*s%s%.*s", negative ? "-" : "",
		     STR_ARG(whole.n ? whole : STR("0")), fraction.n ? "." : "", STR_ARG(fraction));
	return keep((struct str){ out, (size_t)n }, a, ret, reterr);
}

static bool canon_datetime(struct str raw, struct arena *a, struct str *ret,
			   struct value_fault *reterr)
{
	char text[MOMENT_BYTES];
	const char *why;
	int64_t us;

	*ret = nothing;
	if (!str_trim(raw).n)
		return true;
	why = moment_parse(raw, &us);
	if (why)
		return refuse(reterr, raw, why);
	return keep(moment_put(us, text), a, ret, reterr);
}

static bool canon_date(struct str raw, struct arena *a, struct str *ret, struct value_fault *reterr)
{
	char text[MOMENT_BYTES];
	const char *why;
	struct str day;

	*ret = nothing;
	if (!str_trim(raw).n)
		return true;
	why = day_parse(raw, text, &day);
	if (why)
		return refuse(reterr, raw, why);
	return keep(day, a, ret, reterr);
}

bool value_uuid(struct str raw, char ret[static UUID_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '-')
			continue;
		if (!isxdigit((unsigned char)raw.p[i]) || n == UUID_BYTES)
			return false;
		if (n == 8 || n == 13 || n == 18 || n == 23)
			ret[n++] = '-';
		ret[n++] = (char)tolower((unsigned char)raw.p[i]);
	}
	return n == UUID_BYTES;
}

static bool canon_uuid(struct str raw, struct arena *a, struct str *ret, struct value_fault *reterr)
{
	struct str text = str_trim(raw);
	char uuid[UUID_BYTES];

	*ret = nothing;
	if (!text.n)
		return true;
	if (!value_uuid(text, uuid))
		return refuse(reterr, raw, "it is not a UUID");
	return keep((struct str){ uuid, sizeof(uuid) }, a, ret, reterr);
}

/* What JavaScript, Python and Swift write where a variable holds nothing. */
static bool says_nothing(struct str raw)
{
	static const struct str words[] = { STR("undefined"), STR("null"), STR("NaN"), STR("None"),
					    STR("nil") };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(raw, words[i]))
			return true;
	return !raw.n;
}

/* The number in `10?`, `3?mode=list` and `3/`; not in `1.5` or `3x`, which may mean anything. */
static struct str number_meant(struct str raw)
{
	size_t n = 0;

	while (n < raw.n && isdigit((unsigned char)raw.p[n]))
		n++;
	return n < raw.n && strchr("?/&;#\"'", raw.p[n]) ? str_slice(raw, 0, n) : nothing;
}

/* LimitOffsetPagination: an empty or negative number counts as none, and so does a limit of 0;
 * a limit above the maximum is the maximum. Words, which upstream takes for none, are refused
 * unless they say just that. */
static bool canon_paging(const struct value_rule *rule, struct str raw, struct arena *a,
			 struct str *ret, struct value_fault *reterr)
{
	bool negative;
	struct str digits = plain_digits(str_trim(raw), &negative); /* int() trims */
	int64_t number;

	*ret = nothing;
	if (says_nothing(str_trim(raw)))
		return true;
	if (!digits.n) {
		refuse(reterr, raw, "it is not a whole number");
		reterr->nearest = number_meant(raw);
		return false;
	}
	if (negative || str_eq(digits, STR("0")))
		return true;
	/* Python reads no more digits, zeros included, and what it cannot read counts as none. */
	if (raw.n > DIGITS_MAX)
		return refuse(reterr, raw, "it is out of range");
	if (!str_to_i64(digits, &number))
		number = INT64_MAX;
	if (rule->type == VALUE_LIMIT && number > rule->max)
		number = rule->max;
	if (number > LIMIT_OFFSET)
		return refuse(reterr, raw, "it is out of range");
	return put_number(number, a, ret, reterr);
}

static bool canon_choice(const struct value_rule *rule, struct str raw, struct str *ret,
			 struct value_fault *reterr)
{
	*ret = raw;
	if (!raw.n)
		return true;
	for (size_t i = 0; i < rule->words_n; i++)
		if (str_eq(rule->words[i], raw))
			return true;
	refuse(reterr, raw, "it is not one of the values");
	reterr->nearest = nearest(raw, rule->words, rule->words_n);
	return false;
}

static bool canon_format(struct str raw, struct str *ret, struct value_fault *reterr)
{
	*ret = nothing;
	if (!raw.n || str_eq(raw, STR("json")) || str_eq(raw, STR("api")))
		return true;
	return refuse(reterr, raw, "the gateway answers JSON only");
}

/* The field of an ordering term, without its sign. */
static struct str field_of(struct str term)
{
	return str_starts(term, STR("-")) ? str_slice(term, 1, term.n) : term;
}

static bool names_field(struct str list, struct str field)
{
	while (list.n)
		if (str_eq(field_of(str_cut(&list, ',')), field))
			return true;
	return false;
}

/* DRF's OrderingFilter: terms apply in order, blanks around them do not count. A second term for
 * the same field decides nothing that the first left open. */
static bool canon_ordering(const struct value_rule *rule, struct str raw, struct arena *a,
			   struct str *ret, struct value_fault *reterr)
{
	struct str rest = raw;
	char *out = arena_alloc(a, raw.n + 1);
	size_t n = 0;

	if (!out)
		return no_memory(reterr, raw);
	while (rest.n) {
		struct str term = str_trim(str_cut(&rest, ','));
		struct str field = field_of(term);
		bool known = false;

		if (!term.n)
			continue;
		for (size_t i = 0; i < rule->words_n; i++)
			known |= str_eq(rule->words[i], field);
		if (!known) {
			refuse(reterr, term, "it is not a field to order by");
			reterr->nearest = nearest(field, rule->words, rule->words_n);
			return false;
		}
		if (names_field((struct str){ out, n }, field))
			continue;
		if (n)
			out[n++] = ',';
		memcpy(out + n, term.p, term.n);
		n += term.n;
	}
	*ret = (struct str){ out, n };
	return true;
}

/* DRF's SearchFilter splits at blanks and commas and asks for every term. Newer versions keep
 * what stands in quotes together, so a value with quotes is left as it is. */
static bool canon_search(struct str raw, struct arena *a, struct str *ret,
			 struct value_fault *reterr)
{
	char *out = arena_alloc(a, raw.n);
	size_t n = 0;

	*ret = raw;
	if (str_find(raw, '"') < raw.n || str_find(raw, '\'') < raw.n)
		return true;
	if (!out)
		return no_memory(reterr, raw);
	for (size_t i = 0; i < raw.n; i++) {
		bool blank = raw.p[i] == ' ' || raw.p[i] == ',';

		if (!blank)
			out[n++] = raw.p[i];
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	*ret = (struct str){ out, n && out[n - 1] == ' ' ? n - 1 : n };
	return true;
}

static bool canon_one(const struct value_rule *rule, struct str raw, struct arena *a,
		      struct str *ret, struct value_fault *reterr)
{
	switch (rule->type) {
	case VALUE_BOOL:
		return canon_bool(raw, ret, reterr);
	case VALUE_INT:
	case VALUE_ID:
		return canon_int(rule, raw, a, ret, reterr);
	case VALUE_NUMBER:
		return canon_number(raw, a, ret, reterr);
	case VALUE_STRING:
		*ret = utf8_trim(raw); /* forms.CharField does */
		return true;
	case VALUE_DATETIME:
		return canon_datetime(raw, a, ret, reterr);
	case VALUE_DATE:
		return canon_date(raw, a, ret, reterr);
	case VALUE_UUID:
		return canon_uuid(raw, a, ret, reterr);
	case VALUE_CHOICE:
		return canon_choice(rule, raw, ret, reterr);
	case VALUE_ORDERING:
		return canon_ordering(rule, raw, a, ret, reterr);
	case VALUE_SEARCH:
		return canon_search(raw, a, ret, reterr);
	case VALUE_LIMIT:
	case VALUE_OFFSET:
		return canon_paging(rule, raw, a, ret, reterr);
	case VALUE_FORMAT:
		return canon_format(raw, ret, reterr);
	case VALUE_TYPE_COUNT:
		break;
	}
	return refuse(reterr, raw, "its type is not known");
}

/* ---- lists ---- */

static int list_order(const void *a, const void *b, void *rule)
{
	return value_cmp(rule, *(const struct str *)a, *(const struct str *)b);
}

/* The sorted values, each once, with commas between them. */
static struct str join(const struct str *values, size_t n, char *out)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(values[i - 1], values[i]))
			continue;
		if (i)
			out[at++] = ',';
		if (values[i].n)
			memcpy(out + at, values[i].p, values[i].n);
		at += values[i].n;
	}
	/* Alone, the empty text would be no list at all. */
	if (n && !at)
		out[at++] = ',';
	return (struct str){ out, at };
}

static size_t count_values(struct str raw)
{
	size_t n = 1;

	for (size_t i = 0; i < raw.n; i++)
		n += raw.p[i] == ',';
	return n;
}

/*
 * django-filter's BaseCSVField: each element is read as one value. An empty one
 * is the empty text; of numbers and UUIDs it is None, which "in" passes over.
 */
static bool read_list(const struct value_rule *rule, struct str raw, struct arena *a,
		      struct str *ret, struct value_fault *reterr)
{
	size_t most = count_values(raw);
	struct str *values = arena_array(a, most, sizeof(*values));
	size_t room = 1;
	size_t n = 0;
	char *out;

	*ret = nothing;
	if (!raw.n)
		return true;
	/* To BaseCSVField it is a list with an empty text, to filters that split by themselves it
	 * is nothing. */
	if (rule->type == VALUE_STRING && !utf8_trim(raw).n)
		return refuse(reterr, raw, "upstream's filters do not agree on what it means");
	if (!values)
		return no_memory(reterr, raw);
	for (size_t i = 0; i < most; i++) {
		struct str element = str_cut(&raw, ',');
		struct str value;

		if (!canon_one(rule, element, a, &value, reterr))
			return false;
		if (!value.n && rule->type != VALUE_STRING)
			continue;
		values[n++] = value;
		room += value.n + 1;
	}
	/* Upstream would look for rows that have none of no values, and find nothing. */
	if (!n)
		return refuse(reterr, STR(","), "there is nothing between the commas");
	out = arena_alloc(a, room);
	if (!out)
		return no_memory(reterr, raw);
	qsort_r(values, n, sizeof(*values), list_order, (void *)rule);
	*ret = join(values, n, out);
	return true;
}

/* The list in `[12, 27]`, `12|27` and `12;27`, which is how programs print theirs. Texts may hold
 * such characters. */
static struct str list_meant(const struct value_rule *rule, struct str raw, struct arena *a)
{
	char *out = rule->type == VALUE_STRING ? NULL : arena_alloc(a, raw.n);
	struct str meant = nothing;
	struct value_fault ignored;
	size_t n = 0;

	for (size_t i = 0; out && i < raw.n; i++) {
		if (strchr("|; ", raw.p[i]))
			out[n++] = ',';
		else if (!strchr("[](){}\"'", raw.p[i]))
			out[n++] = raw.p[i];
	}
	return out && read_list(rule, (struct str){ out, n }, a, &meant, &ignored) ? meant
										   : nothing;
}

static bool canon_list(const struct value_rule *rule, struct str raw, struct arena *a,
		       struct str *ret, struct value_fault *reterr)
{
	if (read_list(rule, raw, a, ret, reterr))
		return true;
	reterr->nearest = list_meant(rule, raw, a);
	return false;
}

/* ---- all ---- */

bool value_canon(const struct value_rule *rule, struct str raw, struct arena *a, struct str *ret,
		 struct value_fault *reterr)
{
	bool good = rule->many == VALUE_LIST ? canon_list(rule, raw, a, ret, reterr)
					     : canon_one(rule, raw, a, ret, reterr);

	if (!good && rule->many == VALUE_ANY && str_find(raw, ',') < raw.n)
		reterr->reason = "of several values each needs the parameter's name again";
	if (good && str_eq(*ret, rule->default_))
		*ret = nothing;
	return good;
}
