#ifndef PERIGEE_API_JSON_H
#define PERIGEE_API_JSON_H

/*
 * A pull reader for JSON (RFC 8259) that gives each token as the very bytes
 * that were read.
 *
 * Why not jansson here: it turns numbers into doubles and writes them back with
 * "%.17g", so 0.1 and integers beyond 2^53 come out differently, and it forgets
 * white space and duplicate names. What upstream wrote must reach clients digit
 * for digit, so bodies are cut and copied, never parsed and printed. (Tables
 * and small documents, which the gateway only reads, go through jansson.)
 *
 * The reader checks the whole grammar: strings are valid UTF-8 without raw
 * control characters, escapes and surrogate pairs are well formed, nesting ends
 * at LIMIT_JSON_DEPTH. It allocates nothing. After TOKEN_ERROR or TOKEN_END it
 * keeps returning the same.
 */

#include "base/limits.h"
#include "base/str.h"

enum json_kind {
	TOKEN_ERROR,
	TOKEN_END, /* one whole value was read, and nothing but white space follows */
	TOKEN_OBJECT,
	TOKEN_OBJECT_END,
	TOKEN_ARRAY,
	TOKEN_ARRAY_END,
	TOKEN_NAME, /* a member's name; its value comes next */
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_NULL,
};

struct json_token {
	enum json_kind kind;
	int depth; /* containers around it; a container's two ends count themselves as outside */
	struct str raw; /* the bytes read; strings and names without their quotes, still escaped */
	size_t at;	/* where raw begins in the text (with strings: after the quote) */
};

struct json {
	struct str text;
	size_t at;
	int depth;
	bool neutral;				/* LINK_MARK may stand in strings; private */
	int expect;				/* state of the grammar; private */
	unsigned char inside[LIMIT_JSON_DEPTH]; /* '{' or '[' per level; private */
};

struct json json_init(struct str text);

/* The same for what is stored: strings may hold LINK_MARK (api/rewrite.h). */
struct json json_init_neutral(struct str text);

struct json_token json_next(struct json *j);

/* Reads past the rest of the value that `token` began (nothing, for a scalar). False on error. */
bool json_skip(struct json *j, struct json_token token);

#endif
