#ifndef PERIGEE_POLICY_PURGE_H
#define PERIGEE_POLICY_PURGE_H

/*
 * What an operator declares to be out of date, and what is to become of it. As a
 * line, the way workers tell each other and Redis remembers it:
 *
 *     invalidate target /2.3.0/spacecraft/?limit=100
 *     delete endpoint /2.3.0/launches/
 *     invalidate object /2.3.0/spacecraft/430/
 *     delete all
 *
 * invalidate: it stays, but was never fresh: it is shown as stale while a newer one is
 * fetched. delete: it is gone, and whoever asks for it waits for a call.
 *
 *     target     what is stored under exactly that target
 *     endpoint   its lists, whatever their filter, and its objects; `launches/upcoming` is
 *                another one than `launches`
 *     object     the object itself in every mode, and each window that holds it: of its
 *                endpoint and those below that (`launches/upcoming`), or, as a UUID names one
 *                object only, of any
 *
 * Pure; addresses are canonical (api/canon.h) and compared as bytes.
 */

#include "base/buf.h"

enum purge_mode { PURGE_INVALIDATE, PURGE_DELETE, PURGE_MODES };

enum purge_scope { PURGE_ALL, PURGE_TARGET, PURGE_ENDPOINT, PURGE_OBJECT, PURGE_SCOPES };

struct purge {
	enum purge_mode mode;
	enum purge_scope scope;
	struct str what; /* a target, or a path that ends with a slash; empty: ALL */
};

/* Both words; NULL-terminated. */
extern const char *const purge_mode_words[PURGE_MODES];
extern const char *const purge_scope_words[PURGE_SCOPES];

/* Appends the line to *out. */
void purge_put(struct buf *out, const struct purge *p);

/* Reads a line; *ret is a view of it. False: it is none. */
bool purge_parse(struct str line, struct purge *ret);

/* Is what is stored under `target` meant, which holds objects of these ids (policy/entry.h)? */
bool purge_hits(const struct purge *p, struct str target, struct str ids);

#endif
