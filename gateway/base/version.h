#ifndef PERIGEE_BASE_VERSION_H
#define PERIGEE_BASE_VERSION_H

/* What `perigee --version` says and upstream reads in User-Agent. */
#define PERIGEE_VERSION "0.1.0"

#endif
