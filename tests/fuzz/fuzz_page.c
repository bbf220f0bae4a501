/*
 * Bodies of upstream's, read and given out again. After a body was taken:
 *
 * - each object is JSON by itself, and the objects lie in the run as `ends` says;
 * - no mark is left once a base is put back, whatever the base;
 * - with upstream's own base put back, an object is what upstream wrote: value
 *   for value always, and byte for byte if its links are spelled as upstream does;
 * - with another base, just the links differ.
 */
#include "fuzz/fuzz.h"

#include "api/json.h"
#include "api/page.h"

#define CAP (1024UL * 1024)

static const struct str hosts[] = { STR("ll.thespacedevs.com"), STR("lldev.thespacedevs.com") };
static const struct str names[] = { STR("url"), STR("next"), STR("previous") };
static const struct link_rules rules = { hosts, 2, names, 3, STR("/2.3.0/") };

#define OWN_BASE   "https://ll.thespacedevs.com"
#define OTHER_BASE "http://127.0.0.1:8080/space"

/* ---- by value ---- */

/* Behind scheme, host and root, if it is a link; decoded, so without a view to how it is written.
 */
static const char *below_root(const char *value)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < 2; i++) {
		const char *at = value + strlen(schemes[i]);

		if (strncasecmp(value, schemes[i], strlen(schemes[i])) != 0)
			continue;
		for (size_t k = 0; k < rules.hosts_n; k++)
			if (strncasecmp(at, hosts[k].p, hosts[k].n) == 0 &&
			    strncmp(at + hosts[k].n, rules.root.p, rules.root.n) == 0)
				return at + hosts[k].n + rules.root.n;
	}
	return NULL;
}

static bool is_link_name(const char *name)
{
	for (size_t i = 0; i < rules.names_n; i++)
		if (name && str_eq(str_from(name), names[i]))
			return true;
	return false;
}

static void check_string(const char *name, const json_t *original, const json_t *given,
			 const char *base)
{
	const char *below = is_link_name(name) ? below_root(json_string_value(original)) : NULL;
	struct buf expected = buf_init(CAP);

	if (below) {
		buf_putf(&expected, "%s%s", base, rules.root.p);
		/* To the end of the value, which may hold a NUL. */
		buf_put(&expected,
			(struct str){ below, (size_t)(json_string_value(original) +
						      json_string_length(original) - below) });
		must(fuzz_same_text(given, buf_str(&expected)), "a link leads to the base");
	} else {
		must(json_equal(original, given), "what is no link is left alone");
	}
	buf_release(&expected);
}

static void check_value(const char *name, const json_t *original, const json_t *given,
			const char *base)
{
	const char *member;
	json_t *child;
	size_t i;

	must(given && json_typeof(original) == json_typeof(given), "types stay");
	switch (json_typeof(original)) {
	case JSON_OBJECT:
		must(json_object_size(original) == json_object_size(given), "members stay");
		json_object_foreach((json_t *)original, member, child)
			check_value(member, child, json_object_get(given, member), base);
		break;
	case JSON_ARRAY:
		must(json_array_size(original) == json_array_size(given), "elements stay");
		json_array_foreach(original, i, child)
			check_value(NULL, child, json_array_get(given, i), base);
		break;
	case JSON_STRING:
		check_string(name, original, given, base);
		break;
	default:
		must(json_equal(original, given), "values stay");
	}
}

/* ---- by byte ---- */

static bool starts_nocase(struct str text, const char *with)
{
	return text.n >= strlen(with) && strncasecmp(text.p, with, strlen(with)) == 0;
}

/* Does every link begin with just OWN_BASE, if there are any? */
static bool is_spelled_plainly(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = str_slice(text, i, text.n);

		if (text.p[i] == '\\' || starts_nocase(rest, "http://") ||
		    starts_nocase(rest, "https://lldev."))
			return false;
		if (starts_nocase(rest, OWN_BASE) && !str_starts(rest, STR(OWN_BASE)))
			return false;
	}
	return true;
}

/* ---- one object ---- */

static json_t *give_out(struct str neutral, struct str base, struct buf *out)
{
	buf_clear(out);
	rewrite_put(out, neutral, base, rules.root);
	must(!out->failed, "there is room for the object");
	must(str_find(buf_str(out), LINK_MARK) == out->n, "no mark is left");
	return fuzz_json(buf_str(out));
}

static void check_object(struct str original, struct str neutral)
{
	struct buf out = buf_init(CAP);
	json_t *was = fuzz_json(original);
	json_t *own = give_out(neutral, STR(OWN_BASE), &out);
	json_t *other;
	bool by_value = was && str_find(original, '\\') == original.n;

	if (is_spelled_plainly(original))
		must(str_eq(original, buf_str(&out)), "the bytes are upstream's own");
	other = give_out(neutral, STR(OTHER_BASE), &out);
	/* NULL: a number that is too large for jansson, a NUL in a name. */
	must(!was == !own && !was == !other, "an object stays JSON");
	must(!was || json_is_object(own), "an object stays an object");
	/* An escaped character in a link (`\u002f`) makes it none, a matter of spelling. */
	if (by_value) {
		check_value(NULL, was, own, OWN_BASE);
		check_value(NULL, was, other, OTHER_BASE);
	}
	json_decref(was);
	json_decref(own);
	json_decref(other);
	buf_release(&out);
}

/* ---- pages ---- */

/* Steps to the next object of a page's results; false behind the last. */
static bool next_result(struct json *j, struct str *ret)
{
	struct json_token t = json_next(j);

	if (t.kind != TOKEN_OBJECT)
		return false;
	must(json_skip(j, t), "an accepted page is JSON");
	*ret = str_slice(j->text, t.at, j->at);
	return true;
}

/* Steps into the array of a page's results. */
static void enter_results(struct json *j)
{
	struct json_token name;

	json_next(j);
	for (name = json_next(j); !str_eq(name.raw, STR("results")); name = json_next(j)) {
		must(name.kind == TOKEN_NAME, "an accepted page has results");
		must(json_skip(j, json_next(j)), "an accepted page is JSON");
	}
	must(json_next(j).kind == TOKEN_ARRAY, "results are an array");
}

static void check_page(struct str text, const struct page *page, struct str objects)
{
	struct json j = json_init(text);
	size_t from = 0;

	enter_results(&j);
	must(page->count >= 0, "a count is not negative");
	must(page->n <= LIMIT_WINDOW_OBJECTS, "the cap on objects holds");
	for (uint32_t i = 0; i < page->n; i++) {
		struct str original;
		size_t to = page->ends[i];

		must(next_result(&j, &original), "there is an object for each end");
		must(from < to && to <= objects.n, "ends ascend");
		must(i + 1 == page->n ? to == objects.n : objects.p[to] == ',',
		     "a comma stands between objects");
		must(page->ids[i].n <= original.n, "an id is part of its object");
		check_object(original, str_slice(objects, from, to));
		from = to + 1;
	}
	must(json_next(&j).kind == TOKEN_ARRAY_END, "no object is lost");
}

static void read_page(struct str text)
{
	static struct page page;
	struct buf objects = buf_init(CAP);
	struct fail why;

	if (page_read(text, &rules, &page, &objects, &why))
		check_page(text, &page, buf_str(&objects));
	else
		must(why.fault == FAULT_UPSTREAM_GARBAGE, "a bad page is upstream's garbage");
	buf_release(&objects);
}

static void read_object(struct str text)
{
	struct buf object = buf_init(CAP);
	struct json j = json_init(text);
	struct str original;
	struct fail why;
	struct str id;

	if (page_read_object(text, &rules, &object, &id, &why)) {
		must(next_result(&j, &original), "an accepted object is one");
		check_object(original, buf_str(&object));
	} else {
		must(why.fault == FAULT_UPSTREAM_GARBAGE, "a bad object is upstream's garbage");
	}
	buf_release(&object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = fuzz_input(data, size);

	if (size > CAP / 4)
		return 0;
	read_page(text);
	read_object(text);
	return 0;
}
