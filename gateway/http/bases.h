#ifndef PERIGEE_HTTP_BASES_H
#define PERIGEE_HTTP_BASES_H

/*
 * The public base URLs under which clients reach the gateway, such as
 * `https://api.example.org` or `http://127.0.0.1:8080/space`: scheme, authority
 * and an optional path, without a slash at the end.
 *
 * Links in answers begin with one of them and with nothing else, so a forged
 * Host or X-Forwarded-Host can never get into an answer (or a cache behind it).
 */

#include "base/str.h"

#define BASES_MAX 16

struct bases {
	struct str list[BASES_MAX]; /* the first is the default */
	size_t n;
};

/* Reads a comma list into *ret, as views of it; NULL, or why it cannot be used. */
const char *bases_parse(struct str list, struct bases *ret);

/* The base whose authority is `forwarded_host`, else `host`, else the first. */
struct str bases_pick(const struct bases *bases, struct str forwarded_host, struct str host);

/* Its place in the list. */
size_t bases_place(const struct bases *bases, struct str forwarded_host, struct str host);

/* A base URL without `http://`: its authority, and its path if it has one. */
struct str bases_below_scheme(struct str base);

/* The authority (host[:port]) of a base URL. */
struct str bases_authority(struct str base);

#endif
