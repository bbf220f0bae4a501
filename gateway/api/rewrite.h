#ifndef PERIGEE_API_REWRITE_H
#define PERIGEE_API_REWRITE_H

/*
 * Which strings of upstream's are links into its API, and how they become links
 * into the gateway.
 *
 * A link is the whole value of a member named `url`, `next` or `previous` (the
 * table's link_names), at any depth, that begins with http:// or https://, one
 * of the API's hosts and the API's root, such as
 * `https://ll.thespacedevs.com/2.3.0/`. Images, licences and prose are not.
 *
 * Bodies are stored neutral: scheme, host and root are replaced by the one byte
 * LINK_MARK, and put back as the public base of whoever asks when an answer is
 * composed. The mark cannot be anything else, because raw control characters
 * are not allowed inside JSON strings. So one stored body serves every public
 * name of the gateway, and no request can leave its Host in a stored body.
 */

#include "base/buf.h"

#define LINK_MARK '\x01'

struct link_rules {
	const struct str *hosts; /* authorities: `ll.thespacedevs.com`, `127.0.0.1:9000` */
	size_t hosts_n;
	const struct str *names; /* members that hold links */
	size_t names_n;
	struct str root; /* `/2.3.0/` */
};

/*
 * The bytes of a JSON string (raw, between its quotes) that the mark stands
 * for, or 0 if the string is not a link. `\/` counts as a slash.
 */
size_t rewrite_prefix(const struct link_rules *rules, struct str name, struct str raw);

/* Copies a neutral body, each mark replaced by base and root. Both are plain ASCII that needs no
 * escape in JSON. */
void rewrite_put(struct buf *b, struct str neutral, struct str base, struct str root);

#endif
