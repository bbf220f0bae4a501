#ifndef PERIGEE_API_OPENAPI_H
#define PERIGEE_API_OPENAPI_H

/*
 * An OpenAPI 3.1 description of what the gateway serves, made of the endpoint
 * tables: paths, parameters with their types and what they look at, the envelope
 * of lists, problems. What objects look like is upstream's business and left open.
 */

#include "api/catalog.h"
#include "base/buf.h"

/* Fills catalog->description, once the rest is there: half a megabyte that is made but once. False
 * without memory. */
bool openapi_describe(struct catalog *catalog);

/* Writes the document for a gateway that is reached under `base` (scheme and host, plain ASCII). */
void openapi_put(struct buf *out, const struct catalog *catalog, struct str base);

#endif
