#include "policy/entry.h"

#include "base/limits.h"
#include "http/date.h"

#include <stdlib.h>

#define VERSION STR("2")

/* Fields without the body and the ends stay far below this. */
#define SCRATCH_BYTES (256UL * 1024)

const char *const entry_field_names[ENTRY_FIELDS] = {
	[ENTRY_FIELD_V] = "v",
	[ENTRY_FIELD_TARGET] = "target",
	[ENTRY_FIELD_KIND] = "kind",
	[ENTRY_FIELD_STATUS] = "status",
	[ENTRY_FIELD_FETCHED_AT] = "fetched_at",
	[ENTRY_FIELD_FRESH_UNTIL] = "fresh_until",
	[ENTRY_FIELD_USABLE_UNTIL] = "usable_until",
	[ENTRY_FIELD_AGAIN] = "again",
	[ENTRY_FIELD_COUNT] = "count",
	[ENTRY_FIELD_ENDS] = "ends",
	[ENTRY_FIELD_IDS] = "ids",
	[ENTRY_FIELD_SUM] = "sum",
	[ENTRY_FIELD_BODY] = "body",
	[ENTRY_FIELD_PURGED_AT] = "purged_at",
};

static const char *const kinds[] = {
	[ENTRY_WINDOW] = "window",
	[ENTRY_OBJECT] = "object",
	[ENTRY_REFUSAL] = "refusal",
};

struct str entry_kind_word(enum entry_kind kind)
{
	return str_from(kinds[kind]);
}

bool entry_kind_parse(struct str word, enum entry_kind *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (str_eq(str_from(kinds[i]), word)) {
			*ret = (enum entry_kind)i;
			return true;
		}
	}
	return false;
}

static struct str move_to(char **at, struct str s)
{
	struct str moved = { *at, s.n };

	if (s.n)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return moved;
}

size_t entry_size(const struct entry *e)
{
	return sizeof(*e) + e->n * sizeof(uint32_t) + e->target.n + e->ids.n + e->body.n;
}

struct entry *entry_new(const struct entry *facts)
{
	size_t ends_bytes = facts->n * sizeof(uint32_t);
	struct entry *e = malloc(entry_size(facts));
	char *at;

	if (!e)
		return NULL;
	at = (char *)(e + 1);
	e->kind = facts->kind;
	e->status = facts->status;
	e->fetched = facts->fetched;
	e->fresh_until = facts->fresh_until;
	e->usable_until = facts->usable_until;
	e->again = facts->again;
	e->count = facts->count;
	e->n = facts->n;
	memcpy(e->sum, facts->sum, sizeof(e->sum));
	/* The ends first, where the struct's own alignment still holds. */
	e->ends = (const uint32_t *)(void *)at;
	if (facts->n)
		memcpy(at, facts->ends, ends_bytes);
	at += ends_bytes;
	e->target = move_to(&at, facts->target);
	e->ids = move_to(&at, facts->ids);
	e->body = move_to(&at, facts->body);
	atomic_init(&e->refs, 1);
	return e;
}

struct entry *entry_outdated(const struct entry *e)
{
	struct entry facts = { .kind = e->kind,
			       .status = e->status,
			       .target = e->target,
			       .fetched = e->fetched,
			       .fresh_until = e->fetched,
			       .usable_until = e->usable_until,
			       .again = e->again,
			       .count = e->count,
			       .n = e->n,
			       .ends = e->ends,
			       .ids = e->ids,
			       .body = e->body };

	return entry_new(&facts);
}

struct entry *entry_ref(struct entry *e)
{
	atomic_fetch_add(&e->refs, 1);
	return e;
}

void entry_unref(struct entry *e)
{
	if (e && atomic_fetch_sub(&e->refs, 1) == 1)
		free(e);
}

enum entry_state entry_state(const struct entry *e, struct wall now)
{
	if (!e || now.ms >= e->usable_until.ms)
		return ENTRY_ABSENT;
	return now.ms < e->fresh_until.ms ? ENTRY_FRESH : ENTRY_STALE;
}

struct str entry_slice(const struct entry *e, uint32_t from, uint32_t to)
{
	size_t begin = from ? e->ends[from - 1] + 1 : 0;

	if (from >= to)
		return (struct str){ NULL, 0 };
	return str_slice(e->body, begin, e->ends[to - 1]);
}

/* ---- the hash in Redis ---- */

static struct str put_iso(struct buf *b, struct wall t)
{
	char text[DATE_ISO_BYTES];
	size_t from = b->n;

	date_put_iso(t, text);
	buf_put(b, (struct str){ text, sizeof(text) });
	return (struct str){ NULL, b->n - from };
}

static struct str put_number(struct buf *b, int64_t number)
{
	size_t from = b->n;

	buf_put_u64(b, (uint64_t)number);
	return (struct str){ NULL, b->n - from };
}

static struct str put_ends(struct buf *b, const struct entry *e)
{
	size_t from = b->n;

	for (uint32_t i = 0; i < e->n; i++) {
		if (i)
			buf_put_char(b, ',');
		buf_put_u64(b, e->ends[i]);
	}
	return (struct str){ NULL, b->n - from };
}

/* A hash over the body's hash and every other field but itself. False if they are too large. */
static bool sum_fields(const struct str fields[static ENTRY_FIELDS],
		       char sum[static HASH_HEX_BYTES])
{
	struct buf all = buf_init(SCRATCH_BYTES);
	char body[HASH_HEX_BYTES];
	bool summed;

	hash_hex(fields[ENTRY_FIELD_BODY], body);
	for (size_t i = 0; i < ENTRY_FIELD_SUM; i++) {
		buf_put(&all, fields[i]);
		buf_put_char(&all, '\n');
	}
	buf_put(&all, (struct str){ body, sizeof(body) });
	hash_hex(buf_str(&all), sum);
	summed = !all.failed;
	buf_release(&all);
	return summed;
}

bool entry_write(const struct entry *e, struct buf *scratch, struct str fields[static ENTRY_FIELDS])
{
	static const enum entry_field written[] = {
		ENTRY_FIELD_STATUS,	  ENTRY_FIELD_FETCHED_AT, ENTRY_FIELD_FRESH_UNTIL,
		ENTRY_FIELD_USABLE_UNTIL, ENTRY_FIELD_COUNT,	  ENTRY_FIELD_ENDS,
	};
	size_t at = scratch->n;
	char *sum;

	fields[ENTRY_FIELD_V] = VERSION;
	fields[ENTRY_FIELD_TARGET] = e->target;
	fields[ENTRY_FIELD_KIND] = entry_kind_word(e->kind);
	fields[ENTRY_FIELD_IDS] = e->ids;
	fields[ENTRY_FIELD_BODY] = e->body;
	fields[ENTRY_FIELD_PURGED_AT] = STR("");
	fields[ENTRY_FIELD_STATUS] = put_number(scratch, e->status);
	fields[ENTRY_FIELD_FETCHED_AT] = put_iso(scratch, e->fetched);
	fields[ENTRY_FIELD_FRESH_UNTIL] = put_iso(scratch, e->fresh_until);
	fields[ENTRY_FIELD_USABLE_UNTIL] = put_iso(scratch, e->usable_until);
	fields[ENTRY_FIELD_AGAIN] = e->again ? STR("1") : STR("0");
	fields[ENTRY_FIELD_COUNT] = put_number(scratch, e->count);
	fields[ENTRY_FIELD_ENDS] = put_ends(scratch, e);
	sum = buf_room(scratch, HASH_HEX_BYTES);
	if (!sum)
		return false;
	/* The scratch moves while it grows, so the views into it are aimed at the end. */
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		fields[written[i]].p = scratch->p + at;
		at += fields[written[i]].n;
	}
	if (!sum_fields(fields, sum))
		return false;
	fields[ENTRY_FIELD_SUM] = (struct str){ sum, HASH_HEX_BYTES };
	buf_grew(scratch, HASH_HEX_BYTES);
	return true;
}

/* Reads the comma list into `ends` (room for LIMIT_WINDOW_OBJECTS): each must lie behind the one
 * before, stand behind a brace, and be followed by a comma or be the body's end. */
static bool read_ends(struct str list, struct str body, uint32_t *ends, uint32_t *ret_n)
{
	uint32_t n = 0;
	size_t from = 0;

	while (list.n) {
		int64_t end;

		if (n == LIMIT_WINDOW_OBJECTS || !str_to_i64(str_cut(&list, ','), &end))
			return false;
		if (end < (int64_t)from + 2 || end > (int64_t)body.n)
			return false;
		if (body.p[from] != '{' || body.p[end - 1] != '}')
			return false;
		if (end < (int64_t)body.n && body.p[end] != ',')
			return false;
		ends[n++] = (uint32_t)end;
		from = (size_t)end + 1;
	}
	*ret_n = n;
	return n ? ends[n - 1] == body.n : body.n == 0;
}

/* One that was purged counts as stale from the beginning. */
static bool apply_purge(struct str purged_at, struct entry *e)
{
	struct wall ignored;

	if (!purged_at.n)
		return true;
	e->fresh_until = e->fetched;
	return date_parse_iso(purged_at, &ignored);
}

struct entry *entry_read(const struct str fields[static ENTRY_FIELDS])
{
	uint32_t ends[LIMIT_WINDOW_OBJECTS];
	struct entry e = { .target = fields[ENTRY_FIELD_TARGET],
			   .ids = fields[ENTRY_FIELD_IDS],
			   .body = fields[ENTRY_FIELD_BODY],
			   .ends = ends };
	int64_t status;

	if (!str_eq(fields[ENTRY_FIELD_V], VERSION))
		return NULL;
	if (!sum_fields(fields, e.sum) ||
	    !str_eq(fields[ENTRY_FIELD_SUM], (struct str){ e.sum, sizeof(e.sum) }))
		return NULL;
	if (!entry_kind_parse(fields[ENTRY_FIELD_KIND], &e.kind) ||
	    !str_to_i64(fields[ENTRY_FIELD_STATUS], &status) || status < 200 || status > 599 ||
	    !date_parse_iso(fields[ENTRY_FIELD_FETCHED_AT], &e.fetched) ||
	    !date_parse_iso(fields[ENTRY_FIELD_FRESH_UNTIL], &e.fresh_until) ||
	    !date_parse_iso(fields[ENTRY_FIELD_USABLE_UNTIL], &e.usable_until) ||
	    !str_to_i64(fields[ENTRY_FIELD_COUNT], &e.count) || e.count < 0)
		return NULL;
	if (e.kind == ENTRY_WINDOW && !read_ends(fields[ENTRY_FIELD_ENDS], e.body, ends, &e.n))
		return NULL;
	if (!apply_purge(fields[ENTRY_FIELD_PURGED_AT], &e))
		return NULL;
	e.status = (int)status;
	e.again = str_eq(fields[ENTRY_FIELD_AGAIN], STR("1"));
	return entry_new(&e);
}
