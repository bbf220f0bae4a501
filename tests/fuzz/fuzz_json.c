/*
 * The JSON reader against jansson, which was written by others: both take the
 * same texts and see the same values, with these known differences:
 *
 *   nesting            ends at LIMIT_JSON_DEPTH here, at 2048 there
 *   NUL in a name      fine here; there refused, even with JSON_ALLOW_NUL
 *   huge numbers       text here; there a number beyond int64_t or double is an error
 *   a raw NUL          never JSON; there passed over behind a word or a number
 */
#include "fuzz/fuzz.h"

#include "api/json.h"

#include <errno.h>

/* What reading a text told. */
struct seen {
	bool ok;
	bool nul_in_name;
	bool huge_number;
	size_t tokens;
	size_t values;
};

/* Is there an escape \u0000? In a string that was read, each backslash begins an escape. */
static bool has_nul(struct str raw)
{
	for (size_t i = 0; i + 1 < raw.n; i++) {
		if (raw.p[i] != '\\')
			continue;
		if (str_starts(str_slice(raw, i, raw.n), STR("\\u0000")))
			return true;
		i++;
	}
	return false;
}

/* As jansson decides it: strtoll() for digits alone, strtod() for the rest. */
static bool is_huge(struct str raw)
{
	char *text = strndup(raw.p, raw.n);
	bool real = strpbrk(text, ".eE");
	double d = 0;

	errno = 0;
	if (real)
		d = strtod(text, NULL);
	else
		(void)strtoll(text, NULL, 10);
	free(text);
	return errno == ERANGE && (!real || d > 1 || d < -1);
}

static void check_token(const struct json *j, struct json_token t)
{
	must(t.at <= j->text.n && t.raw.n <= j->text.n - t.at, "a token lies in the text");
	must(t.raw.p == j->text.p + t.at, "a token is the very bytes of the text");
	must(t.depth >= 0 && t.depth <= LIMIT_JSON_DEPTH, "the depth has its bounds");
	if (t.kind == TOKEN_STRING || t.kind == TOKEN_NAME)
		must(t.at > 0 && j->text.p[t.at - 1] == '"' && t.raw.p[t.raw.n] == '"',
		     "strings stand between quotes");
}

static struct seen read_all(struct str text)
{
	struct json j = json_init(text);
	struct seen seen = { .ok = true };
	struct json_token t = json_next(&j);

	while (t.kind > TOKEN_END) {
		check_token(&j, t);
		seen.tokens++;
		seen.values += t.kind != TOKEN_NAME && t.kind != TOKEN_OBJECT_END &&
			       t.kind != TOKEN_ARRAY_END;
		seen.nul_in_name |= t.kind == TOKEN_NAME && has_nul(t.raw);
		seen.huge_number |= t.kind == TOKEN_NUMBER && is_huge(t.raw);
		must(seen.tokens <= text.n, "there are no more tokens than bytes");
		t = json_next(&j);
	}
	seen.ok = t.kind == TOKEN_END;
	must(json_next(&j).kind == t.kind && json_next(&j).kind == t.kind, "the end stays the end");
	return seen;
}

/* Skipping a value ends where reading it token by token does. */
static void check_skip(struct str text, bool ok)
{
	struct json j = json_init(text);
	bool skipped = json_skip(&j, json_next(&j));

	must((skipped && json_next(&j).kind == TOKEN_END) == ok, "skipping agrees with reading");
}

/* The deepest nesting in a text that is known to be JSON. From the text, since jansson forgets all
 * but the last of members with one name. */
static int deepest(struct str text)
{
	bool in_string = false;
	int depth = 0;
	int most = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '"')
			in_string = !in_string;
		else if (in_string)
			i += c == '\\';
		else if (c == '{' || c == '[')
			most = ++depth > most ? depth : most;
		else if (c == '}' || c == ']')
			depth--;
	}
	return most;
}

/* A scalar's bytes mean what jansson made of them. */
static void check_scalar(struct str text, const json_t *value)
{
	struct json j = json_init(text);
	struct json_token t = json_next(&j);

	must(json_is_true(value) == (t.kind == TOKEN_TRUE), "true is true");
	must(json_is_false(value) == (t.kind == TOKEN_FALSE), "false is false");
	must(json_is_null(value) == (t.kind == TOKEN_NULL), "null is null");
	must(json_is_number(value) == (t.kind == TOKEN_NUMBER), "a number is a number");
	must(json_is_string(value) == (t.kind == TOKEN_STRING), "a string is a string");
	if (t.kind == TOKEN_STRING && str_find(t.raw, '\\') == t.raw.n)
		must(fuzz_same_text(value, t.raw), "a string without escapes is its bytes");
	if (t.kind == TOKEN_NUMBER && json_is_integer(value)) {
		char *digits = strndup(t.raw.p, t.raw.n);

		must(strtoll(digits, NULL, 10) == json_integer_value(value),
		     "a number is its digits");
		free(digits);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);
	struct seen seen = read_all(text);
	json_t *theirs = fuzz_json(text);

	check_skip(text, seen.ok);
	if (str_find(text, '\0') < text.n)
		must(!seen.ok, "no text with a NUL is JSON");
	else if (theirs)
		must(seen.ok == (deepest(text) <= LIMIT_JSON_DEPTH), "what jansson takes is taken");
	if (seen.ok && !theirs)
		must(seen.nul_in_name || seen.huge_number, "what jansson refuses is refused");
	if (seen.ok && theirs && deepest(text) == 0)
		check_scalar(text, theirs);
	json_decref(theirs);
	return 0;
}
