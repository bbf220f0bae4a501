#ifndef PERIGEE_HTTP_TRACE_H
#define PERIGEE_HTTP_TRACE_H

/*
 * W3C Trace Context: the trace that a request belongs to, as its client (or a proxy before it)
 * says in `traceparent`. It is logged; nothing of it goes to upstream, which is
 * somebody else's.
 */

#include "base/str.h"

#define TRACE_ID_BYTES 32

/*
 * The trace-id of a traceparent field, a view of 32 hexadecimal digits; empty if the field cannot
 * be used, and a new trace begins. Of versions to come the part that is known today is read.
 */
struct str traceparent_id(struct str field);

/* Would it do as one: 32 small hexadecimal digits, not all 0? */
bool trace_id_is_valid(struct str id);

#endif
