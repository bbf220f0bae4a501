#ifndef PERIGEE_API_READER_H
#define PERIGEE_API_READER_H

/*
 * Reading an endpoint table: typed members of JSON objects, where every fault is
 * reported with the file, the line and the key, and reading goes on, so that
 * one look finds them all.
 *
 * What is read may be layered: an endpoint's own object, then the templates that
 * it is like, then the table's defaults. The first layer that has a member
 * decides, and its place in the file is the one that is complained about.
 *
 * jansson reads the values but does not say where they stood; the line is found
 * by walking the text again (api/json.h), only when there is a fault.
 */

#include "base/arena.h"

#include <jansson.h>

/* A table's endpoint, its templates, and theirs. */
#define READER_LAYERS_MAX 16

/* One fault: the file, the line (0: none can be named), the key (`endpoints.spacecraft.fresh`),
 * what is wrong. */
typedef void reader_report(void *ctx, const char *file, int line, const char *key,
			   const char *what);

struct reader {
	const char *file;
	struct str text;
	struct arena *arena; /* what is read lives here */
	reader_report *report;
	void *ctx;
	int64_t time_scale; /* divides durations */
	bool failed;
};

/* An object at the path {section, name} of the table; either may be NULL. */
struct layer {
	const json_t *object;
	const char *section;
	const char *name;
};

/* What stands in one or more layers, the first one deciding. */
struct view {
	struct layer layers[READER_LAYERS_MAX];
	size_t n;
};

/* A view of one object. */
struct view view_of(const json_t *object, const char *section, const char *name);

/* Reports a fault of `member` (may be "", the object itself) and, in it, `inner` (may be NULL). */
void reader_complain(struct reader *r, const struct layer *at, const char *member,
		     const char *inner, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The member, and in *ret_at the layer that has it: the first one where none has. NULL: absent. */
const json_t *view_member(const struct view *v, const char *name, const struct layer **ret_at);

/* Copies into the arena; complain once it is full. */
struct str reader_keep(struct reader *r, struct str s);
void *reader_array(struct reader *r, size_t n, size_t size);

/* A duration divided by the time scale; never nothing. */
int64_t reader_scaled(const struct reader *r, int64_t ms);

/* Each complains if the member is not what is needed, and gives something harmless then. */
struct str read_text(struct reader *r, const struct view *v, const char *name);
struct str read_optional_text(struct reader *r, const struct view *v, const char *name);
bool read_bool(struct reader *r, const struct view *v, const char *name);
int64_t read_duration(struct reader *r, const struct view *v, const char *name);
int64_t read_number(struct reader *r, const struct view *v, const char *name, int64_t min,
		    int64_t max);

/* An array of texts, or one text alone, or nothing: *ret_n views, of the arena. */
const struct str *read_list(struct reader *r, const struct view *v, const char *name,
			    size_t *ret_n);

/* The member as an object; NULL if there is none. */
const json_t *read_object(struct reader *r, const struct view *v, const char *name,
			  const struct layer **ret_at);

/* Complains of every member that is not among `known` (ends with NULL). */
void check_members(struct reader *r, const struct layer *at, const char *const *known);

/* The line, from 1, on which the member `path[n - 1]` of ... of `path[0]` stands in a JSON text;
 * the one of the innermost member that is there. Path elements may be NULL: passed over. */
int json_line(struct str text, const char *const *path, size_t n);

#endif
