#include "policy/freshness.h"

#include "api/moment.h"
#include "api/path.h"

/* When an object has what is asked for; times as those of struct wall, `to` exclusive. Nothing is
 * left where `to` is not above `from`. */
struct period {
	int64_t from_ms;
	int64_t to_ms;
};

static const struct period always = { INT64_MIN, INT64_MAX };
static const struct period never = { 0, 0 };

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool is_among(struct json_token value, struct str values)
{
	if (value.kind == TOKEN_ERROR)
		return false;
	while (values.n)
		if (str_eq(str_cut(&values, ','), value.raw))
			return true;
	return false;
}

static struct period period_near(struct json_token value, const struct fresh_term *t)
{
	int64_t us;

	if (value.kind != TOKEN_STRING || moment_parse(value.raw, &us))
		return never;
	return (struct period){ us / 1000 + t->from_ms, us / 1000 + t->to_ms };
}

static struct period period_of(struct json_token value, const struct fresh_term *t)
{
	switch (t->test) {
	case FRESH_NEAR:
		return period_near(value, t);
	case FRESH_IS:
		return is_among(value, t->values) ? always : never;
	case FRESH_IS_NOT:
		return is_among(value, t->values) ? never : always;
	}
	return never;
}

/* When all conditions of a rule hold; values[i] is what the object has at the i-th path. */
static struct period period_of_rule(const struct fresh_rule *rule, const struct json_token *values)
{
	struct period all = always;

	for (size_t i = 0; i < rule->terms_n; i++) {
		const struct fresh_term *t = &rule->terms[i];
		struct period one = period_of(values[t->path], t);

		all.from_ms = max(all.from_ms, one.from_ms);
		all.to_ms = min(all.to_ms, one.to_ms);
	}
	return all;
}

static int64_t object_until(const struct endpoint *endpoint, struct str object, bool in_list,
			    int64_t now_ms)
{
	const struct fresh_rules *rules = &endpoint->fresh_when;
	struct json_token values[FRESH_PATHS_MAX];
	int64_t until_ms = INT64_MAX;
	bool ruled = false; /* does any rule hold now? */

	for (size_t i = 0; i < rules->paths_n; i++)
		values[i] = path_value(object, rules->paths[i]);
	for (size_t i = 0; i < rules->n; i++) {
		const struct fresh_rule *rule = &rules->list[i];
		struct period holds = period_of_rule(rule, values);
		int64_t from_ms = max(holds.from_ms, now_ms);

		if ((rule->lists_only && !in_list) || from_ms >= holds.to_ms)
			continue;
		until_ms = min(until_ms, from_ms + rule->fresh_ms);
		ruled |= from_ms == now_ms;
	}
	return ruled ? until_ms : min(until_ms, now_ms + endpoint->fresh_ms);
}

struct wall freshness_until(const struct endpoint *endpoint, const struct entry *e)
{
	const int64_t now_ms = e->fetched.ms;
	int64_t until_ms = INT64_MAX;

	if (e->kind == ENTRY_OBJECT)
		return (struct wall){ object_until(endpoint, e->body, false, now_ms) };
	if (!e->n)
		return wall_after(e->fetched, endpoint->fresh_ms);
	for (uint32_t i = 0; i < e->n; i++) {
		struct str object = entry_slice(e, i, i + 1);

		until_ms = min(until_ms, object_until(endpoint, object, true, now_ms));
	}
	return (struct wall){ until_ms };
}
