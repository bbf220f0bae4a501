#include "base/exposition.h"

#include <stdio.h>

#define MILLION 1000000

/* `1.5`, `0.0001`, `3`: digits behind the point only where there are some. */
struct decimal {
	char text[32];
	struct str str;
};

static struct str put_decimal(struct decimal *d, int64_t millionths)
{
	uint64_t rest = millionths < 0 ? 0 - (uint64_t)millionths : (uint64_t)millionths;
	size_t n = (size_t)snprintf(d->text, sizeof(d->text), "%s%llu.%06llu",
				    millionths < 0 ? "-" : "", (unsigned long long)rest / MILLION,
				    (unsigned long long)rest % MILLION);

	while (d->text[n - 1] == '0')
		n--;
	n -= d->text[n - 1] == '.';
	d->str = (struct str){ d->text, n };
	return d->str;
}

static void put_label_value(struct buf *b, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		switch (value.p[i]) {
		case '\\':
			buf_put(b, STR("\\\\"));
			break;
		case '"':
			buf_put(b, STR("\\\""));
			break;
		case '\n':
			buf_put(b, STR("\\n"));
			break;
		default:
			buf_put_char(b, value.p[i]);
		}
	}
}

/* The name with a suffix, and the labels with one more behind them (NULL: none). */
static void put_series(struct buf *b, const char *name, const char *suffix,
		       const struct label *labels, size_t n, const struct label *more)
{
	bool any = false;

	buf_put(b, str_from(name));
	buf_put(b, str_from(suffix));
	for (size_t i = 0; i <= n; i++) {
		const struct label *label = i < n ? &labels[i] : more;

		if (!label || !label->name.n)
			continue;
		buf_put_char(b, any ? ',' : '{');
		any = true;
		buf_put(b, label->name);
		buf_put(b, STR("=\""));
		put_label_value(b, label->value);
		buf_put_char(b, '"');
	}
	buf_put(b, any ? STR("} ") : STR(" "));
}

void exposition_family(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_putf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_count(struct buf *b, const char *name, const struct label *labels, size_t n,
		      uint64_t value)
{
	put_series(b, name, "", labels, n, NULL);
	buf_put_u64(b, value);
	buf_put_char(b, '\n');
}

void exposition_micro(struct buf *b, const char *name, const struct label *labels, size_t n,
		      int64_t millionths)
{
	struct decimal d = { .text = "" };

	put_series(b, name, "", labels, n, NULL);
	buf_put(b, put_decimal(&d, millionths));
	buf_put_char(b, '\n');
}

void exposition_histogram(struct buf *b, const char *name, const struct label *labels, size_t n,
			  const struct histogram *h, const struct bins *bins)
{
	uint64_t seen = 0;
	struct decimal d = { .text = "" };

	for (size_t i = 0; i <= bins->n; i++) {
		struct label le = { STR("le"), STR("+Inf") };

		if (i < bins->n)
			le.value = put_decimal(&d, (int64_t)bins->upto[i]);
		seen += counter_get(&h->in[i]);
		put_series(b, name, "_bucket", labels, n, &le);
		buf_put_u64(b, seen);
		buf_put_char(b, '\n');
	}
	put_series(b, name, "_sum", labels, n, NULL);
	buf_put(b, put_decimal(&d, (int64_t)counter_get(&h->sum)));
	buf_put_char(b, '\n');
	put_series(b, name, "_count", labels, n, NULL);
	buf_put_u64(b, seen);
	buf_put_char(b, '\n');
}
