/* Lines of a log: whatever the values are, the line is one, its pairs are ours, and in JSON the
 * values read back as they were given (as UTF-8). */
#include "fuzz/fuzz.h"

#include "base/record.h"
#include "base/utf8.h"

static void check_line(struct str line)
{
	must(line.n > 0 && line.n <= RECORD_BYTES, "a line has its length");
	must(memchr(line.p, '\n', line.n) == line.p + line.n - 1, "and is one line");
	must(utf8_valid(line), "of UTF-8");
	for (size_t i = 0; i + 1 < line.n; i++)
		must((unsigned char)line.p[i] >= ' ' && line.p[i] != 0x7F,
		     "without control characters");
}

static void check_text(const json_t *json, const char *key, struct str value)
{
	/* A zero byte ends what printf is given. */
	struct str given = { value.p, value.p ? strnlen(value.p, value.n) : 0 };
	const json_t *text = json_object_get(json, key);

	must(json_is_string(text), "a value is there, as text");
	must(!utf8_valid(given) || fuzz_same_text(text, given), "and as it was given");
}

static void put(struct record *r, enum record_form form, struct str first, struct str second)
{
	record_begin(r, form);
	record_put(r, STR("event"), STR("fuzz"), false);
	record_putf(r, "first=%.*s number=%d second=\"%.*s\" last=%s", STR_ARG(first), 7,
		    STR_ARG(second), "end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str second = fuzz_input(data, size);
	struct str first = fuzz_line(&second);
	struct record r;
	struct str line;
	json_t *json;

	put(&r, RECORD_LOGFMT, first, second);
	line = record_end(&r);
	check_line(line);
	must(str_starts(line, STR("event=fuzz ")), "the first pair comes first");
	must(str_ends(line, STR(" last=end\n")) || str_ends(line, STR(" truncated=true\n")),
	     "the last one last");

	put(&r, RECORD_JSON, first, second);
	line = record_end(&r);
	check_line(line);
	json = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
	must(json_is_object(json), "JSON is JSON");
	if (!r.truncated) {
		must(json_object_size(json) == 5, "there are five pairs");
		must(json_integer_value(json_object_get(json, "number")) == 7, "one is a number");
		check_text(json, "first", first);
		check_text(json, "second", second);
	}
	json_decref(json);
	return 0;
}
