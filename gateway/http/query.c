#include "http/query.h"

#include "base/limits.h"
#include "http/url.h"

static size_t count_pieces(struct str raw)
{
	size_t n = 0;

	while (raw.n)
		n += str_cut(&raw, '&').n > 0;
	return n;
}

bool query_parse(struct str raw, struct arena *a, struct query *ret, struct fail *reterr)
{
	size_t n = count_pieces(raw);
	struct query q = { .n = 0 };

	if (n > LIMIT_PARAMETERS)
		return fail(reterr, FAULT_MALFORMED,
			    "The query has %zu parameters; at most %d are read.", n,
			    LIMIT_PARAMETERS);
	q.pairs = arena_array(a, n, sizeof(struct pair));
	if (!q.pairs)
		return fail(reterr, FAULT_TOO_LONG, "The query is too large.");
	while (raw.n) {
		struct str value = str_cut(&raw, '&');
		struct pair *pair = &q.pairs[q.n];
		const char *why;
		struct str name;

		if (!value.n)
			continue;
		name = str_cut(&value, '=');
		why = url_decode(name, URL_QUERY, a, &pair->name);
		if (!why)
			why = url_decode(value, URL_QUERY, a, &pair->value);
		if (why)
			return fail(reterr, FAULT_MALFORMED,
				    "Query parameter %zu cannot be read: %s.", q.n + 1, why);
		q.n++;
	}
	*ret = q;
	return true;
}

void query_sort(struct query *q)
{
	/* Insertion: stable, and queries are short and mostly sorted. */
	for (size_t i = 1; i < q->n; i++) {
		struct pair moving = q->pairs[i];
		size_t at = i;

		while (at > 0 && str_cmp(q->pairs[at - 1].name, moving.name) > 0) {
			q->pairs[at] = q->pairs[at - 1];
			at--;
		}
		q->pairs[at] = moving;
	}
}

void query_put(struct buf *b, const struct query *q)
{
	for (size_t i = 0; i < q->n; i++) {
		if (i)
			buf_put_char(b, '&');
		url_put_form(b, q->pairs[i].name);
		buf_put_char(b, '=');
		url_put_form(b, q->pairs[i].value);
	}
}
