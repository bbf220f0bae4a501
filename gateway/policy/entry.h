#ifndef PERIGEE_POLICY_ENTRY_H
#define PERIGEE_POLICY_ENTRY_H

/*
 * One thing that upstream said and that is kept: a window of a list, an object,
 * or a refusal (its 400 or 404). Immutable once made and shared between threads
 * by counting references; bodies are neutral (api/rewrite.h).
 *
 * In Redis an entry is a hash that a person can read with redis-cli:
 *
 *     v             2
 *     target        /2.3.0/spacecraft/?limit=100&offset=300&ordering=-time_docked
 *     kind          window | object | refusal
 *     status        200
 *     fetched_at    2026-11-23T21:20:00.123Z
 *     fresh_until   2026-11-24T03:20:00.123Z
 *     usable_until  2026-12-24T03:20:00.123Z
 *     again         0             1: fetched again to agree with a neighbour
 *     count         596
 *     ends          2310,4621,...    where each object ends in the body
 *     ids           430,166,...
 *     sum           a hash over all of this
 *     body          {...},{...}     (as the store has it: in gzip)
 *     purged_at     2026-11-23T22:00:00.000Z, once an operator has said that it is out of date
 *
 * Whatever does not read back whole (cut, mixed up, of another version) is as
 * if it were not there. One that was purged reads as if it had never been fresh, whatever
 * clock the moment was taken from; the sum leaves that field out, so that it can be added
 * without reading all the rest.
 */

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"

enum entry_kind {
	ENTRY_WINDOW,
	ENTRY_OBJECT,
	ENTRY_REFUSAL,
};

struct entry {
	atomic_int refs;
	enum entry_kind kind;
	int status;
	struct str target;	  /* what upstream was asked */
	char sum[HASH_HEX_BYTES]; /* with which it is stored; sum[0] == 0: it was not read there */
	struct wall fetched;
	struct wall fresh_until;
	struct wall usable_until;
	bool again; /* fetched again to agree with a neighbour, see policy/agree.h */
	/* windows only */
	int64_t count;	      /* of the whole list */
	uint32_t n;	      /* objects in this window */
	const uint32_t *ends; /* n places in body, ascending; a comma stands between objects */
	struct str ids;	      /* comma list; empty where objects have no id */
	struct str body;
};

enum entry_state {
	ENTRY_ABSENT, /* missing, or too old for anything */
	ENTRY_STALE,
	ENTRY_FRESH,
};

/* As the hash has it. */
struct str entry_kind_word(enum entry_kind kind);
bool entry_kind_parse(struct str word, enum entry_kind *ret);

/* A copy of `facts` (whose refs is not looked at) with one reference, in one piece of memory.
 * NULL without memory. */
struct entry *entry_new(const struct entry *facts);

struct entry *entry_ref(struct entry *e);

/* Bytes that it takes in memory. */
size_t entry_size(const struct entry *e);

/* A copy of e that was never fresh, with one reference. NULL without memory. */
struct entry *entry_outdated(const struct entry *e);

/* Gives a reference back; the last one frees. NULL is fine. */
void entry_unref(struct entry *e);

/* e may be NULL: absent. */
enum entry_state entry_state(const struct entry *e, struct wall now);

/* Objects from (inclusive) to (exclusive) of a window, joined by commas. */
struct str entry_slice(const struct entry *e, uint32_t from, uint32_t to);

/* ---- the hash in Redis ---- */

enum entry_field {
	ENTRY_FIELD_V,
	ENTRY_FIELD_TARGET,
	ENTRY_FIELD_KIND,
	ENTRY_FIELD_STATUS,
	ENTRY_FIELD_FETCHED_AT,
	ENTRY_FIELD_FRESH_UNTIL,
	ENTRY_FIELD_USABLE_UNTIL,
	ENTRY_FIELD_AGAIN,
	ENTRY_FIELD_COUNT,
	ENTRY_FIELD_ENDS,
	ENTRY_FIELD_IDS,
	ENTRY_FIELD_SUM,
	ENTRY_FIELD_BODY,
	ENTRY_FIELD_PURGED_AT,
	ENTRY_FIELDS
};

extern const char *const entry_field_names[ENTRY_FIELDS];

/* Fills `fields`, as views of e and of *scratch (its bytes must outlive them). False without
 * memory. */
bool entry_write(const struct entry *e, struct buf *scratch,
		 struct str fields[static ENTRY_FIELDS]);

/* The entry that the fields describe, or NULL if they describe none; a field that is missing is an
 * empty view. The fields are not needed afterwards. */
struct entry *entry_read(const struct str fields[static ENTRY_FIELDS]);

#endif
